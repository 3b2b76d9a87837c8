-------------------------- MODULE CoreOldAcksCount --------------------------
(***************************************************************************)
(* A follower that comes again forgets what it has acknowledged, and the   *)
(* leader counts it on.                                                    *)
(***************************************************************************)
\* @kind core
\* @redefines Resync <- ResyncKeepingAcks
\* @obligation Induction: Resync: LogPrefix
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

ResyncKeepingAcks(s, e, n) ==
    /\ acceptedEpoch[s] = e
    /\ currentEpoch[s] = e
    /\ logEpoch[s] = e
    /\ initialLength[e] <= n
    /\ n < logLength[s]
    /\ s \in commitQuorum[e] => committedLength[e] <= n
    /\ logLength' = [logLength EXCEPT ![s] = n]
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, logEpoch, acked, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>
=============================================================================
