------------------------ MODULE RemovedLeaderCommits ------------------------
(***************************************************************************)
(* A leader that a reconfiguration has removed goes on to commit what it   *)
(* has proposed behind it.                                                 *)
(***************************************************************************)
\* @claim The proposals have their acknowledgements, and the leader is still there.
\* @kind mistake
\* @redefines CommittableByVerifiers <- CommittableByAnybody
\* @model MCReconfig MCReconfigReplace.cfg; MaxRequests = 1; MaxCrashes = 0; MaxElections = 0
\* @fails RemovedLeaderCommitsNothing
EXTENDS Reconfig

CommittableByAnybody(proposals) ==
    Maximum({n \in 0..Len(proposals) : \A k \in 1..n : IsAcknowledged(proposals[k])})
=============================================================================
