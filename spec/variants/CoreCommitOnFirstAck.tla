------------------------ MODULE CoreCommitOnFirstAck ------------------------
(***************************************************************************)
(* One acknowledgement commits.                                            *)
(***************************************************************************)
\* @kind core
\* @redefines Commit <- CommitOnFirstAck
\* @obligation Induction: Commit: CommittedByQuorum
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

CommitOnFirstAck(l, e, i, Q) ==
    /\ zabState[l] = BROADCAST
    /\ newEpoch[l] = e
    /\ committedLength[e] < i
    /\ i <= proposedLength[e]
    /\ \E s \in Q : acked[s][e] >= i
    /\ committedLength' = [committedLength EXCEPT ![e] = i]
    /\ commitQuorum' = [commitQuorum EXCEPT ![e] = Q]
    /\ UNCHANGED <<acceptedEpoch, diskVars, leaderVars, electionAccepted, candidate, promiseVars,
                   startVars, logVars, established, deliverVars>>
=============================================================================
