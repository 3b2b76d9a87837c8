---------------------------- MODULE MCZNodeReads ----------------------------
(***************************************************************************)
(* All reads, of a tree that somebody changes under a server that may be   *)
(* behind.                                                                 *)
(***************************************************************************)
EXTENDS MCZNode

CONSTANTS reading, changing

Paths == {A, Root}
Modes == {"EPHEMERAL", "PERSISTENT"}
Texts == {"x"}
Versions == {-1}
Reads == {<<>>,
          <<[type |-> "getData", record |-> [path |-> A]],
            [type |-> "getChildren", record |-> [path |-> Root]]>>,
          <<[type |-> "exists", record |-> [path |-> A]]>>}

MCInit == BeginsWith(InitialTree)

MCNext ==
  \/ OneExists(reading) \/ OneGetData(reading) \/ OneGetChildren(reading)
  \/ OneGetChildren2(reading) \/ OneGetACL(reading) \/ OneGetAllChildrenNumber(reading)
  \/ OneGetEphemerals(reading) \/ OneWhoAmI(reading) \/ OneMultiRead(reading)
  \/ OneCheckWatches(reading) \/ OneSync(reading)
  \/ OneCreate2(reading) \/ OneCreate2(changing) \/ OneDelete(changing) \/ OneSetData(changing)
  \/ Deliver

\* A read says what was there when its server had got to the zxid of the reply.
IsFresh(c) == channel[c] # <<>> /\ channel[c][1].zxid = replica[server[c]].lastProcessedZxid

ReadsShowTheTree ==
  \A c \in Session :
    IsFresh(c) /\ channel[c][1].kind = "reply" =>
      LET reply == channel[c][1]
          one == replica[server[c]]
          IsThere == reply.path \in DOMAIN one.nodes
      IN  /\ reply.type \in {"exists", "getData", "getChildren", "getChildren2", "getACL"} =>
               (reply.answer.err = "Ok") = IsThere
          /\ reply.type = "getData" /\ IsThere => reply.answer.data = one.nodes[reply.path].data
          /\ reply.type = "getChildren2" /\ IsThere =>
               /\ reply.answer.stat.numChildren = Cardinality(reply.answer.children)
               /\ \A name \in reply.answer.children : HasNode(one, Append(reply.path, name))
          /\ reply.type = "getAllChildrenNumber" /\ reply.path = Root =>
               reply.answer.totalNumber = Cardinality(DOMAIN one.nodes) - 1
          /\ reply.type = "getEphemerals" =>
               \A path \in reply.answer.ephemerals :
                 one.nodes[path].ephemeralOwner.session = c
=============================================================================
