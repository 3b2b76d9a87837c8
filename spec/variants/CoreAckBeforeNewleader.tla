----------------------- MODULE CoreAckBeforeNewleader -----------------------
(***************************************************************************)
(* Proposals that are acknowledged ahead of NEWLEADER count                *)
(* (ZOOKEEPER-4685).                                                       *)
(***************************************************************************)
\* @kind core
\* @redefines Append <- AppendEarly
\* @obligation Induction: Append: AckShape
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

AppendEarly(s, e) ==
    /\ acceptedEpoch[s] = e
    /\ logEpoch[s] = e
    /\ logLength[s] < proposedLength[e]
    /\ logLength' = [logLength EXCEPT ![s] = @ + 1]
    /\ acked' = IF logEpoch[s] = e
                THEN [acked EXCEPT ![s][e] = logLength[s] + 1]
                ELSE acked
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, logEpoch, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>
=============================================================================
