----------------------- MODULE CoreDeliverUncommitted -----------------------
(***************************************************************************)
(* A server delivers what is not committed.                                *)
(***************************************************************************)
\* @kind core
\* @redefines Deliver <- DeliverUncommitted
\* @obligation Induction: Deliver: DeliveredIsCommitted
\* @run PrimaryIntegrity
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

DeliverUncommitted(s, e, i) ==
    /\ currentEpoch[s] = e
    /\ lastCommitted[s] <= i
    /\ lastCommitted' = [lastCommitted EXCEPT ![s] = i]
    /\ deliveredEpoch' = [deliveredEpoch EXCEPT ![s] = e]
    /\ UNCHANGED <<acceptedEpoch, diskVars, leaderVars, electionAccepted, candidate, promiseVars,
                   startVars, logVars, commitVars>>
=============================================================================
