-------------------------- MODULE MCZNodePipeline --------------------------
(***************************************************************************)
(* Two clients that do not wait for their replies: what is acknowledged is *)
(* in the tree, replies come in order, zxids never go back.                *)
(***************************************************************************)
EXTENDS MCZNode

Paths == {A}
Modes == {"PERSISTENT"}
Texts == {"x"}
Versions == {-1}

MCInit == BeginsWith(InitialTree)

MCNext ==
  \/ \E c \in Session : OneCreate(c) \/ OneDelete(c) \/ OneSetData(c) \/ OneSync(c) \/ Disconnect(c)
  \/ Deliver
=============================================================================
