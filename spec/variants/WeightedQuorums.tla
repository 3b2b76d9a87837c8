-------------------------- MODULE WeightedQuorums ---------------------------
(***************************************************************************)
(* One server has twice the weight of the others: more than half of the    *)
(* weight decides.                                                         *)
(***************************************************************************)
\* @claim The machine with the best disk should count for more.
\* @kind question
\* @model MCZab MCZabFirstEpoch.cfg; Quorum <- WeightedQuorumsOf
\* @model MCZab MCZabSync.cfg; Quorum <- WeightedQuorumsOf; Modes = {"DIFF", "TRUNC"}
\* @drops SYMMETRY
\* @holds all
EXTENDS Zab

Sums == INSTANCE Quorums
First == CHOOSE i \in Server : TRUE
WeightedQuorumsOf == Sums!Quorums(Sums!WeightedConfig([i \in Server |-> IF i = First THEN 2 ELSE 1]))
=============================================================================
