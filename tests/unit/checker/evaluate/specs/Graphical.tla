----------------------------- MODULE Graphical -----------------------------
(* Relation and Graphs of the community modules, on values on which the ways to get them wrong
   differ. Both engines must find every assumption true. *)
EXTENDS Graphs, TLC

N == 1..3
Less == [x, y \in N |-> x < y]
AtMost == [x, y \in N |-> x <= y]
Next == [x, y \in N |-> y = x + 1]
Same == [x, y \in N |-> x = y]
All == [x, y \in N |-> TRUE]
Leq(x, y) == x <= y
Odd(x, y) == (x + y) % 2 = 1

ASSUME /\ IsReflexive(AtMost, N) /\ ~IsReflexive(Less, N)
       /\ IsIrreflexive(Less, N) /\ ~IsIrreflexive(AtMost, N) /\ ~IsIrreflexive(Same, N)
       /\ IsSymmetric(Same, N) /\ IsSymmetric(All, N) /\ ~IsSymmetric(Next, N)
       /\ IsAntiSymmetric(AtMost, N) /\ IsAntiSymmetric(Less, N) /\ ~IsAntiSymmetric(All, N)
       /\ IsAsymmetric(Less, N) /\ ~IsAsymmetric(AtMost, N)
       /\ IsTransitive(Less, N) /\ ~IsTransitive(Next, N)
       /\ IsStrictlyPartiallyOrdered(Less, N) /\ ~IsStrictlyPartiallyOrdered(AtMost, N)
       /\ IsPartiallyOrdered(Same, N) /\ ~IsPartiallyOrdered(Less, N)
       /\ IsStrictlyTotallyOrdered(Less, N) /\ ~IsStrictlyTotallyOrdered(Next, N)
       /\ IsTotallyOrdered(AtMost, N) /\ ~IsTotallyOrdered(Same, N)
ASSUME /\ IsReflexiveUnder(Leq, N) /\ ~IsIrreflexiveUnder(Leq, N) /\ IsSymmetricUnder(Odd, N)
       /\ IsAntiSymmetricUnder(Leq, N) /\ ~IsAsymmetricUnder(Odd, N) /\ ~IsTransitiveUnder(Odd, N)
       /\ ~IsStrictlyPartiallyOrderedUnder(Leq, N) /\ IsPartiallyOrderedUnder(Leq, N)
       /\ IsStrictlyTotallyOrderedUnder(LAMBDA x, y : x > y, N) /\ IsTotallyOrderedUnder(Leq, N)
ASSUME /\ TransitiveClosure(Next, N) = Less /\ ReflexiveTransitiveClosure(Next, N) = AtMost
       /\ IsConnected(All, N) /\ ~IsConnected(Less, N)

G == [node |-> 1..4, edge |-> {<<1, 2>>, <<2, 3>>, <<3, 1>>, <<3, 4>>}]
T == [node |-> 1..4, edge |-> {<<2, 1>>, <<3, 1>>, <<4, 3>>}]
P == [node |-> {1, 2}, edge |-> {<<1, 2>>}]

ASSUME /\ IsDirectedGraph(G) /\ ~IsDirectedGraph([node |-> {1}, edge |-> {<<1, 2>>}])
       /\ DirectedSubgraph(P) = {EmptyGraph, [node |-> {1}, edge |-> {}], [node |-> {2}, edge |-> {}],
                                 [node |-> {1, 2}, edge |-> {}], P}
       /\ Transpose(P).edge = {<<2, 1>>} /\ ~IsUndirectedGraph(P)
       /\ IsUndirectedGraph(GraphUnion(P, Transpose(P)))
       /\ Cardinality(UndirectedSubgraph(GraphUnion(P, Transpose(P)))) = 5
       /\ <<1, 2, 3, 1>> \in Path(G) /\ <<2, 1>> \notin Path(G) /\ <<>> \notin Path(G)
       /\ SimplePath(T) = {<<1>>, <<2>>, <<3>>, <<4>>, <<2, 1>>, <<3, 1>>, <<4, 3>>, <<4, 3, 1>>}
ASSUME /\ AreConnectedIn(2, 4, G) /\ ~AreConnectedIn(4, 1, G) /\ AreConnectedIn(4, 4, G)
       /\ ~IsStronglyConnected(G)
       /\ IsStronglyConnected([node |-> 1..2, edge |-> {<<1, 2>>, <<2, 1>>}])
       /\ ConnectionsIn(P) = (<<1, 1>> :> TRUE @@ <<1, 2>> :> TRUE @@ <<2, 1>> :> FALSE
                              @@ <<2, 2>> :> TRUE)
       /\ IsTreeWithRoot(T, 1) /\ ~IsTreeWithRoot(T, 3) /\ ~IsTreeWithRoot(G, 4)
       /\ IsBipartiteWithPartitions(T, {1, 4}, {2, 3}) /\ ~IsBipartiteWithPartitions(G, {1, 3}, {2, 4})
       /\ HasCycle(G) /\ ~HasCycle(T) /\ IsDag(T) /\ ~IsDag(G)
       /\ HasCycle([node |-> {1}, edge |-> {<<1, 1>>}])
ASSUME /\ Successors(G, 3) = {1, 4} /\ AllSuccessors(G, {1, 3}) = {1, 2, 4}
       /\ Predecessors(G, 1) = {3} /\ AllPredecessors(G, {1, 4}) = {3}
       /\ Ancestors(G, 4) = 1..3 /\ Ancestors(G, 1) = 1..3 /\ Ancestors(T, 4) = {}
       /\ Descendants(G, 4) = {} /\ Descendants(T, 4) = {1, 3} /\ InDegree(T, 1) = 2
       /\ OutDegree(G, 3) = 2 /\ Roots(T) = {2, 4} /\ Leaves(G) = {4}
       /\ Graphs({1}) = {[node |-> {1}, edge |-> {}], [node |-> {1}, edge |-> {<<1, 1>>}]}
=============================================================================
