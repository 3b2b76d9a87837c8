------------------------------ MODULE MBTZNode ------------------------------
(***************************************************************************)
(* The sets that tests of the data model draw from: few names, so that     *)
(* they meet; paths, lists and versions that are wrong; a parent whose     *)
(* counter is about to overflow. Next is that of ZNode.                    *)
(***************************************************************************)
EXTENDS MCZNode

Paths ==
  {A, B, AB, ABC, Root, <<"", "">>, <<"/", "a">>, <<"a", "..">>, <<"zookeeper", "a">>,
   <<"full">>, <<"full", "s">>, <<"box">>}
Texts == {Null, "x", "longer"}
Modes ==
  {"PERSISTENT", "EPHEMERAL", "PERSISTENT_SEQUENTIAL", "EPHEMERAL_SEQUENTIAL", "CONTAINER",
   "PERSISTENT_WITH_TTL", "PERSISTENT_SEQUENTIAL_WITH_TTL", "flags 9"}
Versions == {-1, 0, 1, -2}
Ttls == {1, 0}
Timeouts == {10000}

Alice == [scheme |-> "digest", id |-> "alice:secret"]
Bob == [scheme |-> "digest", id |-> "bob:secret"]
Ids == {Alice, Bob}
\* Apache keeps the ids of a client in a hash table: with one there is no order to differ in.
OneId == {Alice}
Users == [id \in {"alice:secret", "bob:secret"} |-> IF id = "alice:secret" THEN "alice" ELSE "bob"]

Everyone(perms) == [perms |-> perms, id |-> Anyone]
Lists ==
  {OpenAcl, <<>>, <<Everyone({"READ"})>>, <<[perms |-> Perms, id |-> Alice]>>,
   <<[perms |-> Perms, id |-> [scheme |-> "auth", id |-> ""]]>>,
   <<Everyone({"READ"}), [perms |-> Perms, id |-> Bob]>>,
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
(* A quota on /a: four nodes, nine bytes. What its account can say.        *)
(***************************************************************************)
Limits == "count=2,bytes=-1=;byteHardLimit=9;countHardLimit=4"
Figures == (0..12) \X (0..60)
UsageTexts == {UsageText(figures[1], figures[2], "") : figures \in Figures}
FiguresOf == [text \in UsageTexts |-> CHOOSE figures \in Figures :
                                        UsageText(figures[1], figures[2], "") = text]
Stats ==
  [text \in UsageTexts \cup {Limits} |->
     IF text = Limits
     THEN [count |-> 2, bytes |-> -1, countHardLimit |-> 4, byteHardLimit |-> 9,
           rest |-> "=;byteHardLimit=9;countHardLimit=4"]
     ELSE [count |-> FiguresOf[text][1], bytes |-> FiguresOf[text][2],
           countHardLimit |-> -1, byteHardLimit |-> -1, rest |-> ""]]

(***************************************************************************)
(* What is rare, in a machine of its own (MBTRare.cfg): the root under its *)
(* other name; and limits of a quota that are made anew, at which what is  *)
(* there is counted anew.                                                  *)
(***************************************************************************)
RarePaths == Paths \cup {<<"/", "">>}
MakeLimits ==
  [type |-> "create",
   record |-> [path |-> LimitsPath(A), data |-> Limits, acl |-> OpenAcl, flags |-> "PERSISTENT"]]
RareOps == SomeOps \cup {<<Remove(LimitsPath(A)), MakeLimits>>}

(***************************************************************************)
(* Three beginnings: nobody is there yet; or everybody is connected, /full *)
(* has had nearly as many children as a parent can count, and /box is a    *)
(* container whose child has gone; or moreover some nodes have grown, and  *)
(* some clients have lost their connections, but not their watches.        *)
(***************************************************************************)
Box == [type |-> "CONTAINER", session |-> NoSession, ttl |-> NoTtl]
Begun ==
  LET one == LinkNode(InitialTree, <<"full">>, NewNode("", OpenAcl, Persistent, 0, 0), 1, 0)
      two == LinkNode(one, <<"box">>, NewNode("", OpenAcl, Box, 0, 0), 2, 0)
  IN  [two EXCEPT !.nodes[<<"full">>].cversion = MaxInt - 2, !.nodes[<<"box">>].cversion = 1]

\* Which of the names begin with another: those of sequential nodes, and box.
Bases == {"a", "b", "c", "s", "box", "full"}
Numbers == (0..20) \cup (MaxInt - 3..MaxInt)
Numbered == {<<name, name \o SequenceSuffix(number)>> : name \in Bases, number \in Numbers}
Prefixes ==
  Numbered \cup {<<"b", "box">>} \cup {<<"b", "box" \o SequenceSuffix(n)>> : n \in Numbers}

Plain(data) == NewNode(data, OpenAcl, Persistent, 0, 0)
Grown ==
  LET one == LinkNode(Begun, A, Plain("x"), 3, 0)
      two == LinkNode(one, AB, Plain(""), 1, 0)
      three == LinkNode(two, B, Plain(""), 4, 0)
      four == LinkNode(three, QuotaPath \o A, Plain(""), 1, 0)
      five == LinkNode(four, LimitsPath(A), Plain(Limits), 1, 0)
  IN  LinkNode(five, StatsPath(A), Plain(UsageText(2, 1, "")), 2, 0)

AwayClients == {c \in Session : \E d \in Session : d < c}
Remembered ==
  {[kind |-> "data", path |-> A, since |-> 0], [kind |-> "data", path |-> <<"box">>, since |-> 0],
   [kind |-> "exist", path |-> ABC, since |-> 0], [kind |-> "child", path |-> A, since |-> 0],
   [kind |-> "child", path |-> Root, since |-> 0], [kind |-> "persistent", path |-> B, since |-> 0],
   [kind |-> "persistentRecursive", path |-> AB, since |-> 0]}

BeginsAway ==
  /\ tree = Opened(Grown, Session)
  /\ queue = [s \in Server |-> <<>>]
  /\ replica = [s \in Server |-> Opened(Grown, Session)]
  /\ watches = [s \in Server |-> NoWatches]
  /\ session = [c \in Session |-> IF c \in AwayClients THEN "lost" ELSE "connected"]
  /\ server = [c \in Session |-> IF c \in AwayClients THEN Null ELSE CHOOSE s \in Server : TRUE]
  /\ authInfo = [c \in Session |-> Address[c]]
  /\ pending = [c \in Session |-> <<>>]
  /\ channel = [c \in Session |-> <<>>]
  /\ lastZxid = [c \in Session |-> 0]
  /\ registered = [c \in Session |-> IF c \in AwayClients THEN Remembered ELSE {}]
  /\ now = 0

MBTInit == Init \/ BeginsWith(Begun) \/ BeginsAway

(***************************************************************************)
(* Servers stop and start again: one of them, or, as where a leader is     *)
(* lost, all of them for a while. Who was connected to them is not any     *)
(* more. What they have applied is on their disks.                         *)
(***************************************************************************)
Outages == {{s} : s \in Server} \cup {Server}

Restart(servers) ==
  LET IsHere(c) == server[c] \in servers
  IN  /\ session' = [c \in Session |->
                       IF IsHere(c) THEN WithoutConnection(session[c]) ELSE session[c]]
      /\ server' = [c \in Session |-> IF IsHere(c) THEN Null ELSE server[c]]
      /\ channel' = [c \in Session |-> IF IsHere(c) THEN <<>> ELSE channel[c]]
      /\ pending' = [c \in Session |-> IF IsHere(c) THEN <<>> ELSE pending[c]]
      /\ watches' = [s \in Server |-> IF s \in servers THEN NoWatches ELSE watches[s]]
      /\ UNCHANGED <<tree, queue, replica, authInfo, lastZxid, registered, now>>

\* A server falls behind, or has caught up: nothing that the data model knows of.
Lag(s) == UNCHANGED vars
CatchUp == UNCHANGED vars

MBTNext ==
  \/ Next
  \/ \E servers \in Outages : Restart(servers)
  \/ \E s \in Server : Lag(s)
  \/ CatchUp

\* Clients come from this machine, which is what they prove by their connection.
Local127 == [c \in Session |-> <<[scheme |-> "ip", id |-> "127.0.0.1"]>>]
\* Those of a simulated ensemble come from another, and their sessions last.
Simulated == [c \in Session |-> <<[scheme |-> "ip", id |-> "10.0.0.101"]>>]
LongTimeouts == {300000}

\* Without quotas to enforce, a server takes its frequent writes the short way.
NoQuotas == [PlainPolicy EXCEPT !.enforceQuota = FALSE]

\* A model is for a while, not for ever.
IsShort == now <= MaxNow
=============================================================================
