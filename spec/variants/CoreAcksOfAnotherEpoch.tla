----------------------- MODULE CoreAcksOfAnotherEpoch -----------------------
(***************************************************************************)
(* A leader counts the acknowledgements of transactions of any epoch for its*)
(* own.                                                                    *)
(***************************************************************************)
\* @kind core
\* @redefines Commit <- CommitByAnyAcks
\* @obligation Induction: Commit: CommittedByQuorum
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

CommitByAnyAcks(l, e, i, Q) ==
    /\ zabState[l] = BROADCAST
    /\ newEpoch[l] = e
    /\ committedLength[e] < i
    /\ i <= proposedLength[e]
    /\ \A s \in Q : \E f \in Epoch : acked[s][f] >= i
    /\ committedLength' = [committedLength EXCEPT ![e] = i]
    /\ commitQuorum' = [commitQuorum EXCEPT ![e] = Q]
    /\ UNCHANGED <<acceptedEpoch, diskVars, leaderVars, electionAccepted, candidate, promiseVars,
                   startVars, logVars, established, deliverVars>>
=============================================================================
