------------------------- MODULE AckBeforeSnapshot --------------------------
(***************************************************************************)
(* A follower that was synchronized by SNAP or TRUNC acknowledges          *)
(* NEWLEADER while its tree is in memory and the snapshot still to be      *)
(* taken.                                                                  *)
(***************************************************************************)
\* @claim The leader has the snapshot too, so the disk may be slow.
\* @kind mistake
\* @redefines HistoryIsDurable <- QueueIsEmpty
\* @model MCZab MCZabSync.cfg
\* @fails HistoryBeforeEpoch
\* @strategy snapshot-not-written
\* @core CoreAckBeforeHistory
EXTENDS Zab

QueueIsEmpty(i) == queuedRequests[i] = << >>
=============================================================================
