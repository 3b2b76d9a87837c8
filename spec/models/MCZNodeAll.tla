----------------------------- MODULE MCZNodeAll -----------------------------
(***************************************************************************)
(* The whole of ZNode: Next and every promise, in a very small world, too  *)
(* small for the sweeper to find anything. The other models look further   *)
(* at one thing each.                                                      *)
(***************************************************************************)
EXTENDS MCZNode

Paths == {A}
Modes == {"EPHEMERAL", "PERSISTENT_WITH_TTL"}
Texts == {"x"}
Versions == {-1}
Ttls == {1}
OneTimeout == {1}
Alice == [scheme |-> "digest", id |-> "alice:secret"]
Ids == {Alice}
Users == [id \in {"alice:secret"} |-> "alice"]
SomeOps == {<<[type |-> "check", record |-> [path |-> Root, version |-> -1]],
              [type |-> "delete", record |-> [path |-> A, version |-> -1]]>>}
Reads == {<<[type |-> "getData", record |-> [path |-> A]]>>}

IsSmall ==
  /\ tree.lastProcessedZxid <= MaxZxid
  /\ now <= MaxNow
  /\ \A c \in Session :
       /\ Len(channel[c]) + Len(pending[c]) <= MaxOutstanding
       /\ Cardinality(registered[c]) <= 1
=============================================================================
