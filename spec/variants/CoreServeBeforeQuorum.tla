----------------------- MODULE CoreServeBeforeQuorum ------------------------
(***************************************************************************)
(* A leader serves before a quorum has acknowledged NEWLEADER.             *)
(***************************************************************************)
\* @kind core
\* @redefines Establish <- EstablishBeforeQuorum
\* @obligation Induction: Establish: EstablishedByQuorum
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

EstablishBeforeQuorum(l, e, Q) ==
    /\ zabState[l] = SYNCHRONIZATION
    /\ newEpoch[l] = e
    /\ zabState' = [zabState EXCEPT ![l] = BROADCAST]
    /\ established' = [established EXCEPT ![e] = TRUE]
    /\ committedLength' = [committedLength EXCEPT ![e] = initialLength[e]]
    /\ commitQuorum' = [commitQuorum EXCEPT ![e] = Q]
    /\ UNCHANGED <<acceptedEpoch, diskVars, newEpoch, reported, electionAccepted, candidate, promiseVars,
                   startVars, logVars, deliverVars>>
=============================================================================
