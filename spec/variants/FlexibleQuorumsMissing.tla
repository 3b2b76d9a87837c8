----------------------- MODULE FlexibleQuorumsMissing -----------------------
(***************************************************************************)
(* Flexible quorums that are both small: those of elections do not meet    *)
(* those of the broadcast, and a new leader misses what was committed.     *)
(***************************************************************************)
\* @claim A majority need not be asked twice.
\* @kind question
\* @redefines IsElectionQuorum <- IsMajority
\* @model MCZab MCZabSync.cfg
\* @fails CommittedIsDurable
EXTENDS FlexibleQuorums

IsMajority(S) == 2 * Cardinality(S) > Cardinality(Server)
=============================================================================
