------------------------------ MODULE MCZNode ------------------------------
(***************************************************************************)
(* What the models of ZNode have in common: the facts about the few texts  *)
(* that they use, bounds, and ways to keep clients from doing everything   *)
(* at once.                                                                *)
(***************************************************************************)
EXTENDS ZNode

CONSTANTS
  MaxZxid,         \* how many transactions there may be
  MaxNow,          \* how far the clock goes
  MaxOutstanding,  \* how many requests of a client may be under way when it sends one more
  OneAtATime       \* TRUE: nobody does anything while something is under way

A == <<"a">>
B == <<"b">>
AB == <<"a", "b">>
ABC == <<"a", "b", "c">>

NoText == {}
NoFunction == <<>>
IllegalNames == {"", ".", "..", "/"}

PlainPolicy ==
  [skipACL |-> FALSE, extendedTypesEnabled |-> TRUE, enforceQuota |-> TRUE,
   reconfigEnabled |-> FALSE, closeSessionTxnEnabled |-> TRUE, schemes |-> {"digest", "ip"}]

NoAddress == [c \in Session |-> <<>>]
Anyones == {OpenAcl}

\* Room for one more transaction.
HasRoom == tree.lastProcessedZxid < MaxZxid

\* Nobody waits for anything, and all servers have applied everything.
AllIdle ==
  /\ \A c \in Session : pending[c] = <<>> /\ channel[c] = <<>>
  /\ \A s \in Server : queue[s] = <<>>

\* Client c may send one more request.
MayAskMore(c) ==
  /\ Len(pending[c]) + Len(channel[c]) <= MaxOutstanding
  /\ OneAtATime => AllIdle

MayWrite(c) == HasRoom /\ MayAskMore(c)

\* Every session is open, at the first server, before the model begins.
RECURSIVE Opened(_, _)
Opened(one, ids) ==
  IF ids = {} THEN one
  ELSE LET c == CHOOSE id \in ids : TRUE
       IN  Opened([one EXCEPT !.sessions = With(@, c, 1)], ids \ {c})

BeginsWith(one) ==
  /\ tree = Opened(one, Session)
  /\ queue = [s \in Server |-> <<>>]
  /\ replica = [s \in Server |-> Opened(one, Session)]
  /\ watches = [s \in Server |-> NoWatches]
  /\ session = [c \in Session |-> "connected"]
  /\ server = [c \in Session |-> CHOOSE s \in Server : TRUE]
  /\ authInfo = [c \in Session |-> Address[c]]
  /\ pending = [c \in Session |-> <<>>]
  /\ channel = [c \in Session |-> <<>>]
  /\ lastZxid = [c \in Session |-> 0]
  /\ registered = [c \in Session |-> {}]
  /\ now = 0

(***************************************************************************)
(* The actions of ZNode, one request of a client at a time, and no more    *)
(* transactions than there is room for.                                    *)
(***************************************************************************)
OneCreate(c) ==
  MayWrite(c) /\ \E path \in Path, data \in Data, acl \in AclList, flags \in Flags :
                   Create(c, path, data, acl, flags)
OneCreate2(c) ==
  MayWrite(c) /\ \E path \in Path, data \in Data, acl \in AclList, flags \in Flags :
                   Create2(c, path, data, acl, flags)
OneCreateContainer(c) ==
  MayWrite(c) /\ \E path \in Path, data \in Data, acl \in AclList :
                   CreateContainer(c, path, data, acl)
OneCreateTTL(c) ==
  MayWrite(c) /\ \E path \in Path, data \in Data, acl \in AclList, flags \in Flags, ttl \in Ttl :
                   CreateTTL(c, path, data, acl, flags, ttl)
OneDelete(c) ==
  MayWrite(c) /\ \E path \in Path, version \in Version : Delete(c, path, version)
OneSetData(c) ==
  MayWrite(c) /\ \E path \in Path, data \in Data, version \in Version :
                   SetData(c, path, data, version)
OneSetACL(c) ==
  MayWrite(c) /\ \E path \in Path, acl \in AclList, version \in Version :
                   SetACL(c, path, acl, version)
OneMulti(c) == MayWrite(c) /\ \E ops \in Ops : Multi(c, ops)
OneCreateSession(c) ==
  HasRoom /\ \E s \in Server, timeout \in Timeout : CreateSession(c, s, timeout)
OneCloseSession(c) == MayWrite(c) /\ CloseSession(c)
OneExpireSession(c) == HasRoom /\ ExpireSession(c)
OneDeleteContainer(path) == HasRoom /\ DeleteContainer(path)

OneExists(c) == MayAskMore(c) /\ \E path \in Path, watch \in BOOLEAN : Exists(c, path, watch)
OneGetData(c) == MayAskMore(c) /\ \E path \in Path, watch \in BOOLEAN : GetData(c, path, watch)
OneGetChildren(c) ==
  MayAskMore(c) /\ \E path \in Path, watch \in BOOLEAN : GetChildren(c, path, watch)
OneGetChildren2(c) ==
  MayAskMore(c) /\ \E path \in Path, watch \in BOOLEAN : GetChildren2(c, path, watch)
OneGetACL(c) == MayAskMore(c) /\ \E path \in Path : GetACL(c, path)
OneGetAllChildrenNumber(c) == MayAskMore(c) /\ \E path \in Path : GetAllChildrenNumber(c, path)
OneGetEphemerals(c) == MayAskMore(c) /\ \E path \in Path : GetEphemerals(c, path)
OneWhoAmI(c) == MayAskMore(c) /\ WhoAmI(c)
OneMultiRead(c) == MayAskMore(c) /\ \E ops \in ReadOps : MultiRead(c, ops)
OneSync(c) == MayAskMore(c) /\ \E path \in Path : Sync(c, path)
OneAddAuth(c) == MayAskMore(c) /\ \E id \in AuthId : AddAuth(c, id)
OneAddWatch(c) == MayAskMore(c) /\ \E path \in Path, mode \in AddWatchModes : AddWatch(c, path, mode)
OneCheckWatches(c) ==
  MayAskMore(c) /\ \E path \in Path, type \in WatcherTypes : CheckWatches(c, path, type)
OneRemoveWatches(c) ==
  MayAskMore(c) /\ \E path \in Path, type \in WatcherTypes : RemoveWatches(c, path, type)

SomeServerApplies == \E s \in Server : ServerApply(s)
SomeClientReceives == \E c \in Session : Receive(c)
Deliver == SomeServerApplies \/ SomeClientReceives

(***************************************************************************)
(* The models choose steps themselves. Each is one of Next, whose sets are *)
(* those of the model's configuration.                                     *)
(***************************************************************************)
TakesStepsOfZNode == [][Next]_vars
=============================================================================
