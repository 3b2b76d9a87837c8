----------------------- MODULE CoreEpochBeforeHistory -----------------------
(***************************************************************************)
(* currentEpoch becomes durable before the history of the epoch is         *)
(* (ZOOKEEPER-4643).                                                       *)
(***************************************************************************)
\* @kind core
\* @redefines FinishSync <- FinishSyncEarly
\* @obligation Induction: FinishSync: LogPrefix
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

FinishSyncEarly(s, e) ==
    /\ acceptedEpoch[s] = e
    /\ started[e]
    /\ currentEpoch[s] < e
    /\ initialLength[e] <= logLength[s]
    /\ currentEpoch' = [currentEpoch EXCEPT ![s] = e]
    /\ acked' = [acked EXCEPT ![s][e] = logLength[s]]
    /\ UNCHANGED <<acceptedEpoch, logEpoch, logLength, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>
=============================================================================
