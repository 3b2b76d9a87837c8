--------------------- MODULE CoreLeaderIgnoresOwnEpoch ----------------------
(***************************************************************************)
(* A leader chooses an epoch that need not be later than its own           *)
(* acceptedEpoch.                                                          *)
(***************************************************************************)
\* @kind core
\* @redefines ChooseEpoch <- ChooseEpochIgnoringItself
\* @obligation Induction: ChooseEpoch: EpochOrder
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

ChooseEpochIgnoringItself(l, e, Q) ==
    /\ zabState[l] = DISCOVERY
    /\ l \in Q
    /\ \A s \in Q : 0 <= reported[l][s] /\ reported[l][s] < e
    /\ \E s \in Q : reported[l][s] + 1 = e
    /\ zabState' = [zabState EXCEPT ![l] = CHOSEN]
    /\ newEpoch' = [newEpoch EXCEPT ![l] = e]
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![l] = e]
    /\ candidate' = [candidate EXCEPT ![e][l] = TRUE]
    /\ promised' = [promised EXCEPT ![l][e] = TRUE]
    /\ promisedTo' = [promisedTo EXCEPT ![l][e] = l]
    /\ promisedCurrent' = [promisedCurrent EXCEPT ![l][e] = currentEpoch[l]]
    /\ promisedLog' = [promisedLog EXCEPT ![l][e] = logEpoch[l]]
    /\ promisedLength' = [promisedLength EXCEPT ![l][e] = logLength[l]]
    /\ UNCHANGED <<diskVars, reported, electionAccepted, startVars, logVars, commitVars, deliverVars>>
=============================================================================
