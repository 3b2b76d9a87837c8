------------------------------- MODULE Zk4643 -------------------------------
(***************************************************************************)
(* ZOOKEEPER-4643: a follower writes currentEpoch when NEWLEADER comes,    *)
(* before its history is durable. After a crash in between it claims an    *)
(* epoch whose history it does not have, and may win an election with it.  *)
(***************************************************************************)
\* @kind published
\* @redefines FollowerProcessNEWLEADER <- FollowerProcessNEWLEADEREpochFirst
\* @model MCZab MCZabSync.cfg
\* @fails HistoryBeforeEpoch
\* @strategy ZOOKEEPER-4643
\* @core CoreEpochBeforeHistory
EXTENDS Zab

FollowerProcessNEWLEADEREpochFirst(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = SYNC
    /\ Pending(j, i, NEWLEADER)
    /\ LET n == Len(packetsCommitted[i])
       IN  /\ queuedRequests' = [queuedRequests EXCEPT ![i] =
                                    @ \o SubSeq(packetsNotLogged[i], 1, n)]
           /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = SubSeq(@, n + 1, Len(@))]
    /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] = << >>]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = NEWLEADER]
    /\ msgs' = Discard(i, j)
    /\ currentEpoch' = [currentEpoch EXCEPT ![i] = newEpoch[i]]
    /\ UNCHANGED <<acceptedEpoch, history, roleVars, newEpoch, lastCommitted, leaderVars, leader, syncMode,
                   database, ghostVars>>
=============================================================================
