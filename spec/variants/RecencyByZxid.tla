--------------------------- MODULE RecencyByZxid ----------------------------
(***************************************************************************)
(* Which of two servers is more recent is judged by the zxid of the last   *)
(* transaction alone, and not by currentEpoch first.                       *)
(***************************************************************************)
\* @claim A zxid has the epoch in it.
\* @kind mistake
\* @redefines IsMoreRecentThan <- IsMoreRecentThanByZxid
\* @model MCZab MCZabThirdEpoch.cfg
\* @fails EpochsExtend
\* @core CoreRecencyByZxid
EXTENDS Zab

IsMoreRecentThanByZxid(epoch, zxid, otherEpoch, otherZxid) ==
    ZxidLess(otherZxid, zxid)
=============================================================================
