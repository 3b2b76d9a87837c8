------------------------------- MODULE Graphs -------------------------------
(* The operators of the community module of this name, for a TLC that comes without it: directed
   graphs, [node |-> set, edge |-> set of pairs]. A path meets a node more than once only in going
   round, so that what is connected at all is connected by a simple path. *)
EXTENDS Naturals, Sequences, FiniteSets, SequencesExt, Relation

LOCAL IsGraph(G) == DOMAIN G = {"node", "edge"}
IsDirectedGraph(G) == IsGraph(G) /\ \A e \in G.edge : e[1] \in G.node /\ e[2] \in G.node
DirectedSubgraph(G) ==
    UNION {{[node |-> N, edge |-> E] :
              E \in SUBSET {e \in G.edge : e[1] \in N /\ e[2] \in N}} : N \in SUBSET G.node}
Transpose(G) == [node |-> G.node, edge |-> {<<e[2], e[1]>> : e \in G.edge}]
IsUndirectedGraph(G) == IsDirectedGraph(G) /\ Transpose(G) = G
UndirectedSubgraph(G) == {H \in DirectedSubgraph(G) : IsUndirectedGraph(H)}

LOCAL IsPath(p, G) == Len(p) > 0 /\ \A i \in 2..Len(p) : <<p[i - 1], p[i]>> \in G.edge
Path(G) == {p \in Seq(G.node) : IsPath(p, G)}
SimplePath(G) ==
    {p \in UNION {[1..n -> G.node] : n \in 1..Cardinality(G.node)} :
       IsPath(p, G) /\ Cardinality({p[i] : i \in 1..Len(p)}) = Len(p)}
AreConnectedIn(m, n, G) == \E p \in SimplePath(G) : p[1] = m /\ p[Len(p)] = n
IsStronglyConnected(G) == \A m, n \in G.node : AreConnectedIn(m, n, G)
ConnectionsIn(G) == [p \in {<<m, n>> : m, n \in G.node} |-> AreConnectedIn(p[1], p[2], G)]

IsTreeWithRoot(G, r) ==
    /\ IsDirectedGraph(G)
    /\ r \in G.node
    /\ \A n \in G.node : Cardinality({e \in G.edge : e[1] = n}) <= IF n = r THEN 0 ELSE 1
    /\ \A n \in G.node : AreConnectedIn(n, r, G)
GraphUnion(G, H) == [node |-> G.node \cup H.node, edge |-> G.edge \cup H.edge]
IsBipartiteWithPartitions(G, U, V) ==
    /\ U \cap V = {}
    /\ \A n \in G.node : n \in U \/ n \in V
    /\ \A e \in G.edge : (e[1] \in U /\ e[2] \in V) \/ (e[1] \in V /\ e[2] \in U)

Successors(G, n) == {m \in G.node : <<n, m>> \in G.edge}
AllSuccessors(G, S) == UNION {Successors(G, n) : n \in S}
Predecessors(G, n) == {m \in G.node : <<m, n>> \in G.edge}
AllPredecessors(G, S) == UNION {Predecessors(G, n) : n \in S}
Descendants(G, n) == {m \in G.node : \E k \in Successors(G, n) : AreConnectedIn(k, m, G)}
Ancestors(G, n) == {m \in G.node : n \in Descendants(G, m)}
InDegree(G, n) == Cardinality(Predecessors(G, n))
OutDegree(G, n) == Cardinality(Successors(G, n))
Roots(G) == {n \in G.node : InDegree(G, n) = 0}
Leaves(G) == {n \in G.node : OutDegree(G, n) = 0}
HasCycle(G) == \E n \in G.node : n \in Descendants(G, n)
IsDag(G) == IsDirectedGraph(G) /\ ~HasCycle(G)
EmptyGraph == [node |-> {}, edge |-> {}]
Graphs(S) == {[node |-> S, edge |-> E] : E \in SUBSET {<<m, n>> : m, n \in S}}
=============================================================================
