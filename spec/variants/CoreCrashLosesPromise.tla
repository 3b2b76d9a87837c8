----------------------- MODULE CoreCrashLosesPromise ------------------------
(***************************************************************************)
(* A crash loses acceptedEpoch.                                            *)
(***************************************************************************)
\* @kind core
\* @redefines Crash <- CrashLosingPromise
\* @obligation Induction: Crash: PromiseShape
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

CrashLosingPromise(s) ==
    /\ zabState' = [zabState EXCEPT ![s] = ELECTION]
    /\ lastCommitted' = [lastCommitted EXCEPT ![s] = 0]
    /\ deliveredEpoch' = [deliveredEpoch EXCEPT ![s] = 0]
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![s] = currentEpoch[s]]
    /\ UNCHANGED <<diskVars, newEpoch, reported, electionAccepted, candidate, promiseVars,
                   startVars, logVars, commitVars>>
=============================================================================
