------------------------- MODULE AckBeforeLastSeen --------------------------
(***************************************************************************)
(* A reconfiguration is logged and acknowledged while the configuration    *)
(* that was seen last is only in memory.                                   *)
(***************************************************************************)
\* @claim It is in the log, which is durable; the file can follow.
\* @kind mistake
\* @redefines MayFlush <- MayFlushAtOnce
\* @model MCReconfig MCReconfigReplace.cfg
\* @fails LogIsInFiles ReconfigsAreActivated EstablishedOnce NoTwoQuorumsDecide
EXTENDS Reconfig

MayFlushAtOnce(i, n) == TRUE
=============================================================================
