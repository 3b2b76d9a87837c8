------------------------- MODULE ReconfigBothBehind -------------------------
(***************************************************************************)
(* What was proposed behind a reconfiguration goes on to wait for quorums  *)
(* of both configurations when the new one is in force, as at Apache's     *)
(* leader. Safe, but servers that the reconfiguration has removed may      *)
(* never acknowledge it, and then the leader commits nothing any more.     *)
(***************************************************************************)
\* @claim A proposal is counted in the configurations that were known when it was made.
\* @kind question
\* @redefines WithoutFormer <- AsProposed
\* @model MCReconfig MCReconfigRemove.cfg
\* @model MCReconfig MCReconfigLate.cfg
\* @holds all
EXTENDS Reconfig

AsProposed(proposals, n, k) == proposals[k]
=============================================================================
