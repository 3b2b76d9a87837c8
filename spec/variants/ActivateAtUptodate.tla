------------------------- MODULE ActivateAtUptodate -------------------------
(***************************************************************************)
(* With UPTODATE a follower activates whatever configuration came with     *)
(* NEWLEADER, also if the leader served already and is still proposing it. *)
(***************************************************************************)
\* @claim Apache 3.9 does so (Learner.syncWithLeader): the configuration in NEWLEADER is the last one that the leader has seen.
\* @kind question
\* @redefines IsUncommittedInSync <- IsNothingUncommitted
\* @model MCReconfig MCReconfigLate.cfg
\* @fails ActiveIsCommitted
EXTENDS Reconfig

IsNothingUncommitted(i, c) == FALSE
=============================================================================
