------------------------------- MODULE Zk4646 -------------------------------
(***************************************************************************)
(* ZOOKEEPER-4646: a follower acknowledges NEWLEADER while the             *)
(* transactions that it was synchronized with wait in the queue of its     *)
(* log. A leader that counts it serves, and a crash loses what it has      *)
(* committed.                                                              *)
(***************************************************************************)
\* @kind published
\* @redefines HistoryIsDurable <- HistoryIsDurableIgnoringQueue
\* @model MCZab MCZabSync.cfg
\* @fails HistoryBeforeEpoch
\* @strategy ZOOKEEPER-4646
\* @core CoreAckBeforeHistory
EXTENDS Zab

HistoryIsDurableIgnoringQueue(i) ==
    /\ SnapshotNeeded(i) => history[i] = database[i]
=============================================================================
