------------------------------ MODULE MBTZNode ------------------------------
(***************************************************************************)
(* The sets that tests of the data model draw from: few names, so that     *)
(* they meet; paths, lists and versions that are wrong; a parent whose     *)
(* counter is about to overflow. Next is that of ZNode.                    *)
(***************************************************************************)
EXTENDS MCZNode

Paths ==
  {A, B, AB, ABC, Root, <<"", "">>, <<"/", "a">>, <<"a", "..">>, <<"zookeeper", "a">>,
   <<"full", "s">>, <<"box">>}
Texts == {Null, "x", "longer"}
Modes ==
  {"PERSISTENT", "EPHEMERAL", "PERSISTENT_SEQUENTIAL", "EPHEMERAL_SEQUENTIAL", "CONTAINER",
   "PERSISTENT_WITH_TTL", "flags 9"}
Versions == {-1, 0, 1, -2}
Ttls == {1, 0}
Timeouts == {10000}

Alice == [scheme |-> "digest", id |-> "alice:secret"]
Bob == [scheme |-> "digest", id |-> "bob:secret"]
Ids == {Alice, Bob}
Users == [id \in {"alice:secret", "bob:secret"} |-> IF id = "alice:secret" THEN "alice" ELSE "bob"]

Everyone(perms) == [perms |-> perms, id |-> Anyone]
Lists ==
  {OpenAcl, <<>>, <<Everyone({"READ"})>>, <<[perms |-> Perms, id |-> Alice]>>,
   <<[perms |-> Perms, id |-> [scheme |-> "auth", id |-> ""]]>>,
   <<Everyone({"DELETE", "ADMIN"}), [perms |-> {"READ", "WRITE", "CREATE"}, id |-> Bob]>>,
   <<[perms |-> Perms, id |-> [scheme |-> "digest", id |-> "nocolon"]]>>}
Valid == {Alice, Bob}

Make(path, flags) ==
  [type |-> "create",
   record |-> [path |-> path, data |-> "x", acl |-> OpenAcl, flags |-> flags]]
Remove(path) == [type |-> "delete", record |-> [path |-> path, version |-> -1]]
Put(path, version) ==
  [type |-> "setData", record |-> [path |-> path, data |-> "y", version |-> version]]
Check(path, version) == [type |-> "check", record |-> [path |-> path, version |-> version]]
SomeOps ==
  {<<>>,
   <<Make(A, "PERSISTENT"), Make(AB, "PERSISTENT")>>,
   <<Make(A, "PERSISTENT_SEQUENTIAL"), Make(A, "PERSISTENT_SEQUENTIAL")>>,
   <<Make(AB, "EPHEMERAL"), Put(A, -1)>>,
   <<Remove(AB), Remove(A)>>,
   <<Put(A, 0), Put(A, 1)>>,
   <<Check(A, 0), Put(A, -1), Check(A, 1)>>,
   <<Check(A, 1), Make(B, "PERSISTENT"), Remove(B)>>,
   <<Make(<<"a", "..">>, "PERSISTENT"), Put(B, -1)>>}
SomeReads ==
  {<<>>,
   <<[type |-> "getData", record |-> [path |-> A]],
     [type |-> "getChildren", record |-> [path |-> Root]]>>,
   <<[type |-> "getData", record |-> [path |-> AB]]>>}

(***************************************************************************)
(* Two beginnings: nobody is there yet, or everybody is connected, /full   *)
(* has had nearly as many children as a parent can count, and /box is a    *)
(* container whose child has gone.                                         *)
(***************************************************************************)
Box == [type |-> "CONTAINER", session |-> NoSession, ttl |-> NoTtl]
Begun ==
  LET one == LinkNode(InitialTree, <<"full">>, NewNode("", OpenAcl, Persistent, 0, 0), 1, 0)
      two == LinkNode(one, <<"box">>, NewNode("", OpenAcl, Box, 0, 0), 2, 0)
  IN  [two EXCEPT !.nodes[<<"full">>].cversion = MaxInt - 2, !.nodes[<<"box">>].cversion = 1]

MBTInit == Init \/ BeginsWith(Begun)

\* A model is for a while, not for ever.
IsShort == now <= MaxNow
=============================================================================
