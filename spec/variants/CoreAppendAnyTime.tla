------------------------- MODULE CoreAppendAnyTime --------------------------
(***************************************************************************)
(* A log is appended to after a later promise (ZOOKEEPER-4712).            *)
(***************************************************************************)
\* @kind core
\* @redefines Append <- AppendAnyTime
\* @obligation Induction: Append: PromiseHas
\* @run CommittedInLaterEpochs
EXTENDS ZabCore

AppendAnyTime(s, e) ==
    /\ logEpoch[s] = e
    /\ logLength[s] < proposedLength[e]
    /\ logLength' = [logLength EXCEPT ![s] = @ + 1]
    /\ acked' = IF currentEpoch[s] = e
                THEN [acked EXCEPT ![s][e] = logLength[s] + 1]
                ELSE acked
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, logEpoch, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>
=============================================================================
