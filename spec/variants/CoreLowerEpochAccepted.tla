----------------------- MODULE CoreLowerEpochAccepted -----------------------
(***************************************************************************)
(* A follower promises an epoch lower than one that it has promised.       *)
(***************************************************************************)
\* @kind core
\* @redefines Promise <- PromiseLower
\* @obligation Induction: Promise: EpochOrder
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

PromiseLower(s, e, l) ==
    /\ candidate[e][l]
    /\ zabState[s] = ELECTION
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![s] = e]
    /\ promised' = [promised EXCEPT ![s][e] = TRUE]
    /\ promisedTo' = [promisedTo EXCEPT ![s][e] = l]
    /\ promisedCurrent' = [promisedCurrent EXCEPT ![s][e] = currentEpoch[s]]
    /\ promisedLog' = [promisedLog EXCEPT ![s][e] = logEpoch[s]]
    /\ promisedLength' = [promisedLength EXCEPT ![s][e] = logLength[s]]
    /\ UNCHANGED <<diskVars, leaderVars, electionAccepted, candidate, startVars, logVars, commitVars,
                   deliverVars>>
=============================================================================
