----------------------------- MODULE ZNodeTree -----------------------------
(***************************************************************************)
(* The tree: nodes by path, and the sessions that live. Everything a       *)
(* server replicates is in one record, so that operators take a tree and   *)
(* give a tree. Fields have the names of ZooKeeper's classes DataTree,     *)
(* DataNode, StatPersisted and Stat.                                       *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, ZNodeText

(***************************************************************************)
(* A path is the sequence of the names between its slashes: /a/b is        *)
(* <<"a", "b">>, the root / is <<>>. Clients send texts that are no legal  *)
(* paths, and the server's checks tell them apart, so these have a place   *)
(* too: /a/ is <<"a", "">>, // is <<"", "">>, and a text that does not     *)
(* begin with a slash gets "/" as its first name: a/b is <<"/", "a", "b">> *)
(* and the empty text <<"/", "">>.                                         *)
(***************************************************************************)
Root == <<>>
ZookeeperPath == <<"zookeeper">>
QuotaPath == <<"zookeeper", "quota">>
ConfigPath == <<"zookeeper", "config">>

\* What the server keeps for itself: nobody may delete it (DataTree.isSpecialPath).
SpecialPaths == {Root, ZookeeperPath, QuotaPath, ConfigPath}

\* The elements of a sequence: the names of a path, the paths of a list.
ElementsOf(sequence) == {sequence[i] : i \in 1..Len(sequence)}

\* PathUtils.validatePath.
IsLegalPath(path) == \A i \in 1..Len(path) : path[i] \notin IllegalName

\* There is a slash, and no NUL character: create and delete ask this first.
HasParentPath(path) ==
  /\ ~(Len(path) = 2 /\ path[1] = "/")
  /\ \A i \in 1..Len(path) : path[i] \notin NulName

(***************************************************************************)
(* ZooKeeper has the root under two names, / and the empty text. The       *)
(* parent of //x is /, which a sequence of names shows as <<"">>.          *)
(***************************************************************************)
Located(path) == IF path = <<"">> \/ path = <<"/", "">> THEN Root ELSE path

Parent(path) ==
  IF Len(path) <= 1 THEN Root ELSE Located(SubSeq(path, 1, Len(path) - 1))

LastName(path) == IF path = Root THEN "" ELSE path[Len(path)]

\* The path of a sequential create: the number goes behind the last name.
Sequenced(path, number) ==
  Append(SubSeq(path, 1, Len(path) - 1), LastName(path) \o SequenceSuffix(number))

IsStrictPrefix(path, longer) ==
  Len(path) < Len(longer) /\ SubSeq(longer, 1, Len(path)) = path

\* path begins with prefix where both are seen as texts: /ab begins with /a.
HasTextPrefix(path, prefix) ==
  LET n == Len(prefix)
  IN  /\ Len(path) >= n
      /\ SubSeq(path, 1, n - 1) = SubSeq(prefix, 1, n - 1)
      /\ IF n = 0 THEN TRUE
         ELSE IF Len(path) = n THEN StartsWith(path[n], prefix[n]) ELSE path[n] = prefix[n]

-----------------------------------------------------------------------------
(***************************************************************************)
(* Four kinds of node (EphemeralType). ZooKeeper packs the kind, the       *)
(* owning session and the TTL into one 64-bit number, ephemeralOwner; here *)
(* they are three fields. Only a NORMAL node is an ephemeral: it dies with *)
(* its session and has no children.                                        *)
(***************************************************************************)
NoSession == 0
NoTtl == 0
Persistent == [type |-> "VOID", session |-> NoSession, ttl |-> NoTtl]
Ephemeral(sessionId) == [type |-> "NORMAL", session |-> sessionId, ttl |-> NoTtl]
Container == [type |-> "CONTAINER", session |-> NoSession, ttl |-> NoTtl]
TimeToLive(ttl) == [type |-> "TTL", session |-> NoSession, ttl |-> ttl]

IsEphemeral(node) == node.ephemeralOwner.type = "NORMAL"

IsValidTtl(ttl) == 0 < ttl /\ ttl <= MaxTtl

-----------------------------------------------------------------------------
(***************************************************************************)
(* A node (DataNode with its StatPersisted). children are the names of its *)
(* children. cversion counts the children ever created; deletions do not   *)
(* change it. NewNode is how every node begins.                            *)
(***************************************************************************)
NewNode(data, acl, ephemeralOwner, zxid, time) ==
  [data |-> data, acl |-> acl, children |-> {},
   czxid |-> zxid, mzxid |-> zxid, pzxid |-> zxid, ctime |-> time, mtime |-> time,
   version |-> 0, cversion |-> 0, aversion |-> 0, ephemeralOwner |-> ephemeralOwner]

(***************************************************************************)
(* What clients are shown (DataNode.copyStat). They expect cversion to     *)
(* count creations plus deletions of children; every child that is not     *)
(* there any more was deleted once, hence twice the creations minus the    *)
(* children. The owner is shown of ephemerals only.                        *)
(***************************************************************************)
Stat(node) ==
  LET numChildren == Cardinality(node.children)
  IN  [czxid |-> node.czxid, mzxid |-> node.mzxid, pzxid |-> node.pzxid,
       ctime |-> node.ctime, mtime |-> node.mtime,
       version |-> node.version, aversion |-> node.aversion,
       cversion |-> Add32(Add32(node.cversion, node.cversion), -numChildren),
       ephemeralOwner |-> IF IsEphemeral(node) THEN node.ephemeralOwner.session ELSE NoSession,
       dataLength |-> DataLength(node.data), numChildren |-> numChildren]

(***************************************************************************)
(* A tree: nodes by path, timeouts of the living sessions by session, and  *)
(* the zxid of the last transaction that is in.                            *)
(***************************************************************************)
HasNode(tree, path) == path \in DOMAIN tree.nodes

ChildPaths(tree, path) == {Append(path, name) : name \in tree.nodes[path].children}

\* path and everything below it.
Subtree(tree, path) ==
  {other \in DOMAIN tree.nodes : other = path \/ IsStrictPrefix(path, other)}

EphemeralsOf(tree, sessionId) ==
  {path \in DOMAIN tree.nodes :
     /\ IsEphemeral(tree.nodes[path])
     /\ tree.nodes[path].ephemeralOwner.session = sessionId}

(***************************************************************************)
(* The tree at first start: four nodes with a Stat of zeros. Everybody may *)
(* read the configuration and nobody but super may write it; the setACL    *)
(* that saw to that left aversion -1 (DataTree.addConfigNode).             *)
(***************************************************************************)
Perms == {"READ", "WRITE", "CREATE", "DELETE", "ADMIN"}
Anyone == [scheme |-> "world", id |-> "anyone"]
OpenAcl == <<[perms |-> Perms, id |-> Anyone]>>
ReadAcl == <<[perms |-> {"READ"}, id |-> Anyone]>>

InitialTree ==
  LET blank == NewNode("", OpenAcl, Persistent, 0, 0)
  IN  [nodes |->
         [path \in SpecialPaths |->
            CASE path = Root -> [blank EXCEPT !.children = {"zookeeper"}]
              [] path = ZookeeperPath -> [blank EXCEPT !.children = {"quota", "config"}]
              [] path = QuotaPath -> blank
              [] path = ConfigPath -> [blank EXCEPT !.acl = ReadAcl, !.aversion = -1]],
       sessions |-> <<>>,
       lastProcessedZxid |-> 0]

-----------------------------------------------------------------------------
(***************************************************************************)
(* The smallest changes, of which transactions are made. A function with   *)
(* one more argument, with one less.                                       *)
(***************************************************************************)
With(f, argument, value) ==
  [x \in DOMAIN f \cup {argument} |-> IF x = argument THEN value ELSE f[x]]

Without(f, argument) == [x \in DOMAIN f \ {argument} |-> f[x]]

(***************************************************************************)
(* Add a node below its parent, which gets the given counter and pzxid.    *)
(***************************************************************************)
LinkNode(tree, path, node, cversion, pzxid) ==
  LET parent == [tree.nodes[Parent(path)] EXCEPT
                   !.children = @ \cup {LastName(path)},
                   !.cversion = cversion, !.pzxid = pzxid]
      nodes == [tree.nodes EXCEPT ![Parent(path)] = parent]
  IN  [tree EXCEPT !.nodes = With(nodes, path, node)]

(***************************************************************************)
(* Remove a node from its parent, whose pzxid moves on and whose counter   *)
(* stays. The parent is brought up to date even where the node has gone    *)
(* already (DataTree.deleteNode).                                          *)
(***************************************************************************)
UnlinkNode(tree, path, zxid) ==
  LET parent == [tree.nodes[Parent(path)] EXCEPT
                   !.children = @ \ {LastName(path)},
                   !.pzxid = IF zxid > @ THEN zxid ELSE @]
      nodes == [tree.nodes EXCEPT ![Parent(path)] = parent]
  IN  [tree EXCEPT !.nodes = IF path \in DOMAIN nodes THEN Without(nodes, path) ELSE nodes]

ChangeNode(tree, path, node) == [tree EXCEPT !.nodes[path] = node]
=============================================================================
