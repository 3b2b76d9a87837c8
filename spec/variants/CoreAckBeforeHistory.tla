------------------------ MODULE CoreAckBeforeHistory ------------------------
(***************************************************************************)
(* NEWLEADER is acknowledged before the history is durable                 *)
(* (ZOOKEEPER-3911, 4646).                                                 *)
(***************************************************************************)
\* @kind core
\* @redefines FinishSync <- FinishSyncEarly
\* @obligation Induction: FinishSync: LogPrefix
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

FinishSyncEarly(s, e) ==
    /\ acceptedEpoch[s] = e
    /\ logEpoch[s] = e
    /\ currentEpoch[s] < e
    /\ currentEpoch' = [currentEpoch EXCEPT ![s] = e]
    /\ acked' = [acked EXCEPT ![s][e] = logLength[s]]
    /\ UNCHANGED <<acceptedEpoch, logEpoch, logLength, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>
=============================================================================
