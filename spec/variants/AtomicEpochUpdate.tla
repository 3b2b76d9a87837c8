------------------------- MODULE AtomicEpochUpdate --------------------------
(***************************************************************************)
(* A follower makes history and currentEpoch durable in one step, as the   *)
(* ZAB paper has it. Zab.tla has the history first and the epoch then;     *)
(* both are right, and this one has fewer states and needs a disk that can *)
(* do it.                                                                  *)
(***************************************************************************)
\* @claim One atomic step leaves no gap to reason about.
\* @kind question
\* @redefines FollowerPersistCurrentEpoch <- FollowerPersistHistoryAndEpoch
\* @redefines FollowerTakeSnapshot <- Never
\* @redefines FollowerLogFlushed <- FollowerLogFlushedInBroadcast
\* @model MCZab MCZabSync.cfg
\* @model MCZab MCZabTwoServersCrash.cfg
\* @holds all
EXTENDS Zab

FollowerPersistHistoryAndEpoch(i) ==
    /\ state[i] = FOLLOWING
    /\ learnerStage[i] = NEWLEADER
    /\ history' = [history EXCEPT ![i] =
           (IF SnapshotNeeded(i) THEN database[i] ELSE @) \o queuedRequests[i]]
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = << >>]
    /\ currentEpoch' = [currentEpoch EXCEPT ![i] = newEpoch[i]]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = ACKLD]
    /\ syncMode' = [syncMode EXCEPT ![i] = NONE]
    /\ database' = [database EXCEPT ![i] = << >>]
    /\ msgs' = FollowerWrites(i, <<Packet(ACK, <<newEpoch[i], 0>>)>>)
    /\ UNCHANGED <<acceptedEpoch, roleVars, newEpoch, lastCommitted,
                   leaderVars, leader, packetsNotLogged, packetsCommitted, ghostVars>>

Never(i) == FALSE /\ UNCHANGED vars

FollowerLogFlushedInBroadcast(i, n) ==
    /\ state[i] = FOLLOWING
    /\ learnerStage[i] # NEWLEADER
    /\ n \in 1..Len(queuedRequests[i])
    /\ Flush(i, n)
    /\ msgs' = IF learnerStage[i] = UPTODATE
               THEN FollowerWrites(i, [k \in 1..n |-> Packet(ACK, queuedRequests[i][k].zxid)])
               ELSE msgs
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, roleVars, newEpoch, lastCommitted, leaderVars,
                   followerVars, ghostVars>>
=============================================================================
