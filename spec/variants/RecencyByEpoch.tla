--------------------------- MODULE RecencyByEpoch ---------------------------
(***************************************************************************)
(* Which of two servers is more recent is judged by currentEpoch alone,    *)
(* and not by the length of the log within it.                             *)
(***************************************************************************)
\* @claim All servers of an epoch were synchronized with the same leader.
\* @kind mistake
\* @redefines IsMoreRecentThan <- IsMoreRecentThanByEpoch
\* @model MCZab MCZabSync.cfg
\* @fails CommittedIsDurable
\* @core CoreRecencyByEpoch
EXTENDS Zab

IsMoreRecentThanByEpoch(epoch, zxid, otherEpoch, otherZxid) ==
    epoch > otherEpoch
=============================================================================
