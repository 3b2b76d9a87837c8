-------------------------- MODULE CoreTruncTooMuch --------------------------
(***************************************************************************)
(* A synchronization cuts what both logs have.                             *)
(***************************************************************************)
\* @kind core
\* @redefines SyncLog <- SyncLogTooMuch
\* @obligation Induction: SyncLog: LogHas
\* @run CommittedInLaterEpochs
EXTENDS ZabCore

SyncLogTooMuch(s, e, n) ==
    /\ acceptedEpoch[s] = e
    /\ started[e]
    /\ currentEpoch[s] < e
    /\ logEpoch[s] < e
    /\ n <= proposedLength[e]
    /\ \A i \in Index :
           1 <= i /\ i <= logLength[s] /\ i <= proposedLength[e] /\ creator[e][i] = creator[logEpoch[s]][i]
               => TRUE
    /\ logEpoch' = [logEpoch EXCEPT ![s] = e]
    /\ logLength' = [logLength EXCEPT ![s] = n]
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, acked, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>
=============================================================================
