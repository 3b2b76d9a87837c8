---------------------- MODULE DuplicateProposeIgnored -----------------------
(***************************************************************************)
(* As DuplicatePropose, but a follower ignores a proposal that it has.     *)
(***************************************************************************)
\* @claim A follower that compares zxids makes the order of synchronization and broadcast irrelevant.
\* @kind paper
\* @redefines FollowerProcessPROPOSALInSync <- FollowerProcessNewPROPOSALInSync
\* @model MCZab MCZabFirstEpoch.cfg
\* @holds all
EXTENDS DuplicatePropose

FollowerProcessNewPROPOSALInSync(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] \in {SYNC, ACKLD}
    /\ Pending(j, i, PROPOSAL)
    /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] =
           IF HasZxid(@, msgs[j][i][1].mzxid) THEN @ ELSE Append(@, TxnOf(msgs[j][i][1]))]
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, leaderVars, leader, learnerStage, syncMode, packetsCommitted,
                   database, ghostVars>>
=============================================================================
