----------------------------- MODULE ZNodeApply -----------------------------
(***************************************************************************)
(* Apply: a transaction changes the tree. One operator for each type of    *)
(* transaction. Applying is total, and tolerant: a server that replays its *)
(* log over a fuzzy snapshot meets nodes that later transactions have      *)
(* already created, changed or deleted. So a create that finds its node,   *)
(* and a delete that does not, still bring the parent up to date, and a    *)
(* parent's numbers never go back. Source: DataTree.processTxn.            *)
(*                                                                         *)
(* The result is a record                                                  *)
(*   [tree, type, err, path, stat, results, events, warnings]              *)
(* with the new tree; type, err, path and stat answer the request (path    *)
(* and stat are Null where there is none); results has one such answer for *)
(* each part of a multi. events are the changes that watches may wait for, *)
(* in order: [type, path, acl], where for NodeChildrenChanged path is the  *)
(* parent, and acl the node's list at that moment. warnings are quotas     *)
(* that are exceeded and not enforced.                                     *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, ZNodePrepare

Applied(tree, type, err, path) ==
  [tree |-> tree, type |-> type, err |-> err, path |-> path, stat |-> Null,
   results |-> <<>>, events |-> <<>>, warnings |-> {}]

Event(type, path, acl) == [type |-> type, path |-> path, acl |-> acl]

(***************************************************************************)
(* Add a node with its parent's numbers (DataTree.createNode). A counter   *)
(* that is not ahead of the parent's is a replay, or has gone round: the   *)
(* parent stays ahead. ZooKeeper answers create without a Stat, all its    *)
(* relatives with one.                                                     *)
(***************************************************************************)
ApplyCreate(tree, type, record, header) ==
  LET path == record.path
      parentPath == Parent(path)
      parent == tree.nodes[parentPath]
      counter == IF record.parentCVersion = -1 THEN Next32(parent.cversion)
                 ELSE record.parentCVersion
      cversion == IF counter > parent.cversion THEN counter ELSE parent.cversion
      pzxid == IF counter > parent.cversion THEN header.zxid ELSE parent.pzxid
      owner == OwnerOf(type, record, header.clientId)
      node == NewNode(record.data, record.acl, owner, header.zxid, header.time)
      replayed == [tree.nodes[path] EXCEPT !.acl = record.acl]
      linked == FillIn(LinkNode(tree, path, node, cversion, pzxid), path)
      accounted == Account(linked, path, 1, DataLength(record.data))
      events == <<Event("NodeCreated", path, record.acl),
                  Event("NodeChildrenChanged", parentPath, parent.acl)>>
  IN  IF type = "createTTL" /\ ~IsValidTtl(record.ttl)
      THEN Applied(tree, type, "BadArguments", path)
      ELSE IF path = Root \/ ~HasNode(tree, parentPath) THEN Applied(tree, type, "NoNode", path)
      ELSE IF HasNode(tree, path)
      THEN Applied(LinkNode(tree, path, replayed, cversion, pzxid), type, "NodeExists", path)
      ELSE [Applied(accounted.tree, type, "Ok", path) EXCEPT
              !.stat = IF type = "create" THEN Null ELSE Stat(node),
              !.events = events, !.warnings = accounted.warnings]

(***************************************************************************)
(* Remove a node (DataTree.deleteNode). Who waits for the node hears that  *)
(* it is deleted, who waits for children of the parent that they changed.  *)
(***************************************************************************)
RemoveNode(tree, path, zxid) ==
  LET node == tree.nodes[path]
      parent == tree.nodes[Parent(path)]
      unlinked == UnlinkNode(tree, path, zxid)
  IN  IF path = Root \/ ~HasNode(tree, Parent(path)) THEN [tree |-> tree, events |-> <<>>]
      ELSE IF ~HasNode(tree, path) THEN [tree |-> unlinked, events |-> <<>>]
      ELSE [tree |-> Account(unlinked, path, -1, -DataLength(node.data)).tree,
            events |-> <<Event("NodeDeleted", path, node.acl),
                         Event("NodeChildrenChanged", Parent(path), parent.acl)>>]

ApplyDelete(tree, type, record, header) ==
  LET removed == RemoveNode(tree, record.path, header.zxid)
      err == IF removed.events = <<>> THEN "NoNode" ELSE "Ok"
  IN  [Applied(removed.tree, type, err, record.path) EXCEPT !.events = removed.events]

\* setData; reconfig does just that to the configuration (DataTree.setData).
ApplySetData(tree, type, record, header) ==
  LET path == record.path
      former == tree.nodes[path]
      node == [former EXCEPT !.data = record.data, !.version = record.version,
                             !.mzxid = header.zxid, !.mtime = header.time]
      growth == DataLength(record.data) - DataLength(former.data)
      accounted == Account(ChangeNode(tree, path, node), path, 0, growth)
  IN  IF ~HasNode(tree, path) THEN Applied(tree, type, "NoNode", path)
      ELSE [Applied(accounted.tree, type, "Ok", path) EXCEPT
              !.stat = Stat(node),
              !.events = <<Event("NodeDataChanged", path, node.acl)>>,
              !.warnings = accounted.warnings]

\* setACL fires no watch and leaves mzxid alone (DataTree.setACL).
ApplySetACL(tree, type, record, header) ==
  LET path == record.path
      node == [tree.nodes[path] EXCEPT !.acl = record.acl, !.aversion = record.version]
  IN  IF ~HasNode(tree, path) THEN Applied(tree, type, "NoNode", path)
      ELSE [Applied(ChangeNode(tree, path, node), type, "Ok", path) EXCEPT !.stat = Stat(node)]

ApplyCheck(tree, type, record, header) == Applied(tree, type, "Ok", record.path)

ApplyError(tree, type, record, header) == Applied(tree, type, record.err, Null)

ApplyCreateSession(tree, type, record, header) ==
  LET sessions == With(tree.sessions, header.clientId, record.timeOut)
  IN  Applied([tree EXCEPT !.sessions = sessions], type, "Ok", Null)

(***************************************************************************)
(* closeSession deletes the nodes that the transaction names, then         *)
(* whatever else the session still owns, and the session itself            *)
(* (DataTree.killSession).                                                 *)
(***************************************************************************)
RECURSIVE RemoveNodes(_, _, _)
RemoveNodes(tree, paths, zxid) ==
  IF paths = <<>> THEN [tree |-> tree, events |-> <<>>]
  ELSE LET first == RemoveNode(tree, Head(paths), zxid)
           others == RemoveNodes(first.tree, Tail(paths), zxid)
       IN  [tree |-> others.tree, events |-> first.events \o others.events]

ApplyCloseSession(tree, type, record, header) ==
  LET named == RemoveNodes(tree, record.paths2Delete, header.zxid)
      owned == InSomeOrder(EphemeralsOf(named.tree, header.clientId))
      others == RemoveNodes(named.tree, owned, header.zxid)
      sessions == Without(tree.sessions, header.clientId)
  IN  [Applied([others.tree EXCEPT !.sessions = sessions], type, "Ok", Null) EXCEPT
         !.events = named.events \o others.events]

-----------------------------------------------------------------------------
ApplyRecord(tree, type, record, header) ==
  CASE type \in CreateTypes -> ApplyCreate(tree, type, record, header)
    [] type \in {"delete", "deleteContainer"} -> ApplyDelete(tree, type, record, header)
    [] type \in {"setData", "reconfig"} -> ApplySetData(tree, type, record, header)
    [] type = "setACL" -> ApplySetACL(tree, type, record, header)
    [] type = "check" -> ApplyCheck(tree, type, record, header)
    [] type = "createSession" -> ApplyCreateSession(tree, type, record, header)
    [] type = "closeSession" -> ApplyCloseSession(tree, type, record, header)
    [] type = "error" -> ApplyError(tree, type, record, header)
    [] OTHER -> Applied(tree, type, "Ok", Null)

(***************************************************************************)
(* multi: all parts, or none if one of them is an error. Of a failed multi *)
(* the parts before the first error answer Ok and the others their error,  *)
(* all as parts of type error; later ones that are no errors, which        *)
(* Prepare does not make, answer RuntimeInconsistency. The err of the      *)
(* whole is the first among the parts, while the reply's header says Ok.   *)
(***************************************************************************)
Answer(applied) ==
  [type |-> applied.type, err |-> applied.err, path |-> applied.path, stat |-> applied.stat]

IsFailed(txns) == \E i \in 1..Len(txns) : txns[i].type = "error"

FirstError(results) ==
  LET errors == {i \in 1..Len(results) : results[i].err # "Ok"}
  IN  IF errors = {} THEN "Ok"
      ELSE results[CHOOSE i \in errors : \A j \in errors : i <= j].err

RECURSIVE ApplyParts(_, _, _)
ApplyParts(tree, txns, header) ==
  IF txns = <<>> THEN Applied(tree, "multi", "Ok", Null)
  ELSE LET first == ApplyRecord(tree, Head(txns).type, Head(txns).record, header)
           others == ApplyParts(first.tree, Tail(txns), header)
       IN  [others EXCEPT !.results = <<Answer(first)>> \o @,
                          !.events = first.events \o @,
                          !.warnings = first.warnings \cup @]

FailedResults(txns) ==
  LET first == CHOOSE i \in 1..Len(txns) :
                 txns[i].type = "error" /\ \A j \in 1..(i - 1) : txns[j].type # "error"
  IN  [i \in 1..Len(txns) |->
         [type |-> "error", path |-> Null, stat |-> Null,
          err |-> IF i < first THEN "Ok"
                  ELSE IF txns[i].type = "error" THEN txns[i].record.err
                  ELSE "RuntimeInconsistency"]]

ApplyMulti(tree, record, header) ==
  LET applied == IF IsFailed(record.txns)
                 THEN [Applied(tree, "multi", "Ok", Null) EXCEPT
                         !.results = FailedResults(record.txns)]
                 ELSE ApplyParts(tree, record.txns, header)
  IN  [applied EXCEPT !.err = FirstError(applied.results)]

(***************************************************************************)
(* The zxid moves once the whole transaction is in, and never back.        *)
(***************************************************************************)
Apply(tree, txn) ==
  LET applied == IF txn.type = "multi" THEN ApplyMulti(tree, txn.record, txn)
                 ELSE ApplyRecord(tree, txn.type, txn.record, txn)
  IN  [applied EXCEPT !.tree.lastProcessedZxid = IF txn.zxid > @ THEN txn.zxid ELSE @]

(***************************************************************************)
(* What the leader judges a request against: the tree that it has applied, *)
(* with the transactions laid over it that are under way                   *)
(* (ZooKeeperServer.outstandingChanges). There the counter of a parent     *)
(* goes round, as in Stage, where that of an applied tree stays.           *)
(***************************************************************************)
RECURSIVE LaidParts(_, _, _)
LaidParts(view, parts, header) ==
  IF parts = <<>> THEN view
  ELSE LET part == Head(parts)
           laid == ApplyRecord(view, part.type, part.record, header).tree
           counted == IF part.type \in CreateTypes
                      THEN [laid EXCEPT !.nodes[Parent(part.record.path)].cversion =
                              part.record.parentCVersion]
                      ELSE laid
       IN  LaidParts(counted, Tail(parts), header)

RECURSIVE LaidOver(_, _)
LaidOver(tree, txns) ==
  IF txns = <<>> THEN tree
  ELSE LET txn == Head(txns)
           parts == IF txn.type # "multi" THEN <<[type |-> txn.type, record |-> txn.record]>>
                    ELSE IF IsFailed(txn.record.txns) THEN <<>>
                    ELSE txn.record.txns
       IN  LaidOver(LaidParts(tree, parts, txn), Tail(txns))

(***************************************************************************)
(* Once all data is loaded, a server deletes the ephemerals of sessions    *)
(* that do not exist (ZooKeeperServer.loadData).                           *)
(***************************************************************************)
RemoveDeadEphemerals(tree) ==
  LET dead == {path \in DOMAIN tree.nodes :
                 /\ IsEphemeral(tree.nodes[path])
                 /\ tree.nodes[path].ephemeralOwner.session \notin DOMAIN tree.sessions}
  IN  RemoveNodes(tree, InSomeOrder(dead), tree.lastProcessedZxid)
=============================================================================
