------------------------------- MODULE Zk3023 -------------------------------
(***************************************************************************)
(* ZOOKEEPER-3023: a follower that has read UPTODATE serves while the      *)
(* transactions it was synchronized with are still to be applied, so that  *)
(* clients see a state older than the one in which the epoch began.        *)
(***************************************************************************)
\* @kind published
\* @redefines FollowerProcessUPTODATE <- FollowerProcessUPTODATEBeforeApplying
\* @model MCZab MCZabSync.cfg
\* @fails ServingIsUpToDate
\* @strategy ZOOKEEPER-3023
EXTENDS Zab

FollowerProcessUPTODATEBeforeApplying(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = ACKLD
    /\ Pending(j, i, UPTODATE)
    /\ LET n == Len(packetsCommitted[i])
       IN  lastCommitted' = [lastCommitted EXCEPT ![i] =
               IF n = 0 THEN @ ELSE packetsCommitted[i][n]]
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = @ \o packetsNotLogged[i]]
    /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = << >>]
    /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] = << >>]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = UPTODATE]
    /\ zabState' = [zabState EXCEPT ![i] = BROADCAST]
    /\ msgs' = Reply(i, j, <<Packet(ACK, <<newEpoch[i], 0>>)>>)
    /\ UNCHANGED <<durableVars, status, state, newEpoch, leaderVars, leader, syncMode, database,
                   ghostVars>>
=============================================================================
