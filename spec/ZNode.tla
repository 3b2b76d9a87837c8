------------------------------- MODULE ZNode -------------------------------
(***************************************************************************)
(* ZooKeeper as its clients see it: sessions, their requests, the replies  *)
(* and watch events that they get. What an operation does to the tree is   *)
(* in ZNodePrepare and ZNodeApply, what a read answers in ZNodeReads, who  *)
(* is told of a change in ZNodeWatch. Here is who may ask when, and in     *)
(* which order things arrive.                                              *)
(*                                                                         *)
(* How servers agree on one order of transactions is not told here but in  *)
(* Zab.tla. Here they do: a write takes the next zxid at once, and every   *)
(* server applies the transactions one by one in that order, each at its   *)
(* own pace. A server answers reads from what it has applied, so reads may *)
(* be stale. With one server this is a standalone server.                  *)
(*                                                                         *)
(* Left out: local sessions, the read-only mode, a client's own time-outs, *)
(* and reconfig, which changes the ensemble.                               *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, ZNodeWatch

CONSTANTS
  Session,     \* session ids; each is used for at most one session
  Server,      \* the servers that clients connect to
  Address,     \* session |-> the ids of its connection before it proves any: its address
  \* What clients may ask for.
  Path, Data, AclList, Flags, Ttl, Version, Timeout, AuthId,
  Ops,         \* sequences of [type, record] for multi
  ReadOps      \* sequences of [type, record] for multiRead

VARIABLES
  tree,        \* the tree with every transaction that has a zxid
  queue,       \* queue[s]: the transactions that server s has yet to apply
  replica,     \* replica[s]: the tree of server s
  watches,     \* watches[s]: the watch tables of server s
  session,     \* session[c]: how far client c has got with its session, see SessionStates
  server,      \* server[c]: the server to which c has a connection, or Null
  authInfo,    \* authInfo[c]: what c has proven
  pending,     \* pending[c]: requests of this connection that wait for a transaction
  channel,     \* channel[c]: what is on its way to c
  lastZxid,    \* lastZxid[c]: the highest zxid in a reply that c has seen
  registered,  \* registered[c]: the watches that c believes to have
  now          \* wall clock of the leader, in units of a TTL

vars == <<tree, queue, replica, watches, session, server, authInfo, pending, channel, lastZxid,
          registered, now>>

(***************************************************************************)
(* The life of a session, as its client knows it: not begun; asked for;    *)
(* in use; connection lost; connected again, but watches are not yet set   *)
(* again; about to be closed by the client, which asks for nothing more;   *)
(* closed; known to have expired, or given up.                             *)
(***************************************************************************)
SessionStates ==
  {"none", "connecting", "connected", "lost", "reconnected", "closing", "closed", "expired"}

\* What becomes of a session, for its client, when the connection is lost in that state.
WithoutConnection(state) ==
  CASE state = "connecting" -> "expired"
    [] state = "closing" -> "closed"
    [] OTHER -> "lost"

Init ==
  /\ tree = InitialTree
  /\ queue = [s \in Server |-> <<>>]
  /\ replica = [s \in Server |-> InitialTree]
  /\ watches = [s \in Server |-> NoWatches]
  /\ session = [c \in Session |-> "none"]
  /\ server = [c \in Session |-> Null]
  /\ authInfo = [c \in Session |-> Address[c]]
  /\ pending = [c \in Session |-> <<>>]
  /\ channel = [c \in Session |-> <<>>]
  /\ lastZxid = [c \in Session |-> 0]
  /\ registered = [c \in Session |-> {}]
  /\ now = 0

-----------------------------------------------------------------------------
(***************************************************************************)
(* What travels to a client. A reply says to which request it belongs; its *)
(* answer has err and the fields of the jute record; watch is the watch    *)
(* that the request asked for, or "none". The zxid in the header of a      *)
(* reply is the last one that the server had applied. An event has the     *)
(* zxid of its transaction (since 3.9), and -1 when setWatches made it up. *)
(***************************************************************************)
Reply(type, path, zxid, answer, watch) ==
  [kind |-> "reply", type |-> type, path |-> path, zxid |-> zxid, answer |-> answer,
   watch |-> watch]

Notification(type, path, zxid) ==
  [kind |-> "event", type |-> type, path |-> path, zxid |-> zxid]

(***************************************************************************)
(* A write takes the next zxid and goes to every server. The client's xid  *)
(* matters to nobody, so all are 0.                                        *)
(***************************************************************************)
RequestOf(c, ids, type, record) ==
  [type |-> type, sessionId |-> c, cxid |-> 0, record |-> record, authInfo |-> ids,
   zxid |-> tree.lastProcessedZxid + 1, time |-> now, localSession |-> FALSE]

\* What the leader makes of a request; any server may be the leader, and has applied what it has.
Prepared(request) ==
  {PrepareOn(replica[s], LaidOver(replica[s], queue[s]), request) : s \in Server}

Commit(txn) ==
  /\ tree' = Apply(tree, txn).tree
  /\ queue' = [s \in Server |-> Append(queue[s], txn)]

Wait(c, type, path, zxid) ==
  pending' = [pending EXCEPT ![c] = Append(@, [type |-> type, path |-> path, zxid |-> zxid])]

(***************************************************************************)
(* Client c asks for a write. What it does is decided here, against all    *)
(* writes before it, applied or under way at the leader; the reply comes   *)
(* when the server of c has applied it.                                    *)
(* If the connection is lost before that, c does not know whether the      *)
(* write was done: a request that got lost on its way is one that was      *)
(* never sent here.                                                        *)
(***************************************************************************)
Write(c, type, path, record) ==
  /\ session[c] = "connected"
  /\ \E txn \in Prepared(RequestOf(c, authInfo[c], type, record)) :
       Commit(txn) /\ Wait(c, type, path, txn.zxid)
  /\ UNCHANGED <<replica, watches, session, server, authInfo, channel, lastZxid, registered, now>>

\* create: a node, of which the reply gives the final path. ZooKeeper.create, opcode 1.
Create(c, path, data, acl, flags) ==
  Write(c, "create", path, [path |-> path, data |-> data, acl |-> acl, flags |-> flags])

\* create2: as create, and the reply has a Stat. Opcode 15.
Create2(c, path, data, acl, flags) ==
  Write(c, "create2", path, [path |-> path, data |-> data, acl |-> acl, flags |-> flags])

\* createContainer: a node that the server removes after its last child has gone. Opcode 19.
CreateContainer(c, path, data, acl) ==
  Write(c, "createContainer", path,
        [path |-> path, data |-> data, acl |-> acl, flags |-> "CONTAINER"])

\* createTTL: a node that the server removes when it was not written for ttl. Opcode 21.
CreateTTL(c, path, data, acl, flags, ttl) ==
  Write(c, "createTTL", path,
        [path |-> path, data |-> data, acl |-> acl, flags |-> flags, ttl |-> ttl])

\* delete: if the version is the node's, or -1. Opcode 2.
Delete(c, path, version) == Write(c, "delete", path, [path |-> path, version |-> version])

\* setData: if the version is the node's, or -1; the reply has the new Stat. Opcode 5.
SetData(c, path, data, version) ==
  Write(c, "setData", path, [path |-> path, data |-> data, version |-> version])

\* setACL: if the version is the node's aversion, or -1. Opcode 7.
SetACL(c, path, acl, version) ==
  Write(c, "setACL", path, [path |-> path, acl |-> acl, version |-> version])

\* multi: several operations under one zxid, all or none. Opcode 14.
Multi(c, ops) == Write(c, "multi", Root, [ops |-> ops])

-----------------------------------------------------------------------------
(***************************************************************************)
(* Client c opens a session at server s. The server asks for a             *)
(* createSession transaction, and the client gets its answer when that is  *)
(* applied (ZooKeeperServer.processConnectRequest).                        *)
(***************************************************************************)
CreateSession(c, s, timeout) ==
  /\ session[c] = "none"
  /\ session' = [session EXCEPT ![c] = "connecting"]
  /\ server' = [server EXCEPT ![c] = s]
  /\ LET txn == Prepare(tree, RequestOf(c, <<>>, "createSession", [timeOut |-> timeout]))
     IN  Commit(txn) /\ Wait(c, "createSession", Root, txn.zxid)
  /\ UNCHANGED <<replica, watches, authInfo, channel, lastZxid, registered, now>>

\* The transaction that ends a session; its ephemerals may go in any order.
Closing(c, order) ==
  LET txn == Prepare(tree, RequestOf(c, <<>>, "closeSession", <<>>))
  IN  IF Policy.closeSessionTxnEnabled THEN [txn EXCEPT !.record.paths2Delete = order] ELSE txn

(***************************************************************************)
(* Client c closes its session. The reply comes after the ephemerals have  *)
(* gone at its server, and the server closes the connection behind it.     *)
(***************************************************************************)
CloseSession(c) ==
  /\ session[c] = "connected"
  /\ session' = [session EXCEPT ![c] = "closing"]
  /\ \E order \in Orders(EphemeralsOf(tree, c)) :
       LET txn == Closing(c, order)
       IN  Commit(txn) /\ Wait(c, "closeSession", Root, txn.zxid)
  /\ UNCHANGED <<replica, watches, server, authInfo, channel, lastZxid, registered, now>>

(***************************************************************************)
(* The leader has heard nothing of session c for its timeout and ends it.  *)
(* Its client may well be connected, just slow (SessionTrackerImpl).       *)
(***************************************************************************)
ExpireSession(c) ==
  /\ c \in DOMAIN tree.sessions
  /\ \E order \in Orders(EphemeralsOf(tree, c)) : Commit(Closing(c, order))
  /\ UNCHANGED <<replica, watches, session, server, authInfo, pending, channel, lastZxid,
                 registered, now>>

\* A container that has had a child and has none now, or a TTL node without children that was not
\* written for longer than its TTL.
IsUnused(node) ==
  /\ node.children = {}
  /\ \/ node.ephemeralOwner.type = "CONTAINER" /\ node.cversion > 0
     \/ node.ephemeralOwner.type = "TTL" /\ now - node.mtime > node.ephemeralOwner.ttl

(***************************************************************************)
(* The leader's sweeper asks for the deletion of a container, or of a TTL  *)
(* node, that is unused (ContainerManager.getCandidates).                  *)
(***************************************************************************)
DeleteContainer(path) ==
  /\ HasNode(tree, path)
  /\ IsUnused(tree.nodes[path])
  /\ \E txn \in Prepared(RequestOf(NoSession, <<>>, "deleteContainer", [path |-> path])) :
       Commit(txn)
  /\ UNCHANGED <<replica, watches, session, server, authInfo, pending, channel, lastZxid,
                 registered, now>>

\* Time passes for the leader.
Tick ==
  /\ now' = now + 1
  /\ UNCHANGED <<tree, queue, replica, watches, session, server, authInfo, pending, channel,
                 lastZxid, registered>>

-----------------------------------------------------------------------------
\* What the reply says of a transaction that was applied.
AnswerTo(applied) ==
  CASE applied.type = "multi" -> [err |-> "Ok", results |-> applied.results]
    [] applied.type = "create" /\ applied.err = "Ok" -> [err |-> "Ok", path |-> applied.path]
    [] applied.type \in CreateTypes \ {"create"} /\ applied.err = "Ok" ->
         [err |-> "Ok", path |-> applied.path, stat |-> applied.stat]
    [] applied.type \in {"setData", "setACL"} /\ applied.err = "Ok" ->
         [err |-> "Ok", stat |-> applied.stat]
    [] OTHER -> [err |-> applied.err]

(***************************************************************************)
(* Server s applies the next transaction. First everybody who watches, and *)
(* may READ the node, gets the events; their standard watches are spent.   *)
(* Then the client that asked gets its reply, and those whose sync waited  *)
(* for this. The end of a session ends its connection, with all watches;   *)
(* a client that did not ask for it loses what was on its way              *)
(* (FinalRequestProcessor, DataTree.processTxn).                           *)
(***************************************************************************)
ServerApply(s) ==
  /\ queue[s] # <<>>
  /\ LET txn == Head(queue[s])
         applied == Apply(replica[s], txn)
         fired == TriggerAll(watches[s], applied.events)
         IsEnd(c) == txn.type = "closeSession" /\ txn.clientId = c
         IsTold(c, delivery) ==
           c \in delivery.told /\ CheckAcl(delivery.event.acl, {"READ"}, authInfo[c])
         EventsFor(c) ==
           LET IsMine(delivery) == IsTold(c, delivery)
               mine == SelectSeq(fired.deliveries, IsMine)
           IN  [i \in 1..Len(mine) |->
                  Notification(mine[i].event.type, mine[i].event.path, txn.zxid)]
         IsDue(request) == request.zxid <= txn.zxid
         RepliesFor(c) ==
           LET due == SelectSeq(pending[c], IsDue)
           IN  [i \in 1..Len(due) |->
                  Reply(due[i].type, due[i].path, txn.zxid,
                        IF due[i].type = "sync" THEN [err |-> "Ok"] ELSE AnswerTo(applied),
                        "none")]
         HasAsked(c) == \E i \in 1..Len(pending[c]) :
                          pending[c][i].type = "closeSession" /\ pending[c][i].zxid = txn.zxid
         IsCut(c) == server[c] = s /\ IsEnd(c) /\ ~HasAsked(c)
     IN  /\ replica' = [replica EXCEPT ![s] = applied.tree]
         /\ watches' = [watches EXCEPT ![s] =
                          IF txn.type = "closeSession" THEN WithoutWatcher(fired.watches, txn.clientId)
                          ELSE fired.watches]
         /\ channel' = [c \in Session |->
                          IF server[c] # s THEN channel[c]
                          ELSE IF IsCut(c) THEN <<>>
                          ELSE channel[c] \o EventsFor(c) \o RepliesFor(c)]
         /\ pending' = [c \in Session |->
                          IF server[c] # s THEN pending[c]
                          ELSE IF IsCut(c) THEN <<>>
                          ELSE LET IsNotDue(request) == ~IsDue(request)
                               IN  SelectSeq(pending[c], IsNotDue)]
         /\ session' = [c \in Session |->
                          IF ~IsCut(c) THEN session[c]
                          ELSE WithoutConnection(session[c])]
         /\ server' = [c \in Session |-> IF IsCut(c) THEN Null ELSE server[c]]
  /\ queue' = [queue EXCEPT ![s] = Tail(@)]
  /\ UNCHANGED <<tree, authInfo, lastZxid, registered, now>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* Client c asks its server for something that needs no transaction. The   *)
(* server answers at once, after the earlier requests of this connection:  *)
(* replies leave in the order of requests.                                 *)
(***************************************************************************)
MayAsk(c) == session[c] = "connected" /\ pending[c] = <<>>

Local(c) == replica[server[c]]

Respond(c, type, path, answer, watch) ==
  channel' = [channel EXCEPT ![c] =
                Append(@, Reply(type, path, Local(c).lastProcessedZxid, answer, watch))]

SetServerWatches(c, tables) == watches' = [watches EXCEPT ![server[c]] = tables]

UnchangedByReads ==
  UNCHANGED <<tree, queue, replica, session, server, authInfo, pending, lastZxid, registered, now>>

Ask(c, type, path, answer) ==
  /\ MayAsk(c)
  /\ Respond(c, type, path, answer, "none")
  /\ UNCHANGED watches
  /\ UnchangedByReads

(***************************************************************************)
(* exists, with watch = TRUE: a watch in the data table, also where there  *)
(* is no node.                                                             *)
(***************************************************************************)
Exists(c, path, watch) ==
  /\ MayAsk(c)
  /\ LET answer == ExistsAnswer(Local(c), path, authInfo[c])
         IsSet == watch /\ answer.err \in {"Ok", "NoNode"}
         kind == IF ~IsSet THEN "none" ELSE IF answer.err = "Ok" THEN "data" ELSE "exist"
     IN  /\ Respond(c, "exists", path, answer, kind)
         /\ SetServerWatches(c, IF IsSet THEN WithData(watches[server[c]], path, c)
                                ELSE watches[server[c]])
  /\ UnchangedByReads

\* getData: data and Stat; with watch = TRUE a watch in the data table, on success.
GetData(c, path, watch) ==
  /\ MayAsk(c)
  /\ LET answer == GetDataAnswer(Local(c), path, authInfo[c])
         IsSet == watch /\ answer.err = "Ok"
     IN  /\ Respond(c, "getData", path, answer, IF IsSet THEN "data" ELSE "none")
         /\ SetServerWatches(c, IF IsSet THEN WithData(watches[server[c]], path, c)
                                ELSE watches[server[c]])
  /\ UnchangedByReads

\* getChildren and getChildren2; with watch = TRUE a watch in the child table, on success.
AskForChildren(c, type, path, answer, watch) ==
  /\ MayAsk(c)
  /\ LET IsSet == watch /\ answer.err = "Ok"
     IN  /\ Respond(c, type, path, answer, IF IsSet THEN "child" ELSE "none")
         /\ SetServerWatches(c, IF IsSet THEN WithChild(watches[server[c]], path, c)
                                ELSE watches[server[c]])
  /\ UnchangedByReads

GetChildren(c, path, watch) ==
  AskForChildren(c, "getChildren", path, GetChildrenAnswer(Local(c), path, authInfo[c]), watch)

GetChildren2(c, path, watch) ==
  AskForChildren(c, "getChildren2", path, GetChildren2Answer(Local(c), path, authInfo[c]), watch)

GetACL(c, path) == Ask(c, "getACL", path, GetACLAnswer(Local(c), path, authInfo[c]))

GetAllChildrenNumber(c, path) ==
  Ask(c, "getAllChildrenNumber", path, GetAllChildrenNumberAnswer(Local(c), path, authInfo[c]))

GetEphemerals(c, path) == Ask(c, "getEphemerals", path, GetEphemeralsAnswer(Local(c), path, c))

WhoAmI(c) == Ask(c, "whoAmI", Root, WhoAmIAnswer(authInfo[c]))

MultiRead(c, ops) == Ask(c, "multiRead", Root, MultiReadAnswer(Local(c), ops, authInfo[c]))

(***************************************************************************)
(* sync: the reply comes when the server of c has applied everything that  *)
(* had a zxid when c asked. A read behind it sees at least that.           *)
(***************************************************************************)
Sync(c, path) ==
  /\ session[c] = "connected"
  /\ IF pending[c] = <<>> /\ queue[server[c]] = <<>>
     THEN Respond(c, "sync", path, [err |-> "Ok"], "none") /\ UNCHANGED pending
     ELSE Wait(c, "sync", path, tree.lastProcessedZxid) /\ UNCHANGED channel
  /\ UNCHANGED <<tree, queue, replica, watches, session, server, authInfo, lastZxid, registered,
                 now>>

\* auth: the client proves one more identity. The reply's header has no zxid.
AddAuth(c, id) ==
  /\ session[c] = "connected"
  /\ id \notin ElementsOf(authInfo[c])
  /\ authInfo' = [authInfo EXCEPT ![c] = Append(@, id)]
  /\ channel' = [channel EXCEPT ![c] = Append(@, Reply("auth", Root, 0, [err |-> "Ok"], "none"))]
  /\ UNCHANGED <<tree, queue, replica, watches, session, server, pending, lastZxid, registered,
                 now>>

\* addWatch: a persistent watch, on a node that need not exist.
AddWatch(c, path, mode) ==
  /\ MayAsk(c)
  /\ LET outcome == AddWatchOutcome(watches[server[c]], path, c, mode)
         kind == IF mode = "PERSISTENT" THEN "persistent" ELSE "persistentRecursive"
     IN  /\ Respond(c, "addWatch", path, [err |-> outcome.err],
                    IF outcome.err = "Ok" THEN kind ELSE "none")
         /\ SetServerWatches(c, outcome.watches)
  /\ UnchangedByReads

\* checkWatches: whether there is a watch of that type.
CheckWatches(c, path, type) ==
  Ask(c, "checkWatches", path, [err |-> CheckWatchesError(watches[server[c]], path, c, type)])

\* removeWatches: the watches of that type are taken back, on both sides.
KindsOf(type) ==
  CASE type = "Children" -> {"child"}
    [] type = "Data" -> {"data", "exist"}
    [] type = "Persistent" -> {"persistent"}
    [] type = "PersistentRecursive" -> {"persistentRecursive"}
    [] OTHER -> {"data", "exist", "child", "persistent", "persistentRecursive"}

RemoveWatches(c, path, type) ==
  /\ MayAsk(c)
  /\ LET outcome == RemoveWatchesOutcome(watches[server[c]], path, c, type)
     IN  /\ Respond(c, "removeWatches", path, [err |-> outcome.err],
                    IF outcome.err = "Ok" THEN type ELSE "none")
         /\ SetServerWatches(c, outcome.watches)
  /\ UnchangedByReads

-----------------------------------------------------------------------------
\* Whether an event takes a watch of its client away: a standard one that it is about.
Spends(event, watch) ==
  /\ watch.path = event.path
  /\ CASE event.type \in {"NodeCreated", "NodeDataChanged"} -> watch.kind \in {"data", "exist"}
       [] event.type = "NodeDeleted" -> watch.kind \in {"data", "exist", "child"}
       [] event.type = "NodeChildrenChanged" -> watch.kind = "child"

\* The watches of client c after a message; since is the zxid at which a watch was set.
RegisteredAfter(c, message) ==
  IF message.kind = "event"
  THEN {watch \in registered[c] : ~Spends(message, watch)}
  ELSE IF message.watch = "none" THEN registered[c]
  ELSE IF message.type = "removeWatches"
  THEN {watch \in registered[c] :
          ~(watch.path = message.path /\ watch.kind \in KindsOf(message.watch))}
  ELSE {watch \in registered[c] : watch.path # message.path \/ watch.kind # message.watch}
       \cup {[kind |-> message.watch, path |-> message.path, since |-> message.zxid]}

(***************************************************************************)
(* Client c takes what has arrived first. A reply tells it a zxid and      *)
(* registers the watch that it asked for; an event takes the standard      *)
(* watches away that it is about (ClientCnxn, ZKWatchManager).             *)
(***************************************************************************)
Receive(c) ==
  /\ channel[c] # <<>>
  /\ LET message == Head(channel[c])
         IsReplyTo(type) == message.kind = "reply" /\ message.type = type
     IN  /\ registered' = [registered EXCEPT ![c] =
                             IF IsReplyTo("closeSession") THEN {} ELSE RegisteredAfter(c, message)]
         /\ lastZxid' = [lastZxid EXCEPT ![c] =
                           IF message.kind = "reply" /\ message.type # "createSession"
                              /\ message.zxid > @
                           THEN message.zxid ELSE @]
         /\ session' = [session EXCEPT ![c] =
                          IF IsReplyTo("createSession") THEN "connected"
                          ELSE IF IsReplyTo("closeSession") THEN "closed" ELSE @]
         /\ server' = [server EXCEPT ![c] = IF IsReplyTo("closeSession") THEN Null ELSE @]
  /\ channel' = [channel EXCEPT ![c] = Tail(@)]
  /\ UNCHANGED <<tree, queue, replica, watches, authInfo, pending, now>>

(***************************************************************************)
(* The connection of c is lost: with it go what was on its way, the        *)
(* requests that were not answered (the client reports ConnectionLoss and  *)
(* does not know what became of them), and at the server the watches. A    *)
(* session whose id the client never learned is left to expire; one that   *)
(* it wanted to close is no longer its concern.                            *)
(***************************************************************************)
Disconnect(c) ==
  /\ server[c] # Null
  /\ session' = [session EXCEPT ![c] = WithoutConnection(@)]
  /\ watches' = [watches EXCEPT ![server[c]] = WithoutWatcher(@, c)]
  /\ server' = [server EXCEPT ![c] = Null]
  /\ channel' = [channel EXCEPT ![c] = <<>>]
  /\ pending' = [pending EXCEPT ![c] = <<>>]
  /\ UNCHANGED <<tree, queue, replica, authInfo, lastZxid, registered, now>>

(***************************************************************************)
(* Client c goes on with its session, at any server that is not behind     *)
(* what c has seen (ZooKeeperServer.processConnectRequest refuses others). *)
(* The leader decides whether the session still lives. The client proves   *)
(* its identities again, and sets its watches again before it does         *)
(* anything else.                                                          *)
(***************************************************************************)
Reconnect(c, s) ==
  /\ session[c] = "lost"
  /\ c \in DOMAIN tree.sessions
  /\ lastZxid[c] <= replica[s].lastProcessedZxid
  /\ session' = [session EXCEPT ![c] = IF registered[c] = {} THEN "connected" ELSE "reconnected"]
  /\ server' = [server EXCEPT ![c] = s]
  /\ UNCHANGED <<tree, queue, replica, watches, authInfo, pending, channel, lastZxid, registered,
                 now>>

\* The session is gone: the client learns so when it connects, and its watches are void.
LearnExpiry(c) ==
  /\ session[c] = "lost"
  /\ c \notin DOMAIN tree.sessions
  /\ session' = [session EXCEPT ![c] = "expired"]
  /\ registered' = [registered EXCEPT ![c] = {}]
  /\ UNCHANGED <<tree, queue, replica, watches, server, authInfo, pending, channel, lastZxid, now>>

\* The paths that client c has watches of a kind on.
PathsOf(c, kind) == InSomeOrder({watch.path : watch \in
                                   {one \in registered[c] : one.kind = kind}})

\* All its watches, and the zxid that it has seen last.
SetWatchesRequest(c) ==
  [relativeZxid |-> lastZxid[c],
   dataWatches |-> PathsOf(c, "data"),
   existWatches |-> PathsOf(c, "exist"),
   childWatches |-> PathsOf(c, "child"),
   persistentWatches |-> PathsOf(c, "persistent"),
   persistentRecursiveWatches |-> PathsOf(c, "persistentRecursive")]

(***************************************************************************)
(* setWatches (or setWatches2): the client names its watches and the zxid  *)
(* that it has seen. Events for what it has missed come before the reply.  *)
(***************************************************************************)
SetWatches(c) ==
  /\ session[c] = "reconnected"
  /\ LET s == server[c]
         outcome == SetWatchesOutcome(replica[s], watches[s], c, SetWatchesRequest(c))
         events == [i \in 1..Len(outcome.events) |->
                      Notification(outcome.events[i].type, outcome.events[i].path, -1)]
         reply == Reply("setWatches", Root, replica[s].lastProcessedZxid, [err |-> "Ok"], "none")
     IN  /\ watches' = [watches EXCEPT ![s] = outcome.watches]
         /\ channel' = [channel EXCEPT ![c] = @ \o events \o <<reply>>]
  /\ session' = [session EXCEPT ![c] = "connected"]
  /\ UNCHANGED <<tree, queue, replica, server, authInfo, pending, lastZxid, registered, now>>

-----------------------------------------------------------------------------
ClientWrites(c) ==
  \/ \E path \in Path, data \in Data, acl \in AclList, flags \in Flags :
       Create(c, path, data, acl, flags)
  \/ \E path \in Path, data \in Data, acl \in AclList, flags \in Flags :
       Create2(c, path, data, acl, flags)
  \/ \E path \in Path, data \in Data, acl \in AclList : CreateContainer(c, path, data, acl)
  \/ \E path \in Path, data \in Data, acl \in AclList, flags \in Flags, ttl \in Ttl :
       CreateTTL(c, path, data, acl, flags, ttl)
  \/ \E path \in Path, version \in Version : Delete(c, path, version)
  \/ \E path \in Path, data \in Data, version \in Version : SetData(c, path, data, version)
  \/ \E path \in Path, acl \in AclList, version \in Version : SetACL(c, path, acl, version)
  \/ \E ops \in Ops : Multi(c, ops)

ClientReads(c) ==
  \/ \E path \in Path, watch \in BOOLEAN : Exists(c, path, watch)
  \/ \E path \in Path, watch \in BOOLEAN : GetData(c, path, watch)
  \/ \E path \in Path, watch \in BOOLEAN : GetChildren(c, path, watch)
  \/ \E path \in Path, watch \in BOOLEAN : GetChildren2(c, path, watch)
  \/ \E path \in Path : GetACL(c, path)
  \/ \E path \in Path : GetAllChildrenNumber(c, path)
  \/ \E path \in Path : GetEphemerals(c, path)
  \/ WhoAmI(c)
  \/ \E ops \in ReadOps : MultiRead(c, ops)
  \/ \E path \in Path : Sync(c, path)
  \/ \E id \in AuthId : AddAuth(c, id)

ClientWatches(c) ==
  \/ \E path \in Path, mode \in AddWatchModes : AddWatch(c, path, mode)
  \/ \E path \in Path, type \in WatcherTypes : CheckWatches(c, path, type)
  \/ \E path \in Path, type \in WatcherTypes : RemoveWatches(c, path, type)
  \/ SetWatches(c)

SessionSteps(c) ==
  \/ \E s \in Server, timeout \in Timeout : CreateSession(c, s, timeout)
  \/ CloseSession(c)
  \/ ExpireSession(c)
  \/ Disconnect(c)
  \/ \E s \in Server : Reconnect(c, s)
  \/ LearnExpiry(c)
  \/ Receive(c)

Next ==
  \/ \E c \in Session :
       ClientWrites(c) \/ ClientReads(c) \/ ClientWatches(c) \/ SessionSteps(c)
  \/ \E path \in Path : DeleteContainer(path)
  \/ \E s \in Server : ServerApply(s)
  \/ Tick

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(***************************************************************************)
(* WHAT IS PROMISED                                                        *)
(*                                                                         *)
(* Of the tree, at the leader and at every server.                         *)
(***************************************************************************)
Trees == {tree} \cup {replica[s] : s \in Server}

\* Every node but the root has a parent.
ParentsExist ==
  \A one \in Trees : \A path \in DOMAIN one.nodes :
    path # Root => HasNode(one, Parent(path)) /\ LastName(path) \in one.nodes[Parent(path)].children

\* Every child that a node names is there; so numChildren is the number of children.
ChildrenExist ==
  \A one \in Trees : \A path \in DOMAIN one.nodes :
    \A child \in ChildPaths(one, path) : HasNode(one, child)

\* The kinds of node and what they may not have.
EphemeralsHaveNoChildren ==
  \A one \in Trees : \A path \in DOMAIN one.nodes :
    IsEphemeral(one.nodes[path]) => one.nodes[path].children = {}

\* An ephemeral lives no longer than its session.
EphemeralsHaveALivingSession ==
  \A one \in Trees : \A path \in DOMAIN one.nodes :
    IsEphemeral(one.nodes[path]) =>
      one.nodes[path].ephemeralOwner.session \in DOMAIN one.sessions

(***************************************************************************)
(* The numbers of a node fit together: nothing is younger than the tree or *)
(* older than its creation; a version of 0 means never written; a child is *)
(* not younger than the parent's pzxid; a parent has counted at least the  *)
(* children that are there. A parent that has counted to the end counts no *)
(* more, and its pzxid stays too (DataTree.createNode).                    *)
(***************************************************************************)
StatsAreConsistent ==
  \A one \in Trees : \A path \in DOMAIN one.nodes :
    LET node == one.nodes[path]
    IN  /\ node.czxid <= node.mzxid /\ node.czxid <= node.pzxid
        /\ node.mzxid <= one.lastProcessedZxid /\ node.pzxid <= one.lastProcessedZxid
        /\ node.version = 0 => node.mzxid = node.czxid
        /\ node.version > 0 /\ path # ConfigPath => node.mtime >= node.ctime
        /\ \/ node.cversion = MaxInt
           \/ \A child \in ChildPaths(one, path) : one.nodes[child].czxid <= node.pzxid
        /\ path \in SpecialPaths \/ node.cversion >= Cardinality(node.children)

\* A server is a prefix of the leader: with what it has yet to apply, it is the leader's tree.
RECURSIVE ApplyAll(_, _)
ApplyAll(one, txns) == IF txns = <<>> THEN one ELSE ApplyAll(Apply(one, Head(txns)).tree, Tail(txns))

ReplicasConverge == \A s \in Server : ApplyAll(replica[s], queue[s]) = tree

(***************************************************************************)
(* Of steps. Committed is the transaction that this step gave a zxid, if   *)
(* any did.                                                                *)
(***************************************************************************)
HasCommitted == tree'.lastProcessedZxid # tree.lastProcessedZxid
Committed == LET s == CHOOSE one \in Server : TRUE IN queue'[s][Len(queue'[s])]

\* Every transaction has a zxid of its own, higher than all before it.
ZxidsRise ==
  [][/\ tree'.lastProcessedZxid >= tree.lastProcessedZxid
     /\ HasCommitted => Committed.zxid > tree.lastProcessedZxid
     /\ tree' # tree => HasCommitted]_vars

\* An ephemeral goes when its session ends, or when somebody deletes it, and not otherwise.
DeletedBy(txn) ==
  CASE txn.type \in {"delete", "deleteContainer"} -> {txn.record.path}
    [] txn.type = "multi" ->
         {txn.record.txns[i].record.path :
            i \in {j \in 1..Len(txn.record.txns) : txn.record.txns[j].type = "delete"}}
    [] OTHER -> {}

EphemeralsGoWithTheirSession ==
  [][HasCommitted =>
       /\ \A path \in DOMAIN tree.nodes :
            IsEphemeral(tree.nodes[path]) /\ path \notin DOMAIN tree'.nodes =>
              \/ /\ Committed.type = "closeSession"
                 /\ Committed.clientId = tree.nodes[path].ephemeralOwner.session
              \/ path \in DeletedBy(Committed)
       /\ Committed.type = "closeSession" =>
            \A path \in DOMAIN tree.nodes :
              (path \in DOMAIN tree'.nodes)
                # (IsEphemeral(tree.nodes[path])
                   /\ tree.nodes[path].ephemeralOwner.session = Committed.clientId)]_vars

\* No node that is not an ephemeral goes unless it is deleted by name.
NodesGoByName ==
  [][HasCommitted =>
       \A path \in DOMAIN tree.nodes \ DOMAIN tree'.nodes :
         IsEphemeral(tree.nodes[path]) \/ path \in DeletedBy(Committed)]_vars

\* The sweeper takes only containers and TTL nodes, without children, and used ones.
OnlyUnusedAreSwept ==
  [][HasCommitted /\ Committed.type = "deleteContainer" =>
       LET node == tree.nodes[Committed.record.path]
       IN  /\ node.ephemeralOwner.type \in {"CONTAINER", "TTL"}
           /\ node.children = {}
           /\ node.ephemeralOwner.type = "CONTAINER" => node.cversion > 0]_vars

\* A multi changes nothing at all, or everything that it names.
ChangedBy(part) ==
  CASE part.type \in CreateTypes \cup {"setData"} -> {part.record.path}
    [] part.type = "delete" -> {part.record.path}
    [] OTHER -> {}

IsMulti(txn) == txn.type = "multi"

MultiIsAtomic ==
  [][HasCommitted /\ IsMulti(Committed) =>
       LET txns == Committed.record.txns
           Last(path) == CHOOSE i \in 1..Len(txns) :
                           /\ path \in ChangedBy(txns[i])
                           /\ \A j \in (i + 1)..Len(txns) : path \notin ChangedBy(txns[j])
       IN  IF IsFailed(txns)
           THEN tree'.nodes = tree.nodes /\ tree'.sessions = tree.sessions
           ELSE \A path \in UNION {ChangedBy(txns[i]) : i \in 1..Len(txns)} :
                  IF txns[Last(path)].type = "delete" THEN path \notin DOMAIN tree'.nodes
                  ELSE /\ path \in DOMAIN tree'.nodes
                       /\ tree'.nodes[path].mzxid = Committed.zxid]_vars

\* A refused request changes nothing.
ErrorsChangeNothing ==
  [][HasCommitted /\ Committed.type = "error" =>
       tree'.nodes = tree.nodes /\ tree'.sessions = tree.sessions]_vars

(***************************************************************************)
(* Whoever writes a node that was there raises its version by one, and     *)
(* nobody else touches it; whoever creates or deletes a child moves pzxid, *)
(* and every creation is counted, so that no number is given twice.        *)
(***************************************************************************)
VersionsCountWrites ==
  [][HasCommitted /\ ~IsMulti(Committed) =>
       \A path \in DOMAIN tree.nodes \cap DOMAIN tree'.nodes :
         LET before == tree.nodes[path]
             after == tree'.nodes[path]
         IN  /\ after.version =
                  IF Committed.type = "setData" /\ Committed.record.path = path
                  THEN Next32(before.version) ELSE before.version
             /\ after.version # before.version <=> after.mzxid # before.mzxid
             /\ after.aversion # before.aversion <=>
                  Committed.type = "setACL" /\ Committed.record.path = path
             /\ after.czxid = before.czxid
             /\ after.children # before.children =>
                  \/ after.pzxid = Committed.zxid
                  \/ before.cversion = MaxInt]_vars

(***************************************************************************)
(* A write that names a version, and not the one that the node has, is     *)
(* refused: no step that changes something is such a write.                *)
(***************************************************************************)
WrongVersionsAreRefused ==
  [][HasCommitted /\ Committed.type \in {"delete", "setData", "setACL"} =>
       LET c == Committed.clientId
           path == Committed.record.path
           node == tree.nodes[path]
       IN  CASE Committed.type = "delete" ->
                  \A version \in Version \ {AnyVersion, node.version} : ~Delete(c, path, version)
             [] Committed.type = "setData" ->
                  \A version \in Version \ {AnyVersion, node.version} :
                    ~SetData(c, path, Committed.record.data, version)
             [] Committed.type = "setACL" ->
                  \A version \in Version \ {AnyVersion, node.aversion} :
                    ~SetACL(c, path, Committed.record.acl, version)]_vars

CreationsAreCounted ==
  [][HasCommitted =>
       \A path \in DOMAIN tree.nodes \cap DOMAIN tree'.nodes :
         LET before == tree.nodes[path]
             after == tree'.nodes[path]
             made == after.children \ before.children
         IN  before.czxid = after.czxid =>
               \/ before.cversion > MaxInt - Cardinality(made)
               \/ after.cversion >= before.cversion + Cardinality(made)]_vars

(***************************************************************************)
(* A name that the server makes up is the one that was asked for and the   *)
(* number of children that the parent ever had. With CreationsAreCounted   *)
(* no number is given twice under one parent, until the counter goes       *)
(* round.                                                                  *)
(***************************************************************************)
SequentialNamesAreNew ==
  [][HasCommitted /\ Committed.type \in CreateTypes =>
       LET path == Committed.record.path
           parent == tree.nodes[Parent(path)]
           requests == pending'[Committed.clientId]
           asked == requests[Len(requests)].path
       IN  /\ path \notin DOMAIN tree.nodes
           /\ path \in DOMAIN tree'.nodes
           /\ asked # path => path = Sequenced(asked, parent.cversion)
           /\ tree'.nodes[Parent(path)].cversion > parent.cversion \/ parent.cversion = MaxInt]_vars

(***************************************************************************)
(* Of what clients see.                                                    *)
(***************************************************************************)
Replies(c) == LET IsReply(message) == message.kind = "reply" /\ message.zxid > 0
              IN  SelectSeq(channel[c], IsReply)

\* Zxids in the replies of a session never go back, nor across its reconnections.
ZxidsNeverGoBack ==
  \A c \in Session :
    LET replies == Replies(c)
    IN  \A i \in 1..Len(replies) :
          /\ replies[i].zxid >= lastZxid[c]
          /\ i > 1 => replies[i].zxid >= replies[i - 1].zxid

\* What a client was told is durable: the leader has it. A server that serves it has it too.
AcknowledgedIsCommitted ==
  \A c \in Session :
    /\ lastZxid[c] <= tree.lastProcessedZxid
    /\ session[c] \in {"connected", "reconnected"} =>
         lastZxid[c] <= replica[server[c]].lastProcessedZxid

(***************************************************************************)
(* An acknowledged write is in the tree of the server that acknowledged    *)
(* it, until a later transaction changes that node or deletes it.          *)
(***************************************************************************)
IsDeletedSince(one, path, zxid) ==
  /\ ~HasNode(one, path)
  /\ ~HasNode(one, Parent(path)) \/ one.nodes[Parent(path)].pzxid > zxid

IsAcknowledged(message) == message.kind = "reply" /\ message.answer.err = "Ok"

AcknowledgedWritesAreInTheTree ==
  \A c \in Session : \A i \in 1..Len(channel[c]) :
    LET message == channel[c][i]
        one == replica[server[c]]
    IN  IsAcknowledged(message) =>
          /\ message.type \in CreateTypes =>
               \/ HasNode(one, message.answer.path)
                  /\ one.nodes[message.answer.path].czxid >= message.zxid
               \/ IsDeletedSince(one, message.answer.path, message.zxid)
          /\ message.type = "delete" =>
               \/ ~HasNode(one, message.path)
               \/ one.nodes[message.path].czxid > message.zxid
          /\ message.type = "setData" =>
               \/ HasNode(one, message.path) /\ one.nodes[message.path].mzxid >= message.zxid
               \/ IsDeletedSince(one, message.path, message.zxid)

\* A sync that is answered at once is answered by a server that has everything.
SyncIsABarrier ==
  [][\A c \in Session :
       LET n == Len(channel'[c])
       IN  n > Len(channel[c]) /\ channel'[c][n].kind = "reply" /\ channel'[c][n].type = "sync"
             /\ queue' = queue
           => channel'[c][n].zxid = tree.lastProcessedZxid]_vars

\* A server has told a client of everything up to the reply that it is about to send.
RepliesComeInOrder ==
  \A c \in Session : \A i \in 1..Len(pending[c]) :
    /\ i > 1 => pending[c][i].zxid >= pending[c][i - 1].zxid
    /\ pending[c][i].zxid > replica[server[c]].lastProcessedZxid

(***************************************************************************)
(* A client that waits for nothing has at its server exactly the watches   *)
(* that it believes to have: none was lost, none fires twice, none is left *)
(* over. As long as nobody loses the right to READ what he watches: such a *)
(* watch is spent without a word.                                          *)
(***************************************************************************)
WatchPaths(table, c, mode) ==
  {watch.path : watch \in {one \in table : one.watcher = c /\ one.mode = mode}}

RegisteredPaths(c, kinds) ==
  {watch.path : watch \in {one \in registered[c] : one.kind \in kinds}}

WatchesAgree ==
  \A c \in Session :
    session[c] = "connected" /\ channel[c] = <<>> =>
      LET tables == watches[server[c]]
      IN  /\ WatchPaths(tables.data, c, "STANDARD") = RegisteredPaths(c, {"data", "exist"})
          /\ WatchPaths(tables.child, c, "STANDARD") = RegisteredPaths(c, {"child"})
          /\ WatchPaths(tables.data, c, "PERSISTENT") = RegisteredPaths(c, {"persistent"})
          /\ WatchPaths(tables.child, c, "PERSISTENT") = RegisteredPaths(c, {"persistent"})
          /\ WatchPaths(tables.data, c, "PERSISTENT_RECURSIVE") =
               RegisteredPaths(c, {"persistentRecursive"})

(***************************************************************************)
(* A client hears of a change before it can see it: when a reply shows a   *)
(* node other than a watch was set on, that watch is no longer registered. *)
(***************************************************************************)
Reveals(reply, watch) ==
  /\ reply.path = watch.path
  /\ \/ /\ reply.type \in {"exists", "getData"}
        /\ \/ watch.kind = "data"
              /\ \/ reply.answer.err = "NoNode"
                 \/ reply.answer.err = "Ok" /\ reply.answer.stat.mzxid > watch.since
           \/ watch.kind = "exist" /\ reply.answer.err = "Ok"
     \/ /\ reply.type = "getChildren2"
        /\ watch.kind = "child"
        /\ \/ reply.answer.err = "NoNode"
           \/ reply.answer.err = "Ok" /\ reply.answer.stat.pzxid > watch.since

EventsComeFirst ==
  \A c \in Session :
    channel[c] # <<>> /\ Head(channel[c]).kind = "reply" =>
      \A watch \in registered[c] : ~Reveals(Head(channel[c]), watch)

(***************************************************************************)
(* A standard watch fires at most once, and only for whom it was set: no   *)
(* event without a watch. Only setWatches may say twice that a node is     *)
(* gone, once for each list that has it.                                   *)
(***************************************************************************)
WatchFor(event, watch) ==
  \/ Spends(event, watch)
  \/ watch.kind = "persistent" /\ watch.path = event.path
  \/ /\ watch.kind = "persistentRecursive" /\ event.type # "NodeChildrenChanged"
     /\ watch.path = event.path \/ IsStrictPrefix(watch.path, event.path)

NoEventWithoutAWatch ==
  \A c \in Session :
    channel[c] # <<>> /\ Head(channel[c]).kind = "event" /\ Head(channel[c]).zxid # -1 =>
      \E watch \in registered[c] : WatchFor(Head(channel[c]), watch)

(***************************************************************************)
(* A server that has seen a session end cuts its connection, unless the    *)
(* client has asked for it. (It may not have come to the session's begin.) *)
(***************************************************************************)
ConnectionsEndWithSessions ==
  \A c \in Session :
    session[c] \in {"connected", "reconnected"} =>
      \/ c \in DOMAIN replica[server[c]].sessions
      \/ \E i \in 1..Len(queue[server[c]]) :
           queue[server[c]][i].type = "createSession" /\ queue[server[c]][i].clientId = c

\* A server that has applied everything takes every client back whose session lives.
ClientsCanComeBack ==
  \A c \in Session, s \in Server :
    session[c] = "lost" /\ c \in DOMAIN tree.sessions /\ queue[s] = <<>> => ENABLED Reconnect(c, s)

\* No container is left for good once its children have gone, nor a TTL node whose time is over.
UnusedCanBeSwept ==
  \A path \in DOMAIN tree.nodes \cap Path :
    LET node == tree.nodes[path]
        owner == node.ephemeralOwner
    IN  /\ owner.type = "CONTAINER" /\ node.children = {} /\ node.cversion > 0 =>
             ENABLED DeleteContainer(path)
        /\ owner.type = "TTL" /\ node.children = {} /\ now > node.mtime + owner.ttl =>
             ENABLED DeleteContainer(path)

\* A server keeps watches only for those who are connected to it.
WatchersAreConnected ==
  \A s \in Server : \A watch \in watches[s].data \cup watches[s].child :
    server[watch.watcher] = s

\* Only who has a connection has something on its way.
ChannelsBelongToConnections ==
  \A c \in Session : server[c] = Null => channel[c] = <<>> /\ pending[c] = <<>>

TypeOK ==
  /\ session \in [Session -> SessionStates]
  /\ \A c \in Session : server[c] = Null \/ server[c] \in Server
  /\ lastZxid \in [Session -> Nat]
  /\ now \in Nat
  /\ \A c \in Session : (server[c] # Null) <=>
       session[c] \in {"connecting", "connected", "reconnected", "closing"}

(***************************************************************************)
(* The order of promises above is that of ZooKeeper's documentation        *)
(* ("Consistency Guarantees"): sequential consistency, atomicity, single   *)
(* system image, reliability.                                              *)
(***************************************************************************)
=============================================================================
