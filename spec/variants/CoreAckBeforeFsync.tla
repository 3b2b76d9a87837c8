------------------------- MODULE CoreAckBeforeFsync -------------------------
(***************************************************************************)
(* A proposal is acknowledged that is not durable.                         *)
(***************************************************************************)
\* @kind core
\* @redefines Append <- AppendBeforeFsync
\* @obligation Induction: Append: LogPrefix
\* @run CommittedInLaterEpochs
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

AppendBeforeFsync(s, e) ==
    /\ acceptedEpoch[s] = e
    /\ logEpoch[s] = e
    /\ logLength[s] < proposedLength[e]
    /\ logLength' = [logLength EXCEPT ![s] = @]
    /\ acked' = IF currentEpoch[s] = e
                THEN [acked EXCEPT ![s][e] = logLength[s] + 1]
                ELSE acked
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, logEpoch, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>
=============================================================================
