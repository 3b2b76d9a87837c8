------------------------- MODULE MCZNodeContainers -------------------------
(***************************************************************************)
(* Containers and TTL nodes: they go when they are unused, and only then.  *)
(***************************************************************************)
EXTENDS MCZNode

Paths == {A, AB}
Modes == {"PERSISTENT_WITH_TTL", "EPHEMERAL"}
Texts == {"x"}
Versions == {-1}
Ttls == {1, 11}

MCInit == BeginsWith(InitialTree)

MayTick == now < MaxNow /\ AllIdle /\ Tick

OneEphemeral(c) ==
  MayWrite(c) /\ \E path \in Path : Create(c, path, "x", OpenAcl, "EPHEMERAL")

MCNext ==
  \/ \E c \in Session :
       OneCreateContainer(c) \/ OneCreateTTL(c) \/ OneEphemeral(c) \/ OneDelete(c)
       \/ OneSetData(c)
  \/ \E path \in Path : OneDeleteContainer(path)
  \/ MayTick
  \/ Deliver

\* A TTL node stays as long as it was promised to.
TtlNodesStay ==
  [][HasCommitted /\ Committed.type = "deleteContainer" =>
       LET node == tree.nodes[Committed.record.path]
       IN  node.ephemeralOwner.type = "TTL" => now > node.mtime + node.ephemeralOwner.ttl]_vars
=============================================================================
