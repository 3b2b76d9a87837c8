-------------------------- MODULE MCZNodeVersions --------------------------
(***************************************************************************)
(* Versions, zxids, counters, Stats and sequential names: one client.      *)
(***************************************************************************)
EXTENDS MCZNode

Paths == {A, AB}
Modes == {"PERSISTENT", "PERSISTENT_SEQUENTIAL"}
Texts == {"", "x"}
Versions == {-1, 0, 1}

MCInit == BeginsWith(InitialTree)

MCNext ==
  \/ \E c \in Session : OneCreate(c) \/ OneDelete(c) \/ OneSetData(c) \/ OneSetACL(c)
  \/ Deliver
=============================================================================
