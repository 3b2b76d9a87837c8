------------------------ MODULE HierarchicalQuorums -------------------------
(***************************************************************************)
(* Servers stand in groups, and a quorum wins most groups, each by most of *)
(* its servers: here two servers together, and two alone.                  *)
(***************************************************************************)
\* @claim A data centre that is cut off should not stop the others.
\* @kind question
\* @model MCZab MCZabDiscovery.cfg; Server = {s1, s2, s3, s4}; Quorum <- GroupedQuorums; Oracle = TRUE; MaxElections = 1; MaxShutdowns = 0
\* @drops SYMMETRY
\* @symmetry WithinGroups
\* @holds all
EXTENDS Zab, TLC

Groups == INSTANCE Quorums
Pair == CHOOSE S \in SUBSET Server : Cardinality(S) = 2
GroupedQuorums == Groups!Quorums([groups |-> {Pair} \cup {{i} : i \in Server \ Pair},
                                  weight |-> [i \in Server |-> 1]])

WithinGroups == {p \in Permutations(Server) : {p[i] : i \in Pair} = Pair}
=============================================================================
