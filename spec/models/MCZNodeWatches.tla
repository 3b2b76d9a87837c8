--------------------------- MODULE MCZNodeWatches ---------------------------
(***************************************************************************)
(* All kinds of watches: one client watches, loses its connection, comes   *)
(* back and sets its watches again, while another one changes things.      *)
(***************************************************************************)
EXTENDS MCZNode

CONSTANTS watching, changing, MaxWatches

Paths == {A, AB}
Modes == {"PERSISTENT"}
Texts == {"x"}
Versions == {-1}

\* A node is there before the model begins.
Begun == LinkNode(InitialTree, A, NewNode("x", OpenAcl, Persistent, 0, 0), 1, 0)

MCInit == BeginsWith(Begun)

MayWatch == Cardinality(registered[watching]) < MaxWatches

SetOne(c) ==
  /\ MayWatch /\ MayAskMore(c)
  /\ \E path \in Path : Exists(c, path, TRUE) \/ GetData(c, path, TRUE)
                        \/ GetChildren2(c, path, TRUE)

ReadOne(c) ==
  /\ MayAskMore(c)
  /\ registered[c] # {}
  /\ \E path \in Path : GetData(c, path, FALSE) \/ GetChildren2(c, path, FALSE)

AddOne(c) == MayWatch /\ OneAddWatch(c)

RemoveOne(c) == registered[c] # {} /\ OneRemoveWatches(c)

MCNext ==
  \/ SetOne(watching) \/ AddOne(watching) \/ RemoveOne(watching) \/ ReadOne(watching)
  \/ Disconnect(watching)
  \/ \E s \in Server : Reconnect(watching, s)
  \/ SetWatches(watching)
  \/ OneCreate(changing) \/ OneDelete(changing) \/ OneSetData(changing)
  \/ Deliver
=============================================================================
