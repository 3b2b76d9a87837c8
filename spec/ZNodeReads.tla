----------------------------- MODULE ZNodeReads -----------------------------
(***************************************************************************)
(* Reads: answered from the applied tree of one server, each with its      *)
(* permission check. An answer is a record with err, and on Ok the fields  *)
(* of the jute record of the reply. The order of children and of paths is  *)
(* not promised, so they are sets. Source: FinalRequestProcessor.          *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, ZNodeApply

Fails(err) == [err |-> err]

\* A path as it is looked up: the empty text finds the root as well.
NodeAt(tree, path) == tree.nodes[Located(path)]

ReadError(tree, path, perms, authInfo) ==
  IF ~HasNode(tree, Located(path)) THEN "NoNode"
  ELSE IF ~CheckAcl(NodeAt(tree, path).acl, perms, authInfo) THEN "NoAuth"
  ELSE "Ok"

GetDataAnswer(tree, path, authInfo) ==
  LET err == ReadError(tree, path, {"READ"}, authInfo)
      node == NodeAt(tree, path)
  IN  IF err # "Ok" THEN Fails(err) ELSE [err |-> "Ok", data |-> node.data, stat |-> Stat(node)]

\* The node must be readable since 3.9.2 (ZOOKEEPER-2590).
ExistsAnswer(tree, path, authInfo) ==
  LET err == ReadError(tree, path, {"READ"}, authInfo)
  IN  IF \E i \in 1..Len(path) : path[i] \in NulName THEN Fails("BadArguments")
      ELSE IF err # "Ok" THEN Fails(err)
      ELSE [err |-> "Ok", stat |-> Stat(NodeAt(tree, path))]

GetChildrenAnswer(tree, path, authInfo) ==
  LET err == ReadError(tree, path, {"READ"}, authInfo)
  IN  IF err # "Ok" THEN Fails(err)
      ELSE [err |-> "Ok", children |-> NodeAt(tree, path).children]

GetChildren2Answer(tree, path, authInfo) ==
  LET err == ReadError(tree, path, {"READ"}, authInfo)
      node == NodeAt(tree, path)
  IN  IF err # "Ok" THEN Fails(err)
      ELSE [err |-> "Ok", children |-> node.children, stat |-> Stat(node)]

(***************************************************************************)
(* getACL: READ or ADMIN will do. Without ADMIN the client does not see    *)
(* the hash in a digest id, only user:x.                                   *)
(***************************************************************************)
WithoutHash(entry) ==
  IF entry.id.scheme = "digest" /\ entry.id.id \in DOMAIN UserOf
  THEN [entry EXCEPT !.id.id = UserOf[@] \o ":x"]
  ELSE entry

GetACLAnswer(tree, path, authInfo) ==
  LET err == ReadError(tree, path, {"READ", "ADMIN"}, authInfo)
      node == NodeAt(tree, path)
      acl == IF CheckAcl(node.acl, {"ADMIN"}, authInfo) THEN node.acl
             ELSE [i \in 1..Len(node.acl) |-> WithoutHash(node.acl[i])]
  IN  IF err # "Ok" THEN Fails(err) ELSE [err |-> "Ok", acl |-> acl, stat |-> Stat(node)]

\* All descendants; under its other name the root counts itself as well.
GetAllChildrenNumberAnswer(tree, path, authInfo) ==
  LET err == ReadError(tree, path, {"READ"}, authInfo)
      total == Cardinality(Subtree(tree, Located(path))) - 1
  IN  IF err # "Ok" THEN Fails(err)
      ELSE [err |-> "Ok", totalNumber |-> IF path = <<"/", "">> THEN total + 1 ELSE total]

\* The session's own ephemerals whose path begins with prefix as text; Null and / mean all.
GetEphemeralsAnswer(tree, prefix, sessionId) ==
  LET all == EphemeralsOf(tree, sessionId)
      IsAll == prefix = Null \/ prefix \in {Root, <<"/", "">>}
  IN  [err |-> "Ok",
       ephemerals |-> IF IsAll THEN all ELSE {path \in all : HasTextPrefix(path, prefix)}]

\* Everything that the client has proven, digests without their hash; who came by a scheme that has
\* no provider, super for one, has no name (AuthUtil.getClientInfos).
UserName(id) ==
  IF id.scheme \notin Policy.schemes THEN ""
  ELSE IF id.scheme = "digest" /\ id.id \in DOMAIN UserOf THEN UserOf[id.id]
  ELSE id.id

WhoAmIAnswer(authInfo) ==
  [err |-> "Ok",
   clientInfo |->
     [i \in 1..Len(authInfo) |->
        [authScheme |-> authInfo[i].scheme, user |-> UserName(authInfo[i])]]]

\* multiRead: getData and getChildren, each on its own.
ReadPart(tree, op, authInfo) ==
  CASE op.type = "getData" -> GetDataAnswer(tree, op.record.path, authInfo)
    [] op.type = "getChildren" -> GetChildrenAnswer(tree, op.record.path, authInfo)

MultiReadAnswer(tree, ops, authInfo) ==
  IF \E i \in 1..Len(ops) : ops[i].type \notin {"getData", "getChildren"}
  THEN Fails("MarshallingError")
  ELSE [err |-> "Ok", results |-> [i \in 1..Len(ops) |-> ReadPart(tree, ops[i], authInfo)]]
=============================================================================
