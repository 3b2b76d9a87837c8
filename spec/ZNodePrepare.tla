---------------------------- MODULE ZNodePrepare ----------------------------
(***************************************************************************)
(* Prepare: a request becomes a transaction, or an error that is a         *)
(* transaction too and takes a zxid like any other. One operator for each  *)
(* operation, a list of checks in ZooKeeper's order: the first that fails  *)
(* decides the error. Source: PrepRequestProcessor.pRequest2Txn and        *)
(* pRequest2TxnCreate.                                                     *)
(*                                                                         *)
(* A request is a record                                                   *)
(*   [type, sessionId, cxid, record, authInfo, zxid, time, localSession]   *)
(* where type names the operation, record has the fields of its jute       *)
(* record, zxid and time are what the transaction will get, and a          *)
(* localSession is known to one server only. A transaction is a record     *)
(*   [clientId, cxid, zxid, time, type, record]                            *)
(* (TxnHeader and the record of that type; error has [err]).               *)
(*                                                                         *)
(* Versions wrap as in ZooKeeper 3.9; 3.10 leaves out -1. An unknown       *)
(* session is answered SessionExpired as by the leader of an ensemble.     *)
(* createTTL with flags that are no TTL mode is BadArguments, where        *)
(* ZooKeeper logs a transaction that it cannot apply.                      *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, ZNodeQuota

EphemeralModes == {"EPHEMERAL", "EPHEMERAL_SEQUENTIAL"}
SequentialModes ==
  {"PERSISTENT_SEQUENTIAL", "EPHEMERAL_SEQUENTIAL", "PERSISTENT_SEQUENTIAL_WITH_TTL"}
TtlModes == {"PERSISTENT_WITH_TTL", "PERSISTENT_SEQUENTIAL_WITH_TTL"}
CreateModes ==
  {"PERSISTENT", "CONTAINER"} \cup EphemeralModes \cup SequentialModes \cup TtlModes

CreateTypes == {"create", "create2", "createContainer", "createTTL"}
AnyVersion == -1

\* What a check comes to: refused with an error, or accepted with the record of the transaction.
Refused(err) == [err |-> err]
Accepted(record) == [err |-> "Ok", record |-> record]

SessionLives(view, request) ==
  request.localSession \/ request.sessionId \in DOMAIN view.sessions

IsDeletable(path) == HasParentPath(path) /\ path \notin SpecialPaths

(***************************************************************************)
(* The operators take two trees: view has all transactions in it that were *)
(* prepared before, and of a multi the parts before this one; tree has     *)
(* those that the leader has applied. Only quotas ask the applied tree.    *)
(*                                                                         *)
(* create, create2, createContainer, createTTL: the flags, the TTL, the    *)
(* session; then the ACL, the parent and the right to CREATE there; then   *)
(* the final path, of which the name of a sequential node ends in the      *)
(* number of children that its parent ever had. A container node is        *)
(* created by createContainer alone; with create its flag makes a plain    *)
(* persistent node.                                                        *)
(***************************************************************************)
PrepareCreate(tree, view, request) ==
  LET create == request.record
      ttl == IF request.type = "createTTL" THEN create.ttl ELSE -1
      acl == FixUpAcl(create.acl, request.authInfo)
      parentPath == Parent(create.path)
      parent == view.nodes[parentPath]
      path == IF create.flags \in SequentialModes
              THEN Sequenced(create.path, parent.cversion)
              ELSE create.path
      quotaError == QuotaError(tree, path, 1, DataLength(create.data))
      parentCVersion == Next32(parent.cversion)
  IN  IF create.flags \notin CreateModes THEN Refused("BadArguments")
      ELSE IF create.flags \in TtlModes /\ ~Policy.extendedTypesEnabled
      THEN Refused("Unimplemented")
      ELSE IF IF create.flags \in TtlModes
              THEN ~IsValidTtl(ttl)
              ELSE ttl >= 0 \/ request.type = "createTTL"
      THEN Refused("BadArguments")
      ELSE IF ~SessionLives(view, request) THEN Refused("SessionExpired")
      ELSE IF create.flags \in EphemeralModes /\ request.localSession
      THEN Refused("EphemeralOnLocalSession")
      ELSE IF ~HasParentPath(create.path) THEN Refused("BadArguments")
      ELSE IF acl = <<>> THEN Refused("InvalidACL")
      ELSE IF ~HasNode(view, parentPath) THEN Refused("NoNode")
      ELSE IF ~CheckAcl(parent.acl, {"CREATE"}, request.authInfo) THEN Refused("NoAuth")
      ELSE IF ~IsLegalPath(path) THEN Refused("BadArguments")
      ELSE IF HasNode(view, path) THEN Refused("NodeExists")
      ELSE IF IsEphemeral(parent) THEN Refused("NoChildrenForEphemerals")
      ELSE IF quotaError # "Ok" THEN Refused(quotaError)
      ELSE CASE request.type = "createContainer" ->
                  Accepted([path |-> path, data |-> create.data, acl |-> acl,
                            parentCVersion |-> parentCVersion])
             [] request.type = "createTTL" ->
                  Accepted([path |-> path, data |-> create.data, acl |-> acl,
                            parentCVersion |-> parentCVersion, ttl |-> ttl])
             [] OTHER ->
                  Accepted([path |-> path, data |-> create.data, acl |-> acl,
                            ephemeral |-> create.flags \in EphemeralModes,
                            parentCVersion |-> parentCVersion])

(***************************************************************************)
(* delete: the right to DELETE is asked of the parent, before the node     *)
(* itself is looked for.                                                   *)
(***************************************************************************)
PrepareDelete(tree, view, request) ==
  LET path == request.record.path
      parent == view.nodes[Parent(path)]
      node == view.nodes[path]
  IN  IF ~SessionLives(view, request) THEN Refused("SessionExpired")
      ELSE IF ~IsDeletable(path) THEN Refused("BadArguments")
      ELSE IF ~HasNode(view, Parent(path)) THEN Refused("NoNode")
      ELSE IF ~CheckAcl(parent.acl, {"DELETE"}, request.authInfo) THEN Refused("NoAuth")
      ELSE IF ~HasNode(view, path) THEN Refused("NoNode")
      ELSE IF request.record.version \notin {AnyVersion, node.version} THEN Refused("BadVersion")
      ELSE IF node.children # {} THEN Refused("NotEmpty")
      ELSE Accepted([path |-> path])

(***************************************************************************)
(* deleteContainer: the leader's sweeper found a container or a TTL node   *)
(* unused and asks for its deletion, without a session and for everybody.  *)
(* Whether the node is still unused is decided here; that no ephemeral     *)
(* goes this way has the error of a version.                               *)
(***************************************************************************)
PrepareDeleteContainer(tree, view, request) ==
  LET path == request.record.path
      node == view.nodes[path]
  IN  IF ~IsDeletable(path) THEN Refused("BadArguments")
      ELSE IF ~HasNode(view, path) THEN Refused("NoNode")
      ELSE IF node.children # {} THEN Refused("NotEmpty")
      ELSE IF IsEphemeral(node) THEN Refused("BadVersion")
      ELSE Accepted([path |-> path])

(***************************************************************************)
(* setData: the quota is asked before the version.                         *)
(***************************************************************************)
PrepareSetData(tree, view, request) ==
  LET path == request.record.path
      node == view.nodes[path]
      growth == DataLength(request.record.data) - DataLength(node.data)
      quotaError == QuotaError(tree, path, 0, growth)
  IN  IF ~SessionLives(view, request) THEN Refused("SessionExpired")
      ELSE IF ~IsLegalPath(path) THEN Refused("BadArguments")
      ELSE IF ~HasNode(view, path) THEN Refused("NoNode")
      ELSE IF ~CheckAcl(node.acl, {"WRITE"}, request.authInfo) THEN Refused("NoAuth")
      ELSE IF quotaError # "Ok" THEN Refused(quotaError)
      ELSE IF request.record.version \notin {AnyVersion, node.version} THEN Refused("BadVersion")
      ELSE Accepted([path |-> path, data |-> request.record.data,
                     version |-> Next32(node.version)])

(***************************************************************************)
(* setACL: the new list is judged before the node is looked for; the right *)
(* is ADMIN, the version the node's aversion.                              *)
(***************************************************************************)
PrepareSetACL(tree, view, request) ==
  LET path == request.record.path
      acl == FixUpAcl(request.record.acl, request.authInfo)
      node == view.nodes[path]
  IN  IF ~SessionLives(view, request) THEN Refused("SessionExpired")
      ELSE IF ~IsLegalPath(path) THEN Refused("BadArguments")
      ELSE IF acl = <<>> THEN Refused("InvalidACL")
      ELSE IF ~HasNode(view, path) THEN Refused("NoNode")
      ELSE IF ~CheckAcl(node.acl, {"ADMIN"}, request.authInfo) THEN Refused("NoAuth")
      ELSE IF request.record.version \notin {AnyVersion, node.aversion}
      THEN Refused("BadVersion")
      ELSE Accepted([path |-> path, acl |-> acl, version |-> Next32(node.aversion)])

(***************************************************************************)
(* check: a part of a multi only. It changes nothing and needs READ.       *)
(***************************************************************************)
PrepareCheck(tree, view, request) ==
  LET path == request.record.path
      node == view.nodes[path]
  IN  IF ~SessionLives(view, request) THEN Refused("SessionExpired")
      ELSE IF ~IsLegalPath(path) THEN Refused("BadArguments")
      ELSE IF ~HasNode(view, path) THEN Refused("NoNode")
      ELSE IF ~CheckAcl(node.acl, {"READ"}, request.authInfo) THEN Refused("NoAuth")
      ELSE IF request.record.version \notin {AnyVersion, node.version} THEN Refused("BadVersion")
      ELSE Accepted([path |-> path, version |-> Next32(node.version)])

(***************************************************************************)
(* reconfig, as a standalone server answers it: it has no ensemble to      *)
(* change.                                                                 *)
(***************************************************************************)
PrepareReconfig(tree, view, request) ==
  IF ~Policy.reconfigEnabled THEN Refused("ReconfigDisabled")
  ELSE IF ~SessionLives(view, request) THEN Refused("SessionExpired")
  ELSE Refused("Unimplemented")

(***************************************************************************)
(* createSession and closeSession. The latter names the ephemerals that go *)
(* with the session, in any order; CHOOSE takes one, and the state machine *)
(* allows each. Expiry asks for it too, so the session need not live.      *)
(***************************************************************************)
Orders(set) ==
  {order \in [1..Cardinality(set) -> set] :
     \A i, j \in 1..Cardinality(set) : i # j => order[i] # order[j]}

RECURSIVE InSomeOrder(_)
InSomeOrder(set) ==
  IF set = {} THEN <<>>
  ELSE LET one == CHOOSE element \in set : TRUE IN <<one>> \o InSomeOrder(set \ {one})

PrepareCreateSession(tree, view, request) == Accepted([timeOut |-> request.record.timeOut])

PrepareCloseSession(tree, view, request) ==
  Accepted([paths2Delete |->
              IF Policy.closeSessionTxnEnabled
              THEN InSomeOrder(EphemeralsOf(view, request.sessionId))
              ELSE <<>>])

-----------------------------------------------------------------------------
(***************************************************************************)
(* Lay an accepted part of a multi over the view (addChangeRecord). Unlike *)
(* Apply this lets the counter of the parent go round: the numbers of      *)
(* later sequential parts follow it, even if the applied tree's will not.  *)
(***************************************************************************)
OwnerOf(type, record, clientId) ==
  CASE type = "createContainer" -> Container
    [] type = "createTTL" -> TimeToLive(record.ttl)
    [] OTHER -> IF record.ephemeral THEN Ephemeral(clientId) ELSE Persistent

Stage(view, request, record) ==
  CASE request.type \in CreateTypes ->
         LET owner == OwnerOf(request.type, record, request.sessionId)
             node == NewNode(record.data, record.acl, owner, request.zxid, request.time)
         IN  LinkNode(view, record.path, node, record.parentCVersion, request.zxid)
    [] request.type = "delete" -> UnlinkNode(view, record.path, request.zxid)
    [] request.type = "setData" ->
         ChangeNode(view, record.path,
                    [view.nodes[record.path] EXCEPT
                       !.data = record.data, !.version = record.version,
                       !.mzxid = request.zxid, !.mtime = request.time])
    [] request.type = "check" -> view

(***************************************************************************)
(* multi: the parts one after the other, each on top of those before it.   *)
(* One error fails all: the parts before it stay what they are, so that    *)
(* Apply can tell them from those after it, which are                      *)
(* RuntimeInconsistency. A part that is no operation for a multi fails the *)
(* request as a whole; so does quota text that cannot be read.             *)
(***************************************************************************)
PartTypes == CreateTypes \cup {"delete", "setData", "check"}

PreparePart(tree, view, request) ==
  CASE request.type \in CreateTypes -> PrepareCreate(tree, view, request)
    [] request.type = "delete" -> PrepareDelete(tree, view, request)
    [] request.type = "setData" -> PrepareSetData(tree, view, request)
    [] request.type = "check" -> PrepareCheck(tree, view, request)
    [] OTHER -> Refused("MarshallingError")

ErrorPart(err) == [type |-> "error", record |-> [err |-> err]]

RECURSIVE PrepareParts(_, _, _, _, _)
PrepareParts(tree, view, request, ops, done) ==
  IF ops = <<>> THEN Accepted([txns |-> done])
  ELSE LET op == Head(ops)
           part == [request EXCEPT !.type = op.type, !.record = op.record]
           outcome == PreparePart(tree, view, part)
           failed == [i \in 1..Len(ops) |->
                        ErrorPart(IF i = 1 THEN outcome.err ELSE "RuntimeInconsistency")]
       IN  IF outcome.err = "Ok"
           THEN PrepareParts(tree, Stage(view, part, outcome.record), request, Tail(ops),
                             Append(done, [type |-> op.type, record |-> outcome.record]))
           ELSE IF outcome.err = "MarshallingError" THEN Refused("MarshallingError")
           ELSE Accepted([txns |-> done \o failed])

PrepareMulti(tree, view, request) == PrepareParts(tree, view, request, request.record.ops, <<>>)

-----------------------------------------------------------------------------
(***************************************************************************)
(* The transaction for a request. A check alone, and what is no operation, *)
(* is Unimplemented.                                                       *)
(***************************************************************************)
Outcome(tree, view, request) ==
  CASE request.type \in CreateTypes -> PrepareCreate(tree, view, request)
    [] request.type = "delete" -> PrepareDelete(tree, view, request)
    [] request.type = "deleteContainer" -> PrepareDeleteContainer(tree, view, request)
    [] request.type = "setData" -> PrepareSetData(tree, view, request)
    [] request.type = "setACL" -> PrepareSetACL(tree, view, request)
    [] request.type = "reconfig" -> PrepareReconfig(tree, view, request)
    [] request.type = "createSession" -> PrepareCreateSession(tree, view, request)
    [] request.type = "closeSession" -> PrepareCloseSession(tree, view, request)
    [] request.type = "multi" -> PrepareMulti(tree, view, request)
    [] OTHER -> Refused("Unimplemented")

TxnOf(request, type, record) ==
  [clientId |-> request.sessionId, cxid |-> request.cxid, zxid |-> request.zxid,
   time |-> request.time, type |-> type, record |-> record]

PrepareOn(tree, view, request) ==
  LET outcome == Outcome(tree, view, request)
  IN  IF outcome.err = "Ok" THEN TxnOf(request, request.type, outcome.record)
      ELSE TxnOf(request, "error", [err |-> outcome.err])

\* Where nothing is under way.
Prepare(tree, request) == PrepareOn(tree, tree, request)

-----------------------------------------------------------------------------
(***************************************************************************)
(* What ZooKeeper prepares on while transactions are on their way. Its     *)
(* records of what they will change (ChangeRecord) miss two things until   *)
(* they are applied: the new list of a setACL, for the record keeps the    *)
(* former one, and that the nodes of a closing session leave their         *)
(* parents. So a request that comes meanwhile is answered NoAuth, Ok or    *)
(* NotEmpty by what was before. The state machine prepares on all of it,   *)
(* as SpecKeeper does; histories of ZooKeeper are judged by both.          *)
(***************************************************************************)
Behind(view, path, acl, children) ==
  [view EXCEPT !.nodes[path] = [@ EXCEPT !.acl = acl, !.children = @ \cup children]]
=============================================================================
