------------------------- MODULE LeaseReadsHonoured -------------------------
(***************************************************************************)
(* Leader lease reads, and followers that honour the lease from NEWLEADER  *)
(* on: who may be counted on does not leave its leader before that has     *)
(* ceased to count on it, crashes included. (In time: the lease of a       *)
(* follower lasts longer than that of the leader, and a server that        *)
(* restarts first waits for as long.)                                      *)
(***************************************************************************)
\* @claim With bounded clock drift a leader can answer fresh reads alone.
\* @kind question
\* @redefines IsCountedOn <- MayBeCountedOn
\* @model MCZab MCZabFirstEpoch.cfg; Oracle = FALSE; MaxElections = 2; MaxRequests = 1; MaxShutdowns = 1; Modes = {"DIFF"}
\* @holds LeaseReadsAreFresh
EXTENDS LeaseFromLeader

MayBeCountedOn(j) == \E i \in Server : handler[i][j] \in {NEWLEADER, ACKLD, UPTODATE}
=============================================================================
