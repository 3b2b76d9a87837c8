------------------------------- MODULE Zk3911 -------------------------------
(***************************************************************************)
(* ZOOKEEPER-3911: a follower acknowledges NEWLEADER while the             *)
(* transactions of a DIFF are in its memory only; they go to the log with  *)
(* UPTODATE. (The repair queued them for the log, and did not wait for it: *)
(* ZOOKEEPER-4646.)                                                        *)
(***************************************************************************)
\* @kind published
\* @redefines FollowerProcessNEWLEADER <- FollowerProcessNEWLEADERInMemory
\* @model MCZab MCZabSync.cfg
\* @fails HistoryBeforeEpoch
\* @strategy ZOOKEEPER-3911
\* @core CoreAckBeforeHistory
EXTENDS Zab

FollowerProcessNEWLEADERInMemory(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = SYNC
    /\ Pending(j, i, NEWLEADER)
    /\ learnerStage' = [learnerStage EXCEPT ![i] = NEWLEADER]
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, leaderVars, leader, syncVars, ghostVars>>
=============================================================================
