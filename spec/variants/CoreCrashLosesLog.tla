------------------------- MODULE CoreCrashLosesLog --------------------------
(***************************************************************************)
(* A crash loses the end of the log.                                       *)
(***************************************************************************)
\* @kind core
\* @redefines Crash <- CrashLosingLog
\* @obligation Induction: Crash: LogPrefix
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

CrashLosingLog(s) ==
    /\ zabState' = [zabState EXCEPT ![s] = ELECTION]
    /\ lastCommitted' = [lastCommitted EXCEPT ![s] = 0]
    /\ deliveredEpoch' = [deliveredEpoch EXCEPT ![s] = 0]
    /\ logLength' = [logLength EXCEPT ![s] = IF @ > 0 THEN @ - 1 ELSE 0]
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, logEpoch, acked, newEpoch, reported, electionAccepted, candidate, promiseVars,
                   startVars, logVars, commitVars>>
=============================================================================
