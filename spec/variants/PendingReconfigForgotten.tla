---------------------- MODULE PendingReconfigForgotten ----------------------
(***************************************************************************)
(* A new leader begins with the configuration that is committed, and       *)
(* forgets the one that is pending.                                        *)
(***************************************************************************)
\* @claim What was not committed may be given up.
\* @kind mistake
\* @redefines MemberTurnToLeading <- MemberTurnToLeadingForgetfully
\* @model MCReconfig MCReconfigJoin.cfg
\* @fails ReconfigsAreActivated LogIsInFiles
EXTENDS Reconfig

MemberTurnToLeadingForgetfully(i) ==
    /\ MayLead(i)
    /\ ZabTurnToLeading(i)
    /\ lastSeenQuorumVerifier' = [lastSeenQuorumVerifier EXCEPT ![i] = quorumVerifier[i]]
    /\ UNCHANGED <<quorumVerifier, newLeaderQuorumVerifier, fileConfigVars, configurations>>
=============================================================================
