----------------------- MODULE CoreEpochWithoutQuorum -----------------------
(***************************************************************************)
(* An epoch is chosen without a quorum of reports.                         *)
(***************************************************************************)
\* @kind core
\* @redefines ChooseEpoch <- ChooseEpochAlone
\* @obligation Induction: ChooseEpoch: EpochGrows
\* @run EpochGrows
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

ChooseEpochAlone(l, e, Q) ==
    /\ zabState[l] = DISCOVERY
    /\ l \in Q
    /\ acceptedEpoch[l] < e
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
