-------------------- MODULE CoreNewleaderWithoutPromise ---------------------
(***************************************************************************)
(* A follower takes over the history of an epoch and acknowledges NEWLEADER*)
(* although it has accepted a later epoch since.                           *)
(***************************************************************************)
\* @kind core
\* @redefines SyncLog <- SyncLogAnyEpoch
\* @redefines FinishSync <- FinishSyncAnyEpoch
\* @obligation Induction: FinishSync: PromiseFreezes
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

SyncLogAnyEpoch(s, e, n) ==
    /\ started[e]
    /\ currentEpoch[s] < e
    /\ logEpoch[s] < e
    /\ n <= proposedLength[e]
    /\ \A i \in Index :
           1 <= i /\ i <= logLength[s] /\ i <= proposedLength[e] /\ creator[e][i] = creator[logEpoch[s]][i]
               => i <= n
    /\ logEpoch' = [logEpoch EXCEPT ![s] = e]
    /\ logLength' = [logLength EXCEPT ![s] = n]
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, acked, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>

FinishSyncAnyEpoch(s, e) ==
    /\ logEpoch[s] = e
    /\ currentEpoch[s] < e
    /\ initialLength[e] <= logLength[s]
    /\ currentEpoch' = [currentEpoch EXCEPT ![s] = e]
    /\ acked' = [acked EXCEPT ![s][e] = logLength[s]]
    /\ UNCHANGED <<acceptedEpoch, logEpoch, logLength, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>
=============================================================================
