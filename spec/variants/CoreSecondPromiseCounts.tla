---------------------- MODULE CoreSecondPromiseCounts -----------------------
(***************************************************************************)
(* A follower promises an epoch a second time, perhaps to another leader,  *)
(* and that counts.                                                        *)
(***************************************************************************)
\* @kind core
\* @redefines Promise <- PromiseTwice
\* @obligation Induction: Promise: CandidatePromised
\* @run OneLeaderPerEpoch
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

PromiseTwice(s, e, l) ==
    /\ candidate[e][l]
    /\ zabState[s] = ELECTION
    /\ acceptedEpoch[s] <= e
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![s] = e]
    /\ promised' = [promised EXCEPT ![s][e] = TRUE]
    /\ promisedTo' = [promisedTo EXCEPT ![s][e] = l]
    /\ promisedCurrent' = [promisedCurrent EXCEPT ![s][e] = currentEpoch[s]]
    /\ promisedLog' = [promisedLog EXCEPT ![s][e] = logEpoch[s]]
    /\ promisedLength' = [promisedLength EXCEPT ![s][e] = logLength[s]]
    /\ UNCHANGED <<diskVars, leaderVars, electionAccepted, candidate, startVars, logVars, commitVars,
                   deliverVars>>
=============================================================================
