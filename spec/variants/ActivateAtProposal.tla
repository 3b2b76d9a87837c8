------------------------- MODULE ActivateAtProposal -------------------------
(***************************************************************************)
(* A follower activates a configuration when it is proposed.               *)
(***************************************************************************)
\* @claim What is proposed is nearly always committed; a follower may as well start early.
\* @kind mistake
\* @redefines FollowerProcessPROPOSALWithConfig <- FollowerProcessPROPOSALAndActivate
\* @model MCReconfig MCReconfigReplace.cfg
\* @fails ActiveIsCommitted EstablishedOnce CommittedInInitialHistory NoTwoQuorumsDecide
EXTENDS Reconfig

FollowerProcessPROPOSALAndActivate(i, j) ==
    /\ FollowerProcessPROPOSAL(i, j)
    /\ LET txn == TxnOf(msgs[j][i][1])
       IN  IF IsReconfig(txn) THEN Activate(i, ConfigOf(txn))
           ELSE UNCHANGED <<quorumVerifier, lastSeenQuorumVerifier>>
    /\ UNCHANGED <<newLeaderQuorumVerifier, fileConfigVars, configurations>>
=============================================================================
