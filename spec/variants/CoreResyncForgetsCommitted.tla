--------------------- MODULE CoreResyncForgetsCommitted ---------------------
(***************************************************************************)
(* A follower that comes again within its epoch forgets what a commit      *)
(* rests on.                                                               *)
(***************************************************************************)
\* @kind core
\* @redefines Resync <- ResyncForgetting
\* @obligation Induction: Resync: CommittedByQuorum
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

ResyncForgetting(s, e, n) ==
    /\ acceptedEpoch[s] = e
    /\ currentEpoch[s] = e
    /\ logEpoch[s] = e
    /\ initialLength[e] <= n
    /\ n < logLength[s]
    /\ logLength' = [logLength EXCEPT ![s] = n]
    /\ acked' = [acked EXCEPT ![s][e] = n]
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, logEpoch, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>
=============================================================================
