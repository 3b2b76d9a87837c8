-------------------------------- MODULE Zab --------------------------------
(***************************************************************************)
(* ZAB as ZooKeeper runs it: discovery, synchronization and broadcast.     *)
(*                                                                         *)
(* The grain is that of the implementation.  An action is one handler that *)
(* runs to its end, or one thing that becomes durable.  What a disk does   *)
(* later is a step of its own, so that a crash, a broken connection or the *)
(* next message can come in between; most published bugs of ZooKeeper live *)
(* in those gaps.  Actions and messages have the names of Apache           *)
(* ZooKeeper's own specification where it has them, and each action says   *)
(* which Java method it is and which step of the ZAB paper (Junqueira,     *)
(* Reed, Serafini, DSN 2011; "Zab 1.0" in ZooKeeper's wiki).               *)
(*                                                                         *)
(* What is left out: how an election comes to its result (any server may   *)
(* become leader here, FastLeaderElection.tla has the rules), observers,   *)
(* changes of the configuration (Reconfig.tla), sessions and what          *)
(* transactions mean (ZNode.tla), time.  A timeout is a shutdown that may  *)
(* come at any moment.  A log is the whole sequence of its transactions:   *)
(* purged logs and the number of snapshots kept do not show, nor does the  *)
(* zxid <<epoch, 0>> that Apache writes into snapshots of an empty epoch.  *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Server,     \* the voting members of the ensemble
    Quorum,     \* the sets of servers that decide (Quorums.tla)
    Value,      \* what clients may ask to be written
    NullPoint   \* no server

ASSUME QuorumsMeet == \A P, Q \in Quorum : P \cap Q # {}
ASSUME NullPoint \notin Server

-----------------------------------------------------------------------------
(* Roles, phases and kinds of messages.                                    *)

LOOKING   == "LOOKING"
FOLLOWING == "FOLLOWING"
LEADING   == "LEADING"

ELECTION        == "ELECTION"
DISCOVERY       == "DISCOVERY"
SYNCHRONIZATION == "SYNCHRONIZATION"
BROADCAST       == "BROADCAST"

ONLINE  == "ONLINE"
OFFLINE == "OFFLINE"

FOLLOWERINFO == "FOLLOWERINFO"
LEADERINFO   == "LEADERINFO"
ACKEPOCH     == "ACKEPOCH"
DIFF         == "DIFF"
TRUNC        == "TRUNC"
SNAP         == "SNAP"
NEWLEADER    == "NEWLEADER"
ACK          == "ACK"
UPTODATE     == "UPTODATE"
PROPOSAL     == "PROPOSAL"
COMMIT       == "COMMIT"

(***************************************************************************)
(* How far a connection has come.  Both ends keep count for themselves:    *)
(* learnerStage[i] at a follower, handler[i][j] at the leader i for its    *)
(* learner j (LearnerHandler).  A stage is named after the message that    *)
(* was received or sent last.                                              *)
(*                                                                         *)
(*   follower  NONE, FOLLOWERINFO sent, LEADERINFO received, ACKEPOCH      *)
(*             sent, DIFF/TRUNC/SNAP received (SYNC), NEWLEADER received,  *)
(*             ACKLD sent, UPTODATE received                               *)
(*   leader    NONE, CONNECTED, FOLLOWERINFO received, LEADERINFO sent,    *)
(*             ACKEPOCH received, NEWLEADER sent, ACKLD received, UPTODATE *)
(*             sent                                                        *)
(*                                                                         *)
(* ACKLD is the ACK of NEWLEADER.                                          *)
(***************************************************************************)
NONE      == "NONE"
CONNECTED == "CONNECTED"
SYNC      == "SYNC"
ACKLD     == "ACKLD"

FollowerStages == {NONE, FOLLOWERINFO, LEADERINFO, ACKEPOCH, SYNC, NEWLEADER, ACKLD, UPTODATE}
HandlerStages  == {NONE, CONNECTED, FOLLOWERINFO, LEADERINFO, ACKEPOCH, NEWLEADER, ACKLD, UPTODATE}

-----------------------------------------------------------------------------
VARIABLES
    (* On disk.  A crash leaves these as they are.                         *)
    acceptedEpoch,        \* the last epoch whose LEADERINFO i has accepted
    currentEpoch,         \* the last epoch whose NEWLEADER i has accepted
    history,              \* the transactions in i's log, all of them synced

    (* The server at large.                                                *)
    status,               \* ONLINE or OFFLINE
    state,                \* LOOKING, FOLLOWING or LEADING
    zabState,             \* the phase
    newEpoch,             \* the epoch that i leads in or is about to enter
    queuedRequests,       \* logged, not yet synced (SyncRequestProcessor)
    lastCommitted,        \* zxid of the last transaction i has delivered

    (* As a leader.                                                        *)
    handler,              \* handler[i][j]: stage of i's connection to j
    peerLastZxid,         \* peerLastZxid[i][j]: last zxid j has reported
    cepochRecv,           \* servers whose acceptedEpoch is known
    ackeRecv,             \* servers that promised newEpoch to i
    ackldRecv,            \* servers that acknowledged NEWLEADER
    outstandingProposals, \* proposed, not committed, with their ACKs

    (* As a follower.                                                      *)
    leader,               \* whom i follows
    learnerStage,         \* stage of i's connection to its leader
    syncMode,             \* DIFF, TRUNC, SNAP; NONE outside of a sync
    packetsNotLogged,     \* proposals received in a sync, not logged
    packetsCommitted,     \* COMMITs received in a sync, not carried out
    database,             \* the tree that a TRUNC or SNAP sync builds

    (* The network.                                                        *)
    msgs,                 \* msgs[i][j]: from i, not yet read by j

    (* History variables: read by the properties only, never by an action. *)
    epochLeader,          \* which leader started which epoch, with what log
    proposalMsgsLog,      \* every proposal made: zxid, value and source
    committed             \* the agreed order so far

durableVars  == <<acceptedEpoch, currentEpoch, history>>
roleVars     == <<status, state, zabState>>
serverVars   == <<durableVars, roleVars, newEpoch, queuedRequests, lastCommitted>>
leaderVars   == <<handler, peerLastZxid, cepochRecv, ackeRecv, ackldRecv, outstandingProposals>>
syncVars     == <<syncMode, packetsNotLogged, packetsCommitted, database>>
followerVars == <<leader, learnerStage, syncVars>>
ghostVars    == <<epochLeader, proposalMsgsLog, committed>>
vars         == <<serverVars, leaderVars, followerVars, msgs, ghostVars>>

-----------------------------------------------------------------------------
(* Zxids and logs.                                                         *)

(***************************************************************************)
(* A zxid is an epoch and a counter, ordered by epoch first.  The counter  *)
(* of a transaction is at least 1; <<e, 0>> names the start of epoch e.    *)
(***************************************************************************)
Zxid == Nat \X Nat
ZeroZxid == <<0, 0>>

ZxidLess(a, b) == a[1] < b[1] \/ (a[1] = b[1] /\ a[2] < b[2])
ZxidAtMost(a, b) == a = b \/ ZxidLess(a, b)

Txn == [zxid : Zxid, value : Value]

Maximum(S) == CHOOSE x \in S : \A y \in S : y <= x

Range(s) == {s[k] : k \in DOMAIN s}

IsPrefix(s, t) == /\ Len(s) <= Len(t)
                  /\ \A k \in 1..Len(s) : s[k] = t[k]

LastZxid(log) == IF log = << >> THEN ZeroZxid ELSE log[Len(log)].zxid

HasZxid(log, z) == \E k \in DOMAIN log : log[k].zxid = z

(* The transactions of a log up to zxid z, and those behind it.            *)
LengthUpto(log, z) == Cardinality({k \in DOMAIN log : ZxidAtMost(log[k].zxid, z)})
Upto(log, z)  == SubSeq(log, 1, LengthUpto(log, z))
After(log, z) == SubSeq(log, LengthUpto(log, z) + 1, Len(log))

(* All that server i has logged, synced or not.                            *)
Log(i) == history[i] \o queuedRequests[i]

(* What server i has delivered.                                            *)
Delivered(i) == Upto(Log(i), lastCommitted[i])

(***************************************************************************)
(* Which of two servers has the more recent state (StateSummary).  The     *)
(* epoch of its last NEWLEADER counts first, then the end of its log.      *)
(***************************************************************************)
IsMoreRecentThan(epoch, zxid, otherEpoch, otherZxid) ==
    epoch > otherEpoch \/ (epoch = otherEpoch /\ ZxidLess(otherZxid, zxid))

IsQuorum(S) == S \in Quorum

(***************************************************************************)
(* What leader i needs for an epoch and for promises, and what it needs    *)
(* for ACKs of NEWLEADER.  Here the quorums are the same for everybody and *)
(* for ever; in Reconfig.tla they are those of the configurations that i   *)
(* knows.                                                                  *)
(***************************************************************************)
HasQuorum(i, S) == IsQuorum(S)
HasAllQuorums(i, S) == IsQuorum(S)

-----------------------------------------------------------------------------
(* Messages and connections.                                               *)

(***************************************************************************)
(* The fields: mzxid is the zxid of a QuorumPacket, mepoch the epoch in    *)
(* its data (-1 in an ACKEPOCH that must not count), mvalue a transaction, *)
(* msnapshot a snapshot.  An epoch e travels as the zxid <<e, 0>>.         *)
(***************************************************************************)
Message ==
    [mtype : {FOLLOWERINFO, LEADERINFO, DIFF, TRUNC, NEWLEADER, ACK, UPTODATE, COMMIT},
     mzxid : Zxid]
    \cup [mtype : {ACKEPOCH}, mzxid : Zxid, mepoch : Nat \cup {-1}]
    \cup [mtype : {SNAP}, mzxid : Zxid, msnapshot : Seq(Txn)]
    \cup [mtype : {PROPOSAL}, mzxid : Zxid, mvalue : Value]

Packet(type, zxid) == [mtype |-> type, mzxid |-> zxid]

ProposalOf(txn) == [mtype |-> PROPOSAL, mzxid |-> txn.zxid, mvalue |-> txn.value]
TxnOf(m) == [zxid |-> m.mzxid, value |-> m.mvalue]

(* For each transaction a PROPOSAL and its COMMIT.                         *)
ProposedAndCommitted(txns) ==
    [k \in 1..2 * Len(txns) |->
        LET txn == txns[(k + 1) \div 2]
        IN  IF k % 2 = 1 THEN ProposalOf(txn) ELSE Packet(COMMIT, txn.zxid)]

ProposalsOf(txns) == [k \in DOMAIN txns |-> ProposalOf(txns[k])]

(* What follower i says of itself, and what a leader i ends a sync with.   *)
FollowerInfo(i) == Packet(FOLLOWERINFO, <<acceptedEpoch[i], 0>>)
NewLeader(i) == Packet(NEWLEADER, <<newEpoch[i], 0>>)

(* A proposal of leader i that nobody has acknowledged yet.                *)
Proposal(i, txn) == [txn |-> txn, ackSet |-> {}]

(***************************************************************************)
(* Follower i is connected to leader j as long as neither end has closed.  *)
(* If one has, the other end will find out, and what it writes until then  *)
(* is lost.                                                                *)
(***************************************************************************)
Alive(i, j) == /\ leader[i] = j
               /\ learnerStage[i] # NONE
               /\ handler[j][i] # NONE

IsLearner(i, j) == handler[i][j] # NONE

(* Learners that get every new PROPOSAL and COMMIT (forwardingFollowers).  *)
IsForwarding(i, j) == handler[i][j] \in {NEWLEADER, ACKLD, UPTODATE}

(* The first message from i to j is of this type.                          *)
Pending(i, j, type) == msgs[i][j] # << >> /\ msgs[i][j][1].mtype = type

(* The channels after leader i has written ms(j) to each learner j of to,  *)
(* and after it has first read one message of from (nothing if from = {}). *)
LeaderWrites(i, to, ms(_), from) ==
    [a \in Server |->
        IF a = i
        THEN [b \in Server |-> IF b \in to /\ Alive(b, i) THEN msgs[i][b] \o ms(b) ELSE msgs[i][b]]
        ELSE IF a \in from THEN [msgs[a] EXCEPT ![i] = Tail(@)]
        ELSE msgs[a]]

(* The channels after i has read a message from j and written ms to j.     *)
Reply(i, j, ms) == [msgs EXCEPT ![j][i] = Tail(@), ![i][j] = @ \o ms]

Discard(i, j) == [msgs EXCEPT ![j][i] = Tail(@)]

(* The channels after follower i has written ms to its leader.             *)
FollowerWrites(i, ms) ==
    IF Alive(i, leader[i]) THEN [msgs EXCEPT ![i][leader[i]] = @ \o ms] ELSE msgs

(* The channels after all connections of i, or the one with j, are gone.   *)
Disconnected(i) ==
    [a \in Server |-> [b \in Server |-> IF a = i \/ b = i THEN << >> ELSE msgs[a][b]]]
Cut(i, j) == [msgs EXCEPT ![i][j] = << >>, ![j][i] = << >>]

-----------------------------------------------------------------------------
TypeOK ==
    /\ acceptedEpoch \in [Server -> Nat]
    /\ currentEpoch \in [Server -> Nat]
    /\ history \in [Server -> Seq(Txn)]
    /\ status \in [Server -> {ONLINE, OFFLINE}]
    /\ state \in [Server -> {LOOKING, FOLLOWING, LEADING}]
    /\ zabState \in [Server -> {ELECTION, DISCOVERY, SYNCHRONIZATION, BROADCAST}]
    /\ newEpoch \in [Server -> Nat]
    /\ queuedRequests \in [Server -> Seq(Txn)]
    /\ lastCommitted \in [Server -> Zxid]
    /\ handler \in [Server -> [Server -> HandlerStages]]
    /\ peerLastZxid \in [Server -> [Server -> Zxid]]
    /\ cepochRecv \in [Server -> SUBSET Server]
    /\ ackeRecv \in [Server -> SUBSET Server]
    /\ ackldRecv \in [Server -> SUBSET Server]
    /\ outstandingProposals \in [Server -> Seq([txn : Txn, ackSet : SUBSET Server])]
    /\ leader \in [Server -> Server \cup {NullPoint}]
    /\ learnerStage \in [Server -> FollowerStages]
    /\ syncMode \in [Server -> {DIFF, TRUNC, SNAP, NONE}]
    /\ packetsNotLogged \in [Server -> Seq(Txn)]
    /\ packetsCommitted \in [Server -> Seq(Zxid)]
    /\ database \in [Server -> Seq(Txn)]
    /\ msgs \in [Server -> [Server -> Seq(Message)]]
    /\ \A r \in epochLeader : r \in [epoch : Nat, leader : Server, history : Seq(Txn), served : BOOLEAN]
    /\ \A p \in proposalMsgsLog : p \in [txn : Txn, source : Server]
    /\ committed \in Seq(Txn)

(***************************************************************************)
(* A server that has just been started knows what is on its disk and       *)
(* nothing else.  An ensemble that has never run has nothing on its disks. *)
(***************************************************************************)
InitVolatile ==
    /\ status = [i \in Server |-> ONLINE]
    /\ state = [i \in Server |-> LOOKING]
    /\ zabState = [i \in Server |-> ELECTION]
    /\ newEpoch = [i \in Server |-> 0]
    /\ queuedRequests = [i \in Server |-> << >>]
    /\ lastCommitted = [i \in Server |-> ZeroZxid]
    /\ handler = [i \in Server |-> [j \in Server |-> NONE]]
    /\ peerLastZxid = [i \in Server |-> [j \in Server |-> ZeroZxid]]
    /\ cepochRecv = [i \in Server |-> {}]
    /\ ackeRecv = [i \in Server |-> {}]
    /\ ackldRecv = [i \in Server |-> {}]
    /\ outstandingProposals = [i \in Server |-> << >>]
    /\ leader = [i \in Server |-> NullPoint]
    /\ learnerStage = [i \in Server |-> NONE]
    /\ syncMode = [i \in Server |-> NONE]
    /\ packetsNotLogged = [i \in Server |-> << >>]
    /\ packetsCommitted = [i \in Server |-> << >>]
    /\ database = [i \in Server |-> << >>]
    /\ msgs = [i \in Server |-> [j \in Server |-> << >>]]

Init ==
    /\ acceptedEpoch = [i \in Server |-> 0]
    /\ currentEpoch = [i \in Server |-> 0]
    /\ history = [i \in Server |-> << >>]
    /\ InitVolatile
    /\ epochLeader = {}
    /\ proposalMsgsLog = {}
    /\ committed = << >>

-----------------------------------------------------------------------------
(* ELECTION, as far as it matters here: its result.                        *)

(***************************************************************************)
(* Server i leaves the election as leader.  It starts to propose an epoch, *)
(* one above its own acceptedEpoch until it hears of a higher one.  The    *)
(* log queue of an earlier role must be empty: QuorumPeer starts no        *)
(* election while its SyncRequestProcessor still writes (ZOOKEEPER-4712).  *)
(* QuorumPeer.run, Leader.lead, Leader.getEpochToPropose.                  *)
(***************************************************************************)
ZabTurnToLeading(i) ==
    /\ status[i] = ONLINE
    /\ state[i] = LOOKING
    /\ queuedRequests[i] = << >>
    /\ state' = [state EXCEPT ![i] = LEADING]
    /\ zabState' = [zabState EXCEPT ![i] = DISCOVERY]
    /\ newEpoch' = [newEpoch EXCEPT ![i] = acceptedEpoch[i] + 1]
    /\ cepochRecv' = [cepochRecv EXCEPT ![i] = {i}]
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, handler, peerLastZxid,
                   ackeRecv, ackldRecv, outstandingProposals, followerVars, msgs, ghostVars>>

(***************************************************************************)
(* Server i leaves the election as a follower of j.  Whether j thinks the  *)
(* same, it will see when it connects.  QuorumPeer.run, Follower.          *)
(***************************************************************************)
ZabTurnToFollowing(i, j) ==
    /\ i # j
    /\ status[i] = ONLINE
    /\ state[i] = LOOKING
    /\ queuedRequests[i] = << >>
    /\ state' = [state EXCEPT ![i] = FOLLOWING]
    /\ zabState' = [zabState EXCEPT ![i] = DISCOVERY]
    /\ leader' = [leader EXCEPT ![i] = j]
    /\ UNCHANGED <<durableVars, status, newEpoch, queuedRequests, lastCommitted, leaderVars,
                   learnerStage, syncVars, msgs, ghostVars>>

-----------------------------------------------------------------------------
(* DISCOVERY: a quorum agrees on a new epoch.                              *)

(***************************************************************************)
(* Follower i connects to j and sends FOLLOWERINFO with its acceptedEpoch  *)
(* (CEPOCH of the paper, step 1.1).  The leader's acceptor makes a handler *)
(* for the connection; one that is left over from an earlier connection of *)
(* i is replaced.  Learner.connectToLeader, Learner.registerWithLeader,    *)
(* Leader.LearnerCnxAcceptor.                                              *)
(***************************************************************************)
ConnectAndFollowerSendFOLLOWERINFO(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = NONE
    /\ state[j] = LEADING
    /\ learnerStage' = [learnerStage EXCEPT ![i] = FOLLOWERINFO]
    /\ handler' = [handler EXCEPT ![j][i] = CONNECTED]
    /\ msgs' = [msgs EXCEPT ![i][j] = <<FollowerInfo(i)>>, ![j][i] = << >>]
    /\ UNCHANGED <<serverVars, peerLastZxid, cepochRecv, ackeRecv, ackldRecv,
                   outstandingProposals, leader, syncVars, ghostVars>>

(***************************************************************************)
(* Leader i has heard from a quorum, itself included: its epoch is chosen  *)
(* and will not grow any more (not waitingForNewEpoch).                    *)
(***************************************************************************)
EpochChosen(i) == i \in cepochRecv[i] /\ HasQuorum(i, cepochRecv[i])

(***************************************************************************)
(* Leader i reads the FOLLOWERINFO of j.  While the epoch is still open, i *)
(* raises it above j's acceptedEpoch and j waits for the outcome.  If the  *)
(* epoch is settled and on i's disk, j gets LEADERINFO at once (NEWEPOCH   *)
(* of the paper, step 1.2).  LearnerHandler.run, Leader.getEpochToPropose. *)
(***************************************************************************)
LeaderProcessFOLLOWERINFO(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = CONNECTED
    /\ Pending(j, i, FOLLOWERINFO)
    /\ LET epoch == msgs[j][i][1].mzxid[1]
           settled == EpochChosen(i) /\ acceptedEpoch[i] = newEpoch[i]
       IN  /\ IF EpochChosen(i)
              THEN UNCHANGED <<newEpoch, cepochRecv>>
              ELSE /\ newEpoch' = [newEpoch EXCEPT ![i] = Maximum({@, epoch + 1})]
                   /\ cepochRecv' = [cepochRecv EXCEPT ![i] = @ \cup {j}]
           /\ IF settled
              THEN /\ handler' = [handler EXCEPT ![i][j] = LEADERINFO]
                   /\ msgs' = Reply(i, j, <<Packet(LEADERINFO, <<newEpoch[i], 0>>)>>)
              ELSE /\ handler' = [handler EXCEPT ![i][j] = FOLLOWERINFO]
                   /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<durableVars, roleVars, queuedRequests, lastCommitted, peerLastZxid, ackeRecv,
                   ackldRecv, outstandingProposals, followerVars, ghostVars>>

(***************************************************************************)
(* What the properties remember of leader i once it has started its epoch: *)
(* its history, and whether it has served.                                 *)
(***************************************************************************)
Leadership(i, served) ==
    [epoch |-> newEpoch[i], leader |-> i, history |-> history[i], served |-> served]
Started(i) == epochLeader \cup {Leadership(i, FALSE)}
Served(i) == (epochLeader \ {Leadership(i, FALSE)}) \cup {Leadership(i, TRUE)}

(***************************************************************************)
(* Durable step of leader i: the chosen epoch is its acceptedEpoch.  That  *)
(* is its own promise.  All followers that wait get LEADERINFO.            *)
(* Leader.getEpochToPropose (setAcceptedEpoch, notifyAll).                 *)
(***************************************************************************)
LeaderPersistAcceptedEpoch(i) ==
    /\ state[i] = LEADING
    /\ EpochChosen(i)
    /\ acceptedEpoch[i] < newEpoch[i]
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![i] = newEpoch[i]]
    /\ ackeRecv' = [ackeRecv EXCEPT ![i] = {i}]
    /\ epochLeader' = IF HasQuorum(i, {i}) THEN Started(i) ELSE epochLeader
    /\ LET waiting == {j \in Server : handler[i][j] = FOLLOWERINFO}
       IN  /\ handler' = [handler EXCEPT ![i] =
                             [j \in Server |-> IF j \in waiting THEN LEADERINFO ELSE @[j]]]
           /\ msgs' = LeaderWrites(i, waiting,
                          LAMBDA j : <<Packet(LEADERINFO, <<newEpoch[i], 0>>)>>, {})
    /\ UNCHANGED <<currentEpoch, history, roleVars, newEpoch, queuedRequests, lastCommitted,
                   peerLastZxid, cepochRecv, ackldRecv, outstandingProposals, followerVars,
                   proposalMsgsLog, committed>>

(***************************************************************************)
(* What remains of a server that leaves its role: it is LOOKING, all that  *)
(* it knew as leader or follower is gone, and so are its connections.  The *)
(* log queue is not part of this: what is in it will still be written.     *)
(***************************************************************************)
LeaveRole(i) ==
    /\ state' = [state EXCEPT ![i] = LOOKING]
    /\ zabState' = [zabState EXCEPT ![i] = ELECTION]
    /\ newEpoch' = [newEpoch EXCEPT ![i] = 0]
    /\ handler' = [handler EXCEPT ![i] = [j \in Server |-> NONE]]
    /\ peerLastZxid' = [peerLastZxid EXCEPT ![i] = [j \in Server |-> ZeroZxid]]
    /\ cepochRecv' = [cepochRecv EXCEPT ![i] = {}]
    /\ ackeRecv' = [ackeRecv EXCEPT ![i] = {}]
    /\ ackldRecv' = [ackldRecv EXCEPT ![i] = {}]
    /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] = << >>]
    /\ leader' = [leader EXCEPT ![i] = NullPoint]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = NONE]
    /\ syncMode' = [syncMode EXCEPT ![i] = NONE]
    /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = << >>]
    /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] = << >>]
    /\ database' = [database EXCEPT ![i] = << >>]
    /\ msgs' = Disconnected(i)

(***************************************************************************)
(* The ACKEPOCH of follower i.  The epoch in it is -1 if it must not count *)
(* as a promise.                                                           *)
(***************************************************************************)
AckEpoch(i, epoch) == [mtype |-> ACKEPOCH, mzxid |-> LastZxid(history[i]), mepoch |-> epoch]

(***************************************************************************)
(* Follower i reads the LEADERINFO of j.  A higher epoch than the accepted *)
(* one is accepted, which takes a durable step first.  The accepted epoch  *)
(* again: i has promised it before, perhaps to another leader, so it       *)
(* answers with -1, which does not count but lets it take part in the      *)
(* synchronization.  (Apache's protocol-spec counts it; that admits two    *)
(* leaders of one epoch.)  A lower epoch: i leaves.                        *)
(* Learner.registerWithLeader.                                             *)
(***************************************************************************)
FollowerProcessLEADERINFO(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = FOLLOWERINFO
    /\ Pending(j, i, LEADERINFO)
    /\ LET epoch == msgs[j][i][1].mzxid[1]
       IN  \/ /\ epoch > acceptedEpoch[i]
              /\ newEpoch' = [newEpoch EXCEPT ![i] = epoch]
              /\ learnerStage' = [learnerStage EXCEPT ![i] = LEADERINFO]
              /\ msgs' = Discard(i, j)
              /\ UNCHANGED <<state, zabState, leaderVars, leader, syncVars>>
           \/ /\ epoch = acceptedEpoch[i]
              /\ newEpoch' = [newEpoch EXCEPT ![i] = epoch]
              /\ learnerStage' = [learnerStage EXCEPT ![i] = ACKEPOCH]
              /\ zabState' = [zabState EXCEPT ![i] = SYNCHRONIZATION]
              /\ msgs' = Reply(i, j, <<AckEpoch(i, -1)>>)
              /\ UNCHANGED <<state, leaderVars, leader, syncVars>>
           \/ /\ epoch < acceptedEpoch[i]
              /\ LeaveRole(i)
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, ghostVars>>

(***************************************************************************)
(* Durable step of follower i: the new epoch is its acceptedEpoch, which   *)
(* is its promise to no longer take part in an earlier one.  Only now the  *)
(* ACKEPOCH leaves, with i's currentEpoch and the end of its log (ACK-E,   *)
(* step 1.3).  Learner.registerWithLeader (setAcceptedEpoch).              *)
(***************************************************************************)
FollowerPersistAcceptedEpoch(i) ==
    /\ state[i] = FOLLOWING
    /\ learnerStage[i] = LEADERINFO
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![i] = newEpoch[i]]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = ACKEPOCH]
    /\ zabState' = [zabState EXCEPT ![i] = SYNCHRONIZATION]
    /\ msgs' = FollowerWrites(i, <<AckEpoch(i, currentEpoch[i])>>)
    /\ UNCHANGED <<currentEpoch, history, status, state, newEpoch, queuedRequests, lastCommitted,
                   leaderVars, leader, syncVars, ghostVars>>

(***************************************************************************)
(* A quorum has promised newEpoch to leader i (electionFinished).          *)
(***************************************************************************)
ElectionFinished(i) == i \in ackeRecv[i] /\ HasQuorum(i, ackeRecv[i])

(***************************************************************************)
(* Leader i reads the ACKEPOCH of j.  As long as promises are collected, a *)
(* follower whose state is more recent than i's own is sent away: i cannot *)
(* be sure to have all that was committed.  Otherwise j's promise counts,  *)
(* unless its epoch is -1.  With a quorum of promises the epoch is         *)
(* started: i's log is its initial history.  (In the paper, step 2.1, the  *)
(* leader adopts the best log of the quorum; ZooKeeper's elects a server   *)
(* that has it.)  LearnerHandler.run, Leader.waitForEpochAck.              *)
(***************************************************************************)
LeaderProcessACKEPOCH(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = LEADERINFO
    /\ Pending(j, i, ACKEPOCH)
    /\ LET m == msgs[j][i][1]
           counts == ~ElectionFinished(i) /\ m.mepoch # -1
       IN  IF counts /\ IsMoreRecentThan(m.mepoch, m.mzxid, currentEpoch[i], LastZxid(history[i]))
           THEN /\ handler' = [handler EXCEPT ![i][j] = NONE]
                /\ msgs' = Cut(i, j)
                /\ UNCHANGED <<peerLastZxid, ackeRecv, epochLeader>>
           ELSE LET promised == ackeRecv[i] \cup IF counts THEN {j} ELSE {}
                IN  /\ handler' = [handler EXCEPT ![i][j] = ACKEPOCH]
                    /\ peerLastZxid' = [peerLastZxid EXCEPT ![i][j] = m.mzxid]
                    /\ ackeRecv' = [ackeRecv EXCEPT ![i] = promised]
                    /\ epochLeader' = IF ~ElectionFinished(i) /\ HasQuorum(i, promised)
                                      THEN Started(i) ELSE epochLeader
                    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, cepochRecv, ackldRecv, outstandingProposals, followerVars,
                   proposalMsgsLog, committed>>

-----------------------------------------------------------------------------
(* SYNCHRONIZATION: a quorum gets the leader's history.                    *)

(***************************************************************************)
(* Durable step of leader i: the started epoch is its currentEpoch.  Its   *)
(* history was on its disk before, so it may count itself among those that *)
(* have acknowledged NEWLEADER.  Leader.lead (setCurrentEpoch and          *)
(* waitForNewLeaderAck).  Followers may be synchronized before this step:  *)
(* their handlers do not wait for it.                                      *)
(***************************************************************************)
LeaderPersistCurrentEpoch(i) ==
    /\ state[i] = LEADING
    /\ zabState[i] = DISCOVERY
    /\ ElectionFinished(i)
    /\ currentEpoch' = [currentEpoch EXCEPT ![i] = newEpoch[i]]
    /\ zabState' = [zabState EXCEPT ![i] = SYNCHRONIZATION]
    /\ ackldRecv' = [ackldRecv EXCEPT ![i] = @ \cup {i}]
    /\ UNCHANGED <<acceptedEpoch, history, status, state, newEpoch, queuedRequests, lastCommitted,
                   handler, peerLastZxid, cepochRecv, ackeRecv, outstandingProposals, followerVars,
                   msgs, ghostVars>>

(***************************************************************************)
(* The agreed order when all of a log is committed.  A leader may commit   *)
(* what is in the order already: while it has not noticed that it is       *)
(* leader no more, a later epoch starts with its last transactions, and    *)
(* then comes the ACK, or the end of a sync of its own disk, that lets it  *)
(* commit them too.  Leader.tryToCommit asks nobody but the ACKs.          *)
(***************************************************************************)
CommittedWith(log) == committed \o SubSeq(log, Len(committed) + 1, Len(log))

(***************************************************************************)
(* What leader i takes as committed when it synchronizes a follower: in    *)
(* BROADCAST what it has delivered, before that its whole history.         *)
(***************************************************************************)
SyncBase(i) ==
    IF zabState[i] = BROADCAST THEN Upto(Log(i), lastCommitted[i]) ELSE history[i]

(***************************************************************************)
(* The zxid up to which a follower whose log ends with p agrees with log:  *)
(* the last one of log that is not above p.                                *)
(***************************************************************************)
CommonZxid(log, p) == LastZxid(Upto(log, p))

(***************************************************************************)
(* How a follower whose log ends with p may be brought to log.  DIFF if p  *)
(* is in the log.  TRUNC if it is not and the follower runs past the end,  *)
(* or the next transaction is of p's own epoch; into an earlier epoch      *)
(* nothing is cut, Apache sends a snapshot then.  SNAP always: it depends  *)
(* on how much log the leader holds, which is not modelled.                *)
(* LearnerHandler.syncFollower, queueCommittedProposals.                   *)
(***************************************************************************)
MaySync(log, p, mode) ==
    LET known == p = ZeroZxid \/ HasZxid(log, p)
        rest  == After(log, p)
    IN  CASE mode = DIFF  -> known
          [] mode = TRUNC -> /\ ~known
                             /\ rest # << >> => rest[1].zxid[1] = p[1]
          [] mode = SNAP  -> TRUE

(***************************************************************************)
(* The packets that do it: DIFF, TRUNC or SNAP, what is committed beyond   *)
(* that with a COMMIT for each, what is outstanding without, NEWLEADER.    *)
(***************************************************************************)
SyncPackets(i, p, mode) ==
    LET log    == SyncBase(i)
        common == CommonZxid(log, p)
        first  == CASE mode = DIFF  -> Packet(DIFF, LastZxid(log))
                    [] mode = TRUNC -> Packet(TRUNC, common)
                    [] mode = SNAP  -> [mtype |-> SNAP, mzxid |-> LastZxid(log),
                                        msnapshot |-> log]
        missing == IF mode = SNAP THEN << >> ELSE After(log, common)
        outstanding == [k \in DOMAIN outstandingProposals[i] |-> outstandingProposals[i][k].txn]
    IN  <<first>> \o ProposedAndCommitted(missing) \o ProposalsOf(outstanding)
            \o <<NewLeader(i)>>

(***************************************************************************)
(* Leader i sends follower j what it needs and then NEWLEADER (step 2.1).  *)
(* From here on j gets every new PROPOSAL and COMMIT.  j may have logged   *)
(* proposals of this epoch that are still outstanding, on an earlier       *)
(* connection; a TRUNC or SNAP takes them away again, so its ACKs of them  *)
(* must no longer count.  (Apache keeps counting them.)                    *)
(* LearnerHandler.syncFollower, Leader.startForwarding.                    *)
(***************************************************************************)
LeaderSyncFollower(i, j, mode) ==
    /\ state[i] = LEADING
    /\ ElectionFinished(i)
    /\ handler[i][j] = ACKEPOCH
    /\ MaySync(SyncBase(i), peerLastZxid[i][j], mode)
    /\ msgs' = LeaderWrites(i, {j}, LAMBDA b : SyncPackets(i, peerLastZxid[i][j], mode), {})
    /\ handler' = [handler EXCEPT ![i][j] = NEWLEADER]
    /\ peerLastZxid' = [peerLastZxid EXCEPT ![i][j] = ZeroZxid]
    /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] =
           [k \in DOMAIN @ |-> [@[k] EXCEPT !.ackSet = @ \ {j}]]]
    /\ UNCHANGED <<serverVars, cepochRecv, ackeRecv, ackldRecv, followerVars, ghostVars>>

(***************************************************************************)
(* Follower i reads DIFF, TRUNC or SNAP.  DIFF announces transactions that *)
(* follow its log.  TRUNC cuts its log, at once and durably; what follows  *)
(* is applied to the tree in memory.  SNAP replaces the tree in memory;    *)
(* the disk stays as it is for now.  Learner.syncWithLeader.               *)
(***************************************************************************)
FollowerProcessSyncMessage(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = ACKEPOCH
    /\ \/ /\ Pending(j, i, DIFF)
          /\ UNCHANGED <<history, database>>
       \/ /\ Pending(j, i, TRUNC)
          /\ history' = [history EXCEPT ![i] = Upto(@, msgs[j][i][1].mzxid)]
          /\ database' = [database EXCEPT ![i] = history'[i]]
       \/ /\ Pending(j, i, SNAP)
          /\ database' = [database EXCEPT ![i] = msgs[j][i][1].msnapshot]
          /\ UNCHANGED history
    /\ syncMode' = [syncMode EXCEPT ![i] = msgs[j][i][1].mtype]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = SYNC]
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, roleVars, newEpoch, queuedRequests, lastCommitted,
                   leaderVars, leader, packetsNotLogged, packetsCommitted, ghostVars>>

(* A DIFF goes to the log; TRUNC and SNAP end with a snapshot.             *)
SnapshotNeeded(i) == syncMode[i] \in {TRUNC, SNAP}

(***************************************************************************)
(* Follower i reads a PROPOSAL in the middle of a synchronization, ahead   *)
(* of NEWLEADER or between its acknowledgement and UPTODATE.  It keeps it  *)
(* and logs nothing yet.  Learner.syncWithLeader.                          *)
(***************************************************************************)
FollowerProcessPROPOSALInSync(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] \in {SYNC, ACKLD}
    /\ Pending(j, i, PROPOSAL)
    /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = Append(@, TxnOf(msgs[j][i][1]))]
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, leaderVars, leader, learnerStage, syncMode, packetsCommitted,
                   database, ghostVars>>

(***************************************************************************)
(* Follower i reads a COMMIT in the middle of a synchronization.  If the   *)
(* synchronization will end with a snapshot that is still to be taken, the *)
(* transaction goes to the tree in memory; otherwise the COMMIT waits for  *)
(* NEWLEADER or, behind it, for UPTODATE (ZOOKEEPER-4394).                 *)
(* Learner.syncWithLeader (writeToTxnLog).                                 *)
(***************************************************************************)
FollowerProcessCOMMITInSync(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] \in {SYNC, ACKLD}
    /\ Pending(j, i, COMMIT)
    /\ IF learnerStage[i] = SYNC /\ SnapshotNeeded(i)
       THEN /\ packetsNotLogged[i] # << >>
            /\ packetsNotLogged[i][1].zxid = msgs[j][i][1].mzxid
            /\ database' = [database EXCEPT ![i] = Append(@, packetsNotLogged[i][1])]
            /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = Tail(@)]
            /\ UNCHANGED packetsCommitted
       ELSE /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] = Append(@, msgs[j][i][1].mzxid)]
            /\ UNCHANGED <<packetsNotLogged, database>>
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, leaderVars, leader, learnerStage, syncMode, ghostVars>>

(***************************************************************************)
(* Follower i reads NEWLEADER (step 2.2).  What a DIFF has committed so    *)
(* far is written to the log.  Then i waits until its history is durable:  *)
(* by FollowerLogFlushed or FollowerTakeSnapshot.  It reads nothing        *)
(* further before it has acknowledged.  Learner.syncWithLeader.            *)
(***************************************************************************)
FollowerProcessNEWLEADER(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = SYNC
    /\ Pending(j, i, NEWLEADER)
    /\ LET n == Len(packetsCommitted[i])
       IN  /\ queuedRequests' = [queuedRequests EXCEPT ![i] =
                                    @ \o SubSeq(packetsNotLogged[i], 1, n)]
           /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = SubSeq(@, n + 1, Len(@))]
    /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] = << >>]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = NEWLEADER]
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, lastCommitted, leaderVars, leader, syncMode,
                   database, ghostVars>>

(***************************************************************************)
(* Durable step of follower i after a TRUNC or SNAP: the tree in memory is *)
(* on the disk as a snapshot and replaces what was there.                  *)
(* Learner.syncWithLeader (takeSnapshot).                                  *)
(***************************************************************************)
FollowerTakeSnapshot(i) ==
    /\ state[i] = FOLLOWING
    /\ learnerStage[i] = NEWLEADER
    /\ SnapshotNeeded(i)
    /\ history' = [history EXCEPT ![i] = database[i]]
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, roleVars, newEpoch, queuedRequests, lastCommitted,
                   leaderVars, followerVars, msgs, ghostVars>>

(* The history that NEWLEADER asked follower i to take over is on disk.    *)
HistoryIsDurable(i) ==
    /\ queuedRequests[i] = << >>
    /\ SnapshotNeeded(i) => history[i] = database[i]

(***************************************************************************)
(* Durable step of follower i: the epoch whose history it holds is its     *)
(* currentEpoch.  Never ahead of the history (ZOOKEEPER-4643), and the ACK *)
(* of NEWLEADER (step 2.2) not ahead of either (ZOOKEEPER-4646, 3911).     *)
(* Learner.syncWithLeader (setCurrentEpoch).                               *)
(***************************************************************************)
FollowerPersistCurrentEpoch(i) ==
    /\ state[i] = FOLLOWING
    /\ learnerStage[i] = NEWLEADER
    /\ HistoryIsDurable(i)
    /\ currentEpoch' = [currentEpoch EXCEPT ![i] = newEpoch[i]]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = ACKLD]
    /\ syncMode' = [syncMode EXCEPT ![i] = NONE]
    /\ database' = [database EXCEPT ![i] = << >>]
    /\ msgs' = FollowerWrites(i, <<Packet(ACK, <<newEpoch[i], 0>>)>>)
    /\ UNCHANGED <<acceptedEpoch, history, roleVars, newEpoch, queuedRequests, lastCommitted,
                   leaderVars, leader, packetsNotLogged, packetsCommitted, ghostVars>>

(***************************************************************************)
(* Leader i reads the ACK of NEWLEADER from j.  If i serves already, j may *)
(* serve too: UPTODATE (COMMIT-LD of the paper, step 2.3).                 *)
(* LearnerHandler.run, Leader.waitForNewLeaderAck, waitForStartup.         *)
(***************************************************************************)
LeaderProcessACKLD(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = NEWLEADER
    /\ Pending(j, i, ACK)
    /\ msgs[j][i][1].mzxid = <<newEpoch[i], 0>>
    /\ ackldRecv' = [ackldRecv EXCEPT ![i] = @ \cup {j}]
    /\ IF zabState[i] = BROADCAST
       THEN /\ handler' = [handler EXCEPT ![i][j] = UPTODATE]
            /\ msgs' = Reply(i, j, <<Packet(UPTODATE, <<newEpoch[i], 0>>)>>)
       ELSE /\ handler' = [handler EXCEPT ![i][j] = ACKLD]
            /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, peerLastZxid, cepochRecv, ackeRecv, outstandingProposals,
                   followerVars, ghostVars>>

(***************************************************************************)
(* A quorum, leader i included, has i's history and the epoch on disk: the *)
(* epoch is established, all of the initial history is committed, and i    *)
(* serves.  Followers that have acknowledged get UPTODATE.  Leader.lead    *)
(* (startZkServer), LearnerHandler.run.                                    *)
(***************************************************************************)
LeaderStartServing(i) ==
    /\ state[i] = LEADING
    /\ zabState[i] = SYNCHRONIZATION
    /\ i \in ackldRecv[i]
    /\ HasAllQuorums(i, ackldRecv[i])
    /\ zabState' = [zabState EXCEPT ![i] = BROADCAST]
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] = LastZxid(history[i])]
    /\ committed' = CommittedWith(history[i])
    /\ epochLeader' = Served(i)
    /\ LET synced == {j \in Server : handler[i][j] = ACKLD}
       IN  /\ handler' = [handler EXCEPT ![i] =
                             [j \in Server |-> IF j \in synced THEN UPTODATE ELSE @[j]]]
           /\ msgs' = LeaderWrites(i, synced,
                          LAMBDA j : <<Packet(UPTODATE, <<newEpoch[i], 0>>)>>, {})
    /\ UNCHANGED <<durableVars, status, state, newEpoch, queuedRequests, peerLastZxid, cepochRecv,
                   ackeRecv, ackldRecv, outstandingProposals, followerVars,
                   proposalMsgsLog>>

(***************************************************************************)
(* Follower i reads UPTODATE and serves.  All it has synchronized is       *)
(* committed and delivered before the first client is answered             *)
(* (ZOOKEEPER-3023).  The proposals that came since are logged now, to be  *)
(* acknowledged when they are durable, and their COMMITs carried out.  The *)
(* ACK that answers UPTODATE means nothing to the leader.                  *)
(* Learner.syncWithLeader.                                                 *)
(***************************************************************************)
FollowerProcessUPTODATE(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = ACKLD
    /\ Pending(j, i, UPTODATE)
    /\ LET n == Len(packetsCommitted[i])
       IN  lastCommitted' = [lastCommitted EXCEPT ![i] =
               IF n = 0 THEN LastZxid(history[i]) ELSE packetsCommitted[i][n]]
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = @ \o packetsNotLogged[i]]
    /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = << >>]
    /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] = << >>]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = UPTODATE]
    /\ zabState' = [zabState EXCEPT ![i] = BROADCAST]
    /\ msgs' = Reply(i, j, <<Packet(ACK, <<newEpoch[i], 0>>)>>)
    /\ UNCHANGED <<durableVars, status, state, newEpoch, leaderVars, leader, syncMode, database,
                   ghostVars>>

-----------------------------------------------------------------------------
(* BROADCAST: one transaction after the other, pipelined.                  *)

(***************************************************************************)
(* The zxid of the next transaction of leader i.                           *)
(***************************************************************************)
NextZxid(i) ==
    LET last == LastZxid(Log(i))
    IN  <<newEpoch[i], IF last[1] = newEpoch[i] THEN last[2] + 1 ELSE 1>>

(***************************************************************************)
(* Leader i turns a client's request into a transaction, proposes it to    *)
(* all followers that are connected (step 3.1) and queues it for its own   *)
(* log.  It does not wait for earlier transactions.                        *)
(* PrepRequestProcessor, ProposalRequestProcessor, Leader.propose.         *)
(***************************************************************************)
LeaderProcessRequest(i, v) ==
    /\ state[i] = LEADING
    /\ zabState[i] = BROADCAST
    /\ LET txn == [zxid |-> NextZxid(i), value |-> v]
       IN  /\ queuedRequests' = [queuedRequests EXCEPT ![i] = Append(@, txn)]
           /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] =
                  Append(@, Proposal(i, txn))]
           /\ proposalMsgsLog' = proposalMsgsLog \cup {[txn |-> txn, source |-> i]}
           /\ msgs' = LeaderWrites(i, {j \in Server : IsForwarding(i, j)},
                          LAMBDA j : <<ProposalOf(txn)>>, {})
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, lastCommitted, handler, peerLastZxid,
                   cepochRecv, ackeRecv, ackldRecv, followerVars, epochLeader, committed>>

(***************************************************************************)
(* Follower i reads a PROPOSAL and queues it for its log (step 3.2, first  *)
(* half).  Follower.processPacket, FollowerZooKeeperServer.logRequest.     *)
(***************************************************************************)
FollowerProcessPROPOSAL(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = UPTODATE
    /\ Pending(j, i, PROPOSAL)
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = Append(@, TxnOf(msgs[j][i][1]))]
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, lastCommitted, leaderVars, followerVars,
                   ghostVars>>

(***************************************************************************)
(* The disks.  The first n queued transactions become durable together,    *)
(* by one sync of the log, however many there are.                         *)
(***************************************************************************)
Flush(i, n) ==
    /\ history' = [history EXCEPT ![i] = @ \o SubSeq(queuedRequests[i], 1, n)]
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = SubSeq(@, n + 1, Len(@))]

(***************************************************************************)
(* Durable step of follower i: transactions are on its disk.  In broadcast *)
(* it acknowledges each (step 3.2, second half).  Those that NEWLEADER     *)
(* made it log are committed already, and the ACK of NEWLEADER will speak  *)
(* for them.  SyncRequestProcessor.flush, SendAckRequestProcessor.         *)
(***************************************************************************)
FollowerLogFlushed(i, n) ==
    /\ state[i] = FOLLOWING
    /\ n \in 1..Len(queuedRequests[i])
    /\ Flush(i, n)
    /\ msgs' = IF learnerStage[i] = UPTODATE
               THEN FollowerWrites(i, [k \in 1..n |-> Packet(ACK, queuedRequests[i][k].zxid)])
               ELSE msgs
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, roleVars, newEpoch, lastCommitted, leaderVars,
                   followerVars, ghostVars>>

(***************************************************************************)
(* How many of the outstanding proposals can be committed: in their order, *)
(* each with a quorum of ACKs.                                             *)
(***************************************************************************)
Committable(proposals) ==
    Maximum({n \in 0..Len(proposals) : \A k \in 1..n : IsQuorum(proposals[k].ackSet)})

(***************************************************************************)
(* Leader i, with these outstanding proposals, commits what it can: it     *)
(* delivers, and tells its followers (step 3.3).  If from is not empty, i  *)
(* has just read a message of its member.  Leader.tryToCommit.             *)
(***************************************************************************)
LeaderTryToCommit(i, proposals, from) ==
    LET n     == Committable(proposals)
        zxids == [k \in 1..n |-> proposals[k].txn.zxid]
    IN  /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] =
               SubSeq(proposals, n + 1, Len(proposals))]
        /\ lastCommitted' = IF n = 0 THEN lastCommitted
                            ELSE [lastCommitted EXCEPT ![i] = zxids[n]]
        /\ committed' = IF n = 0 THEN committed ELSE CommittedWith(Upto(Log(i), zxids[n]))
        /\ msgs' = LeaderWrites(i, {j \in Server : IsForwarding(i, j)},
                       LAMBDA j : [k \in 1..n |-> Packet(COMMIT, zxids[k])], from)

(***************************************************************************)
(* Durable step of leader i: transactions are on its own disk, and it acks *)
(* them to itself.  Followers may have been faster, so this can commit.    *)
(* SyncRequestProcessor.flush, AckRequestProcessor, Leader.processAck.     *)
(***************************************************************************)
LeaderLogFlushed(i, n) ==
    /\ state[i] = LEADING
    /\ n \in 1..Len(queuedRequests[i])
    /\ Flush(i, n)
    /\ LET durable == {queuedRequests[i][k].zxid : k \in 1..n}
       IN  LeaderTryToCommit(i,
               [k \in DOMAIN outstandingProposals[i] |->
                   IF outstandingProposals[i][k].txn.zxid \in durable
                   THEN [outstandingProposals[i][k] EXCEPT !.ackSet = @ \cup {i}]
                   ELSE outstandingProposals[i][k]],
               {})
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, roleVars, newEpoch, handler, peerLastZxid,
                   cepochRecv, ackeRecv, ackldRecv, followerVars, epochLeader, proposalMsgsLog>>

(***************************************************************************)
(* Durable step of a server i that has left its role: its log queue is     *)
(* written to the end, and nobody is told.  SyncRequestProcessor.shutdown. *)
(***************************************************************************)
ShutdownLogFlushed(i, n) ==
    /\ status[i] = ONLINE
    /\ state[i] = LOOKING
    /\ n \in 1..Len(queuedRequests[i])
    /\ Flush(i, n)
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, roleVars, newEpoch, lastCommitted, leaderVars,
                   followerVars, msgs, ghostVars>>

(***************************************************************************)
(* Leader i reads an ACK of j and commits if it completes a quorum (step   *)
(* 3.3).  The ACK that answers UPTODATE has no counter and is ignored; so  *)
(* is one for a transaction that is committed already.  Leader.processAck. *)
(***************************************************************************)
LeaderProcessACK(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = UPTODATE
    /\ Pending(j, i, ACK)
    /\ LET z == msgs[j][i][1].mzxid
       IN  LeaderTryToCommit(i,
               [k \in DOMAIN outstandingProposals[i] |->
                   IF outstandingProposals[i][k].txn.zxid = z
                   THEN [outstandingProposals[i][k] EXCEPT !.ackSet = @ \cup {j}]
                   ELSE outstandingProposals[i][k]],
               {j})
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, queuedRequests, handler, peerLastZxid,
                   cepochRecv, ackeRecv, ackldRecv, followerVars, epochLeader, proposalMsgsLog>>

(* What follower i has logged and not delivered (pendingTxns).             *)
PendingTxns(i) == After(Log(i), lastCommitted[i])

(***************************************************************************)
(* Follower i reads a COMMIT and delivers the next transaction of its log  *)
(* (step 3.4).  It may not be durable here yet: a quorum has it.  A COMMIT *)
(* that does not match stops an Apache server; CommitsMatch says that none *)
(* comes.  Follower.processPacket, FollowerZooKeeperServer.commit.         *)
(***************************************************************************)
FollowerProcessCOMMIT(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = UPTODATE
    /\ Pending(j, i, COMMIT)
    /\ PendingTxns(i) # << >>
    /\ PendingTxns(i)[1].zxid = msgs[j][i][1].mzxid
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] = msgs[j][i][1].mzxid]
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, queuedRequests, leaderVars, followerVars,
                   ghostVars>>

-----------------------------------------------------------------------------
(* What goes wrong.                                                        *)

(***************************************************************************)
(* Follower i gives up its leader: a timeout, a broken connection, a       *)
(* leader that nobody has elected.  Follower.shutdown.                     *)
(***************************************************************************)
FollowerShutdown(i) ==
    /\ state[i] = FOLLOWING
    /\ LeaveRole(i)
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, ghostVars>>

(***************************************************************************)
(* Leader i gives up: no quorum of followers within its limits.            *)
(* Leader.shutdown.                                                        *)
(***************************************************************************)
LeaderShutdown(i) ==
    /\ state[i] = LEADING
    /\ LeaveRole(i)
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, ghostVars>>

(***************************************************************************)
(* The connection between leader i and follower j breaks and i notices     *)
(* first.  What was under way in either direction is lost.  Promises and   *)
(* ACKs that i has counted stay counted.  LearnerHandler.shutdown,         *)
(* Leader.removeLearnerHandler.                                            *)
(***************************************************************************)
LeaderRemoveLearner(i, j) ==
    /\ state[i] = LEADING
    /\ IsLearner(i, j)
    /\ handler' = [handler EXCEPT ![i][j] = NONE]
    /\ peerLastZxid' = [peerLastZxid EXCEPT ![i][j] = ZeroZxid]
    /\ msgs' = IF Alive(j, i) THEN Cut(i, j) ELSE msgs
    /\ UNCHANGED <<serverVars, cepochRecv, ackeRecv, ackldRecv, outstandingProposals,
                   followerVars, ghostVars>>

(***************************************************************************)
(* Server i crashes.  What was queued and not synced is lost, and so is    *)
(* all knowledge of what is committed.                                     *)
(***************************************************************************)
NodeCrash(i) ==
    /\ status[i] = ONLINE
    /\ status' = [status EXCEPT ![i] = OFFLINE]
    /\ LeaveRole(i)
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = << >>]
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] = ZeroZxid]
    /\ UNCHANGED <<durableVars, ghostVars>>

(***************************************************************************)
(* Server i starts again, with what is on its disk.  Between the durable   *)
(* history and the durable currentEpoch of a synchronization, a log may    *)
(* end with an epoch above currentEpoch; that is safe to start from.       *)
(***************************************************************************)
NodeStart(i) ==
    /\ status[i] = OFFLINE
    /\ status' = [status EXCEPT ![i] = ONLINE]
    /\ UNCHANGED <<durableVars, state, zabState, newEpoch, queuedRequests, lastCommitted,
                   leaderVars, followerVars, msgs, ghostVars>>

-----------------------------------------------------------------------------
Elections ==
    \/ \E i \in Server : ZabTurnToLeading(i)
    \/ \E i, j \in Server : ZabTurnToFollowing(i, j)

Discovery ==
    \/ \E i, j \in Server : ConnectAndFollowerSendFOLLOWERINFO(i, j)
    \/ \E i, j \in Server : LeaderProcessFOLLOWERINFO(i, j)
    \/ \E i \in Server : LeaderPersistAcceptedEpoch(i)
    \/ \E i, j \in Server : FollowerProcessLEADERINFO(i, j)
    \/ \E i \in Server : FollowerPersistAcceptedEpoch(i)
    \/ \E i, j \in Server : LeaderProcessACKEPOCH(i, j)

SyncStarts == \E i, j \in Server : \E mode \in {DIFF, TRUNC, SNAP} : LeaderSyncFollower(i, j, mode)

Synchronization ==
    \/ \E i \in Server : LeaderPersistCurrentEpoch(i)
    \/ \E i, j \in Server : FollowerProcessSyncMessage(i, j)
    \/ \E i, j \in Server : FollowerProcessPROPOSALInSync(i, j)
    \/ \E i, j \in Server : FollowerProcessCOMMITInSync(i, j)
    \/ \E i, j \in Server : FollowerProcessNEWLEADER(i, j)
    \/ \E i \in Server : FollowerTakeSnapshot(i)
    \/ \E i \in Server : FollowerPersistCurrentEpoch(i)
    \/ \E i, j \in Server : LeaderProcessACKLD(i, j)
    \/ \E i \in Server : LeaderStartServing(i)
    \/ \E i, j \in Server : FollowerProcessUPTODATE(i, j)

Requests == \E i \in Server : \E v \in Value : LeaderProcessRequest(i, v)

Broadcast ==
    \/ \E i, j \in Server : FollowerProcessPROPOSAL(i, j)
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) : FollowerLogFlushed(i, n)
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) : LeaderLogFlushed(i, n)
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) : ShutdownLogFlushed(i, n)
    \/ \E i, j \in Server : LeaderProcessACK(i, j)
    \/ \E i, j \in Server : FollowerProcessCOMMIT(i, j)

Shutdowns ==
    \/ \E i \in Server : FollowerShutdown(i)
    \/ \E i \in Server : LeaderShutdown(i)

BrokenConnections == \E i, j \in Server : LeaderRemoveLearner(i, j)

Crashes == \E i \in Server : NodeCrash(i)
Restarts == \E i \in Server : NodeStart(i)

Next ==
    \/ Elections \/ Discovery \/ SyncStarts \/ Synchronization \/ Requests \/ Broadcast
    \/ Shutdowns \/ BrokenConnections \/ Crashes \/ Restarts

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* The nine published properties, for every server and every transaction.  *)

(***************************************************************************)
(* No two servers lead in the same epoch once a quorum has promised it.    *)
(***************************************************************************)
Leadership1 ==
    \A i, j \in Server :
        /\ state[i] = LEADING /\ zabState[i] \in {SYNCHRONIZATION, BROADCAST}
        /\ state[j] = LEADING /\ zabState[j] \in {SYNCHRONIZATION, BROADCAST}
        /\ newEpoch[i] = newEpoch[j]
        => i = j

(***************************************************************************)
(* At most one leader has ever started an epoch, and with one history.     *)
(***************************************************************************)
Leadership2 == \A a, b \in epochLeader : a.epoch = b.epoch => a = b

(***************************************************************************)
(* Of what two servers have delivered, one is a prefix of the other.       *)
(***************************************************************************)
PrefixConsistency ==
    \A i, j \in Server : \/ IsPrefix(Delivered(i), Delivered(j))
                         \/ IsPrefix(Delivered(j), Delivered(i))

(***************************************************************************)
(* What a server delivers, some leader has proposed.                       *)
(***************************************************************************)
Integrity ==
    \A i \in Server : \A k \in 1..Len(Delivered(i)) :
        \E p \in proposalMsgsLog : p.txn = Delivered(i)[k]

(***************************************************************************)
(* If one server delivers a and another b, then one of them has both.      *)
(***************************************************************************)
Agreement ==
    \A i, j \in Server : \A a \in Range(Delivered(i)), b \in Range(Delivered(j)) :
        a \in Range(Delivered(j)) \/ b \in Range(Delivered(i))

(***************************************************************************)
(* If a server delivers a before b, then every server that delivers b      *)
(* delivers a before it.                                                   *)
(***************************************************************************)
Before(log, a, b) == \E m, n \in 1..Len(log) : m < n /\ log[m] = a /\ log[n] = b

TotalOrder ==
    \A i, j \in Server : \A n \in 1..Len(Delivered(i)) : \A m \in 1..n - 1 :
        Delivered(i)[n] \in Range(Delivered(j))
            => Before(Delivered(j), Delivered(i)[m], Delivered(i)[n])

(***************************************************************************)
(* If a leader proposes a before b in one epoch, then every server that    *)
(* delivers b delivers a before it.  For all pairs: Apache's text asks for *)
(* some pair only, and is true of nearly any run.                          *)
(***************************************************************************)
LocalPrimaryOrder ==
    \A p, q \in proposalMsgsLog :
        /\ p.source = q.source
        /\ p.txn.zxid[1] = q.txn.zxid[1]
        /\ ZxidLess(p.txn.zxid, q.txn.zxid)
        => \A i \in Server :
               q.txn \in Range(Delivered(i)) => Before(Delivered(i), p.txn, q.txn)

(***************************************************************************)
(* A server delivers transactions of an earlier epoch before those of a    *)
(* later one.                                                              *)
(***************************************************************************)
GlobalPrimaryOrder ==
    \A i \in Server : \A m, n \in 1..Len(Delivered(i)) :
        Delivered(i)[m].zxid[1] < Delivered(i)[n].zxid[1] => m < n

(***************************************************************************)
(* A leader that may propose has delivered every transaction of earlier    *)
(* epochs that any server delivers.                                        *)
(***************************************************************************)
PrimaryIntegrity ==
    \A i, j \in Server :
        state[i] = LEADING /\ zabState[i] = BROADCAST =>
            \A b \in Range(Delivered(j)) :
                b.zxid[1] < newEpoch[i] => b \in Range(Delivered(i))

-----------------------------------------------------------------------------
(* Properties of this text's own.                                          *)

(* The epoch of the history never runs ahead of the promised one.          *)
EpochOrder == \A i \in Server : currentEpoch[i] <= acceptedEpoch[i]

(* Logs grow in zxid order.                                                *)
LogOrder ==
    \A i \in Server : \A k \in 1..Len(Log(i)) - 1 :
        ZxidLess(Log(i)[k].zxid, Log(i)[k + 1].zxid)

(* What is committed is on the disks of a quorum.                          *)
CommittedIsDurable ==
    \A k \in 1..Len(committed) :
        IsQuorum({i \in Server : Len(history[i]) >= k /\ history[i][k] = committed[k]})

(* What a server has delivered is committed.                               *)
DeliveredIsCommitted ==
    \A i \in Server : /\ IsPrefix(Delivered(i), committed)
                      /\ LastZxid(Delivered(i)) = lastCommitted[i]

(***************************************************************************)
(* A server that claims an epoch, and has promised no later one, holds the *)
(* history with which the epoch started.                                   *)
(***************************************************************************)
HistoryBeforeEpoch ==
    \A i \in Server : \A r \in epochLeader :
        currentEpoch[i] = r.epoch /\ acceptedEpoch[i] = r.epoch => IsPrefix(r.history, history[i])

(***************************************************************************)
(* A later epoch starts with all that an earlier one that has served       *)
(* started with, and behind that with nothing older than the earlier one.  *)
(***************************************************************************)
EpochsExtend ==
    \A a, b \in epochLeader :
        a.served /\ a.epoch < b.epoch =>
            /\ IsPrefix(a.history, b.history)
            /\ \A k \in Len(a.history) + 1 .. Len(b.history) : b.history[k].zxid[1] >= a.epoch

(* A leader proposes in the epoch that it has started, and in no other.    *)
ProposedInOwnEpoch ==
    \A p \in proposalMsgsLog :
        \E r \in epochLeader : r.epoch = p.txn.zxid[1] /\ r.leader = p.source

(***************************************************************************)
(* A follower that serves has delivered the history with which its epoch   *)
(* started.                                                                *)
(***************************************************************************)
ServingIsUpToDate ==
    \A i \in Server : \A r \in epochLeader :
        learnerStage[i] = UPTODATE /\ newEpoch[i] = r.epoch => IsPrefix(r.history, Delivered(i))

(* A TRUNC names a transaction that its receiver has.                      *)
TruncIsKnown ==
    \A i, j \in Server :
        Pending(j, i, TRUNC) =>
            LET z == msgs[j][i][1].mzxid IN z = ZeroZxid \/ HasZxid(history[i], z)

(* A COMMIT names the next transaction that its receiver has logged.       *)
CommitsMatch ==
    \A i, j \in Server :
        Pending(j, i, COMMIT) /\ learnerStage[i] = UPTODATE =>
            /\ PendingTxns(i) # << >>
            /\ PendingTxns(i)[1].zxid = msgs[j][i][1].mzxid

(* In a sync, COMMITs follow the order of the proposals kept.              *)
SyncCommitsMatch ==
    \A i \in Server :
        /\ Len(packetsCommitted[i]) <= Len(packetsNotLogged[i])
        /\ \A k \in 1..Len(packetsCommitted[i]) :
               packetsNotLogged[i][k].zxid = packetsCommitted[i][k]

(***************************************************************************)
(* A server holds what its role needs, and nothing of another: only who    *)
(* follows has a leader, only who leads hears learners.  So a guard that   *)
(* asks for a leader or a handler asks for the role too.  What is kept for *)
(* a synchronization goes with it, and nobody is synchronized with an      *)
(* epoch that has not started.                                             *)
(***************************************************************************)
RolesFit ==
    \A i \in Server :
        /\ state[i] = LOOKING <=> zabState[i] = ELECTION
        /\ state[i] = FOLLOWING <=> leader[i] # NullPoint
        /\ state[i] = LEADING <=> i \in cepochRecv[i]
        /\ status[i] = OFFLINE => state[i] = LOOKING
        /\ learnerStage[i] # NONE => state[i] = FOLLOWING
        /\ learnerStage[i] \in {SYNC, NEWLEADER} <=> syncMode[i] # NONE
        /\ database[i] # << >> => SnapshotNeeded(i)
        /\ packetsNotLogged[i] # << >> => learnerStage[i] \in {SYNC, NEWLEADER, ACKLD}
        /\ \A j \in Server : handler[i][j] # NONE => state[i] = LEADING
        /\ \A j \in Server :
               IsForwarding(i, j) => \E r \in epochLeader : r.leader = i /\ r.epoch = newEpoch[i]

(***************************************************************************)
(* Whatever is under way is between a leader and a server that follows it, *)
(* and both are connected; each end writes what is its own to write.       *)
(***************************************************************************)
FollowerWritten == {FOLLOWERINFO, ACKEPOCH, ACK}

MessagesFit ==
    \A i, j \in Server : \A k \in 1..Len(msgs[i][j]) :
        IF msgs[i][j][k].mtype \in FollowerWritten THEN Alive(i, j) ELSE Alive(j, i)

(* Epochs never go back on any disk.                                       *)
EpochsGrow ==
    [][\A i \in Server : /\ acceptedEpoch'[i] >= acceptedEpoch[i]
                         /\ currentEpoch'[i] >= currentEpoch[i]]_vars

(* A server that has not crashed never takes back what it has delivered.   *)
DeliveryGrows ==
    [][\A i \in Server :
           status'[i] = ONLINE => ZxidAtMost(lastCommitted[i], lastCommitted'[i])]_vars

-----------------------------------------------------------------------------
(***************************************************************************)
(* Refinement: this is an atomic broadcast.  The messages are the          *)
(* transactions, a primary broadcasts what it proposes, and the order is   *)
(* the one committed.                                                      *)
(***************************************************************************)
PrimaryOrder(a, b) == ZxidLess(a.zxid, b.zxid)

AB == INSTANCE AtomicBroadcast WITH
          Message   <- Txn,
          Precedes  <- PrimaryOrder,
          broadcast <- {p.txn : p \in proposalMsgsLog},
          order     <- committed,
          delivered <- [i \in Server |-> Delivered(i)]

THEOREM Spec => AB!Spec
=============================================================================
