------------------------------- MODULE Zk4712 -------------------------------
(***************************************************************************)
(* ZOOKEEPER-4712: a follower that leaves its leader begins the next role  *)
(* while the log of the last one is still being written. What is in the    *)
(* queue then ends up behind what it is synchronized with.                 *)
(***************************************************************************)
\* @kind published
\* @redefines ZabTurnToFollowing <- ZabTurnToFollowingWithQueue
\* @model MCZab MCZabTwoServers.cfg
\* @fails LogOrder
\* @strategy ZOOKEEPER-4712
\* @core CoreAppendAnyTime
EXTENDS Zab

ZabTurnToFollowingWithQueue(i, j) ==
    /\ i # j
    /\ status[i] = ONLINE
    /\ state[i] = LOOKING
    /\ state' = [state EXCEPT ![i] = FOLLOWING]
    /\ zabState' = [zabState EXCEPT ![i] = DISCOVERY]
    /\ leader' = [leader EXCEPT ![i] = j]
    /\ UNCHANGED <<durableVars, status, newEpoch, queuedRequests, lastCommitted, leaderVars,
                   learnerStage, syncVars, msgs, ghostVars>>
=============================================================================
