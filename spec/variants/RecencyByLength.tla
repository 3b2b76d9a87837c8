-------------------------- MODULE RecencyByLength ---------------------------
(***************************************************************************)
(* The server with the longest log is taken for the most recent one, in    *)
(* whichever epochs it was written.                                        *)
(***************************************************************************)
\* @claim Who has more transactions has seen more.
\* @kind mistake
\* @redefines IsMoreRecentThan <- IsLongerThan
\* @model MCZab MCZabThirdEpoch.cfg
\* @fails EpochsExtend
\* @core CoreRecencyByLength
EXTENDS Zab

(* The counter of a zxid stands for the length of the log.                 *)
IsLongerThan(epoch, zxid, otherEpoch, otherZxid) == zxid[2] > otherZxid[2]
=============================================================================
