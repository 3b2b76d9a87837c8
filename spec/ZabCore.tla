------------------------------ MODULE ZabCore ------------------------------
(***************************************************************************)
(* The core of ZAB, made to be proved: for any number of servers, epochs   *)
(* and transactions.  `speccheck prove spec/ZabCore.tla` proves its        *)
(* theorems; docs/proofs.md says what that means.                          *)
(*                                                                         *)
(* Two abstractions make it small.                                         *)
(*                                                                         *)
(* Logs.  Each started epoch has one log: first the initial history that   *)
(* its leader has chosen, then what the leader proposes.  The log of a     *)
(* server is always a prefix of one of these, that of the epoch with which *)
(* it has synchronized last.  So a server is four numbers: acceptedEpoch,  *)
(* currentEpoch, logEpoch and logLength.                                   *)
(*                                                                         *)
(* Messages.  What was once said may be heard at any time, by anybody, any *)
(* number of times, or never: promises and acknowledgements are history    *)
(* variables that only grow.  Delay, loss, repetition and reordering of    *)
(* LEADERINFO, ACKEPOCH, NEWLEADER, PROPOSAL, ACK and COMMIT are all in.   *)
(*                                                                         *)
(* Any server may try to lead at any time; there may be several leaders,   *)
(* even of one candidate epoch.  A leader may act on what servers said     *)
(* that have long moved on.  Every durable step is an action of its own,   *)
(* with a crash before and after.                                          *)
(*                                                                         *)
(* Left out: changes of the configuration, liveness, snapshots and purged  *)
(* logs (a log is the whole sequence), the 32 bits of epoch and counter.   *)
(* Names are those of Zab.tla where it has them.                           *)
(*                                                                         *)
(* Sources: Junqueira, Reed, Serafini, "Zab: High-performance broadcast    *)
(* for primary-backup systems", DSN 2011; "Zab 1.0" in ZooKeeper's wiki;   *)
(* Leader, Learner and LearnerHandler of ZooKeeper 3.9.                    *)
(*                                                                         *)
(* @typeAlias: quorum = Set(SERVER);                                       *)
(* @typeAlias: epoch = Int;                                                *)
(* @typeAlias: index = Int;                                                *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
    \* @type: Set(SERVER);
    Server,      \* the voting members of the ensemble
    \* @type: Set($quorum);
    Quorum,      \* the sets of servers that decide (Quorums.tla)
    \* @type: Set(VALUE);
    Value,       \* what clients may ask to be written
    \* @type: SERVER;
    SomeServer,  \* what a variable holds as long as it has nothing to say
    \* @type: $quorum;
    SomeQuorum,
    \* @type: VALUE;
    SomeValue

(* That quorums meet is proved in QuorumWeight.tla and QuorumSum.tla for   *)
(* the kinds there are; docs/proofs.md says how they come to be Quorum.    *)
AnyTwoMeet == \A P, Q \in Quorum : P \cap Q # {}

ASSUME QuorumsMeet == AnyTwoMeet
ASSUME QuorumsOfServers == Quorum \subseteq SUBSET Server
ASSUME Something == SomeServer \in Server /\ SomeQuorum \in Quorum /\ SomeValue \in Value

\* @type: Set($epoch);
Epoch == Nat

\* Places in a log are 1, 2, 3, ...; 0 is the length of an empty one.
\* @type: Set($index);
Index == Nat

(* Phases of a leader.  A server that does not lead is in ELECTION: what   *)
(* it does as a follower needs no phase.                                   *)
ELECTION        == 0
DISCOVERY       == 1   \* collects FOLLOWERINFO
CHOSEN          == 2   \* has chosen its epoch, collects ACKEPOCH
SYNCHRONIZATION == 3
BROADCAST       == 4

-----------------------------------------------------------------------------
VARIABLES
    (* On disk.  A crash leaves these as they are.                         *)
    \* @type: SERVER -> $epoch;
    acceptedEpoch,
    \* @type: SERVER -> $epoch;
    currentEpoch,
    \* @type: SERVER -> $epoch;
    logEpoch,         \* the epoch whose log the server's own log begins
    \* @type: SERVER -> $index;
    logLength,

    (* In memory.                                                          *)
    \* @type: SERVER -> Int;
    zabState,
    \* @type: SERVER -> $epoch;
    newEpoch,         \* the epoch that a leader has chosen
    \* @type: SERVER -> (SERVER -> $epoch);
    reported,         \* reported[l][s]: acceptedEpoch of s in its FOLLOWERINFO to l, or -1
    \* @type: SERVER -> $index;
    lastCommitted,    \* how much of its log the server has delivered

    (* What was said.  This never goes away.                               *)
    \* @type: $epoch -> (SERVER -> Bool);
    candidate,        \* candidate[e][l]: l has sent LEADERINFO for epoch e
    \* @type: SERVER -> ($epoch -> Bool);
    promised,         \* s has sent ACKEPOCH for epoch e ...
    \* @type: SERVER -> ($epoch -> SERVER);
    promisedTo,       \* ... to this leader,
    \* @type: SERVER -> ($epoch -> $epoch);
    promisedCurrent,  \* with this currentEpoch,
    \* @type: SERVER -> ($epoch -> $epoch);
    promisedLog,      \* this logEpoch
    \* @type: SERVER -> ($epoch -> $index);
    promisedLength,   \* and this logLength
    \* @type: SERVER -> ($epoch -> $index);
    acked,            \* the longest prefix of e's log on the disk of s while in e, or -1

    (* The log of each epoch.                                              *)
    \* @type: $epoch -> Bool;
    started,          \* there is one
    \* @type: $epoch -> ($index -> VALUE);
    value,            \* the transactions
    \* @type: $epoch -> ($index -> $epoch);
    creator,          \* the epoch in which each was proposed
    \* @type: $epoch -> $index;
    initialLength,    \* so many were there when the epoch started
    \* @type: $epoch -> $index;
    proposedLength,
    \* @type: $epoch -> $index;
    committedLength,

    (* History variables: read by the properties only.                     *)
    \* @type: $epoch -> (SERVER -> Bool);
    leads,            \* l has started epoch e
    \* @type: $epoch -> Bool;
    established,      \* a quorum has acknowledged NEWLEADER of e
    \* @type: $epoch -> $quorum;
    promiseQuorum,    \* the quorum whose promises started e
    \* @type: $epoch -> $quorum;
    commitQuorum,     \* the quorum of the last commit of e
    \* @type: SERVER -> $epoch;
    deliveredEpoch,   \* the epoch in which s has delivered last
    \* @type: SERVER -> (SERVER -> $epoch);
    electionAccepted  \* electionAccepted[l][s]: acceptedEpoch of s when l began to lead

logVars     == <<started, value, creator, initialLength, proposedLength>>
promiseVars == <<promised, promisedTo, promisedCurrent, promisedLog, promisedLength>>
leaderVars  == <<zabState, newEpoch, reported>>
commitVars  == <<committedLength, established, commitQuorum>>
deliverVars == <<lastCommitted, deliveredEpoch>>
diskVars    == <<currentEpoch, logEpoch, logLength, acked>>
startVars   == <<leads, promiseQuorum>>

vars == <<acceptedEpoch, diskVars, leaderVars, electionAccepted, candidate, promiseVars, startVars,
          logVars, commitVars, deliverVars>>

TypeOK ==
    /\ acceptedEpoch \in [Server -> Epoch]
    /\ currentEpoch \in [Server -> Epoch]
    /\ logEpoch \in [Server -> Epoch]
    /\ logLength \in [Server -> Index]
    /\ zabState \in [Server -> ELECTION..BROADCAST]
    /\ newEpoch \in [Server -> Epoch]
    /\ reported \in [Server -> [Server -> Epoch \cup {-1}]]
    /\ lastCommitted \in [Server -> Index]
    /\ candidate \in [Epoch -> [Server -> BOOLEAN]]
    /\ promised \in [Server -> [Epoch -> BOOLEAN]]
    /\ promisedTo \in [Server -> [Epoch -> Server]]
    /\ promisedCurrent \in [Server -> [Epoch -> Epoch]]
    /\ promisedLog \in [Server -> [Epoch -> Epoch]]
    /\ promisedLength \in [Server -> [Epoch -> Index]]
    /\ acked \in [Server -> [Epoch -> Index \cup {-1}]]
    /\ started \in [Epoch -> BOOLEAN]
    /\ value \in [Epoch -> [Index -> Value]]
    /\ creator \in [Epoch -> [Index -> Epoch]]
    /\ initialLength \in [Epoch -> Index]
    /\ proposedLength \in [Epoch -> Index]
    /\ committedLength \in [Epoch -> Index]
    /\ leads \in [Epoch -> [Server -> BOOLEAN]]
    /\ established \in [Epoch -> BOOLEAN]
    /\ promiseQuorum \in [Epoch -> Quorum]
    /\ commitQuorum \in [Epoch -> Quorum]
    /\ deliveredEpoch \in [Server -> Epoch]
    /\ electionAccepted \in [Server -> [Server -> Epoch]]

(***************************************************************************)
(* An ensemble that has never run: all is empty, and epoch 0, which nobody *)
(* leads, has an empty log.                                                *)
(***************************************************************************)
Init ==
    /\ acceptedEpoch = [s \in Server |-> 0]
    /\ currentEpoch = [s \in Server |-> 0]
    /\ logEpoch = [s \in Server |-> 0]
    /\ logLength = [s \in Server |-> 0]
    /\ zabState = [s \in Server |-> ELECTION]
    /\ newEpoch = [s \in Server |-> 0]
    /\ reported = [l \in Server |-> [s \in Server |-> -1]]
    /\ lastCommitted = [s \in Server |-> 0]
    /\ candidate = [e \in Epoch |-> [l \in Server |-> FALSE]]
    /\ promised = [s \in Server |-> [e \in Epoch |-> FALSE]]
    /\ promisedTo = [s \in Server |-> [e \in Epoch |-> SomeServer]]
    /\ promisedCurrent = [s \in Server |-> [e \in Epoch |-> 0]]
    /\ promisedLog = [s \in Server |-> [e \in Epoch |-> 0]]
    /\ promisedLength = [s \in Server |-> [e \in Epoch |-> 0]]
    /\ acked = [s \in Server |-> [e \in Epoch |-> IF e = 0 THEN 0 ELSE -1]]
    /\ started = [e \in Epoch |-> e = 0]
    /\ value = [e \in Epoch |-> [i \in Index |-> SomeValue]]
    /\ creator = [e \in Epoch |-> [i \in Index |-> 0]]
    /\ initialLength = [e \in Epoch |-> 0]
    /\ proposedLength = [e \in Epoch |-> 0]
    /\ committedLength = [e \in Epoch |-> 0]
    /\ leads = [e \in Epoch |-> [l \in Server |-> FALSE]]
    /\ established = [e \in Epoch |-> FALSE]
    /\ promiseQuorum = [e \in Epoch |-> SomeQuorum]
    /\ commitQuorum = [e \in Epoch |-> SomeQuorum]
    /\ deliveredEpoch = [s \in Server |-> 0]
    /\ electionAccepted = [l \in Server |-> [s \in Server |-> 0]]

-----------------------------------------------------------------------------
(* DISCOVERY.                                                              *)

(***************************************************************************)
(* Server l begins to lead.  No election is modelled: this may happen at   *)
(* any time.  What each server has accepted by now is remembered.          *)
(***************************************************************************)
Elect(l) ==
    /\ zabState[l] = ELECTION
    /\ zabState' = [zabState EXCEPT ![l] = DISCOVERY]
    /\ newEpoch' = [newEpoch EXCEPT ![l] = 0]
    /\ reported' = [reported EXCEPT ![l] = [s \in Server |-> -1]]
    /\ electionAccepted' = [electionAccepted EXCEPT ![l] = acceptedEpoch]
    /\ UNCHANGED <<acceptedEpoch, diskVars, candidate, promiseVars, startVars, logVars, commitVars,
                   deliverVars>>

(***************************************************************************)
(* Leader l reads a FOLLOWERINFO of server s, perhaps l itself, with a,    *)
(* which was acceptedEpoch of s at some time since l began to lead: l      *)
(* accepts no earlier connections.  By now s may have accepted a later     *)
(* epoch.  Learner.registerWithLeader, LearnerHandler.run.                 *)
(***************************************************************************)
FollowerInfo(s, l, a) ==
    /\ zabState[l] = DISCOVERY
    /\ electionAccepted[l][s] <= a
    /\ a <= acceptedEpoch[s]
    /\ reported' = [reported EXCEPT ![l][s] = a]
    /\ UNCHANGED <<acceptedEpoch, diskVars, zabState, newEpoch, electionAccepted, candidate, promiseVars,
                   startVars, logVars, commitVars, deliverVars>>

(***************************************************************************)
(* A quorum Q, with l in it, has reported: l chooses the least epoch above *)
(* what it has heard and sends LEADERINFO.  Its own acceptedEpoch is       *)
(* durable first, which is its own promise.  Leader.getEpochToPropose.     *)
(***************************************************************************)
ChooseEpoch(l, e, Q) ==
    /\ zabState[l] = DISCOVERY
    /\ l \in Q
    /\ acceptedEpoch[l] < e
    /\ \A s \in Q : 0 <= reported[l][s] /\ reported[l][s] < e
    /\ \E s \in Q : reported[l][s] + 1 = e
    /\ zabState' = [zabState EXCEPT ![l] = CHOSEN]
    /\ newEpoch' = [newEpoch EXCEPT ![l] = e]
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![l] = e]
    /\ candidate' = [candidate EXCEPT ![e][l] = TRUE]
    /\ promised' = [promised EXCEPT ![l][e] = TRUE]
    /\ promisedTo' = [promisedTo EXCEPT ![l][e] = l]
    /\ promisedCurrent' = [promisedCurrent EXCEPT ![l][e] = currentEpoch[l]]
    /\ promisedLog' = [promisedLog EXCEPT ![l][e] = logEpoch[l]]
    /\ promisedLength' = [promisedLength EXCEPT ![l][e] = logLength[l]]
    /\ UNCHANGED <<diskVars, reported, electionAccepted, startVars, logVars, commitVars, deliverVars>>

(***************************************************************************)
(* Server s accepts the later epoch e of leader l and answers ACKEPOCH     *)
(* with its currentEpoch and what its log is.  An epoch that is not later  *)
(* is no promise: Learner.registerWithLeader answers -1, which does not    *)
(* count.                                                                  *)
(***************************************************************************)
Promise(s, e, l) ==
    /\ candidate[e][l]
    /\ zabState[s] = ELECTION
    /\ acceptedEpoch[s] < e
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![s] = e]
    /\ promised' = [promised EXCEPT ![s][e] = TRUE]
    /\ promisedTo' = [promisedTo EXCEPT ![s][e] = l]
    /\ promisedCurrent' = [promisedCurrent EXCEPT ![s][e] = currentEpoch[s]]
    /\ promisedLog' = [promisedLog EXCEPT ![s][e] = logEpoch[s]]
    /\ promisedLength' = [promisedLength EXCEPT ![s][e] = logLength[s]]
    /\ UNCHANGED <<diskVars, leaderVars, electionAccepted, candidate, startVars, logVars, commitVars,
                   deliverVars>>

(***************************************************************************)
(* What s has promised with is no more recent than what m has: currentEpoch *)
(* decides first, then the zxid of the last transaction, which is its      *)
(* creator and, among those of one creator, the length.  StateSummary.     *)
(***************************************************************************)
LastCreator(s, e) ==
    IF promisedLength[s][e] > 0 THEN creator[promisedLog[s][e]][promisedLength[s][e]] ELSE 0

NotMoreRecent(s, m, e) ==
    \/ promisedCurrent[s][e] < promisedCurrent[m][e]
    \/ /\ promisedCurrent[s][e] = promisedCurrent[m][e]
       /\ \/ LastCreator(s, e) < LastCreator(m, e)
          \/ /\ LastCreator(s, e) = LastCreator(m, e)
             /\ promisedLength[s][e] <= promisedLength[m][e]

(***************************************************************************)
(* A quorum P has promised e to l, and m of it has the most recent log:    *)
(* this is the initial history of e.  ZooKeeper's leader insists on m      *)
(* being itself; the paper's does not, nor is it needed.  That nobody has  *)
(* started e before is not asked here: it is the theorem NotStartedYet.    *)
(* Leader.waitForEpochAck.                                                 *)
(***************************************************************************)
MayStartEpoch(l, e, P, m) ==
    /\ zabState[l] = CHOSEN
    /\ newEpoch[l] = e
    /\ m \in P
    /\ \A s \in P : promised[s][e] /\ promisedTo[s][e] = l /\ NotMoreRecent(s, m, e)

StartEpoch(l, e, P, m) ==
    /\ MayStartEpoch(l, e, P, m)
    /\ zabState' = [zabState EXCEPT ![l] = SYNCHRONIZATION]
    /\ leads' = [leads EXCEPT ![e][l] = TRUE]
    /\ started' = [started EXCEPT ![e] = TRUE]
    /\ promiseQuorum' = [promiseQuorum EXCEPT ![e] = P]
    /\ initialLength' = [initialLength EXCEPT ![e] = promisedLength[m][e]]
    /\ proposedLength' = [proposedLength EXCEPT ![e] = promisedLength[m][e]]
    /\ value' = [value EXCEPT ![e] = value[promisedLog[m][e]]]
    /\ creator' = [creator EXCEPT ![e] = creator[promisedLog[m][e]]]
    /\ UNCHANGED <<acceptedEpoch, diskVars, newEpoch, reported, electionAccepted, candidate, promiseVars,
                   commitVars, deliverVars>>

-----------------------------------------------------------------------------
(* SYNCHRONIZATION.                                                        *)

(***************************************************************************)
(* Durable step of s: its log becomes the first n transactions of e's log, *)
(* by DIFF, TRUNC or SNAP.  What both logs have in common stays, whatever  *)
(* comes (a TRUNC cuts no deeper).  Learner.syncWithLeader.                *)
(***************************************************************************)
SyncLog(s, e, n) ==
    /\ acceptedEpoch[s] = e
    /\ started[e]
    /\ currentEpoch[s] < e
    /\ logEpoch[s] < e
    /\ n <= proposedLength[e]
    /\ \A i \in Index :
           1 <= i /\ i <= logLength[s] /\ i <= proposedLength[e] /\ creator[e][i] = creator[logEpoch[s]][i]
               => i <= n
    /\ logEpoch' = [logEpoch EXCEPT ![s] = e]
    /\ logLength' = [logLength EXCEPT ![s] = n]
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, acked, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>

(***************************************************************************)
(* Durable step of s: with the whole initial history on its disk it makes  *)
(* e its currentEpoch and acknowledges NEWLEADER.                          *)
(***************************************************************************)
FinishSync(s, e) ==
    /\ acceptedEpoch[s] = e
    /\ logEpoch[s] = e
    /\ currentEpoch[s] < e
    /\ initialLength[e] <= logLength[s]
    /\ currentEpoch' = [currentEpoch EXCEPT ![s] = e]
    /\ acked' = [acked EXCEPT ![s][e] = logLength[s]]
    /\ UNCHANGED <<acceptedEpoch, logEpoch, logLength, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>

(***************************************************************************)
(* Durable step of s, also of the leader: the next transaction of e's log  *)
(* is in its log.  Only in its currentEpoch does it acknowledge it.        *)
(***************************************************************************)
Append(s, e) ==
    /\ acceptedEpoch[s] = e
    /\ logEpoch[s] = e
    /\ logLength[s] < proposedLength[e]
    /\ logLength' = [logLength EXCEPT ![s] = @ + 1]
    /\ acked' = IF currentEpoch[s] = e
                THEN [acked EXCEPT ![s][e] = logLength[s] + 1]
                ELSE acked
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, logEpoch, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>

(***************************************************************************)
(* Server s, in epoch e, has lost its connection and comes again: its log  *)
(* is cut to n, where its leader's commits were when it sent the TRUNC or  *)
(* SNAP.  What s had acknowledged beyond that, and forgets, the leader     *)
(* counts no more; no commit can rest on it.  (Apache's leader keeps       *)
(* counting: spec/README.md, "Old acknowledgements".)  The only step that  *)
(* takes an acknowledgement back.  LearnerHandler.syncFollower.            *)
(***************************************************************************)
Resync(s, e, n) ==
    /\ acceptedEpoch[s] = e
    /\ currentEpoch[s] = e
    /\ logEpoch[s] = e
    /\ initialLength[e] <= n
    /\ n < logLength[s]
    /\ s \in commitQuorum[e] => committedLength[e] <= n
    /\ logLength' = [logLength EXCEPT ![s] = n]
    /\ acked' = [acked EXCEPT ![s][e] = n]
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, logEpoch, leaderVars, electionAccepted, candidate,
                   promiseVars, startVars, logVars, commitVars, deliverVars>>

(***************************************************************************)
(* A quorum has acknowledged NEWLEADER: the initial history of e is        *)
(* committed, and l serves.  Leader.waitForNewLeaderAck.                   *)
(***************************************************************************)
Establish(l, e, Q) ==
    /\ zabState[l] = SYNCHRONIZATION
    /\ newEpoch[l] = e
    /\ \A s \in Q : acked[s][e] >= initialLength[e]
    /\ zabState' = [zabState EXCEPT ![l] = BROADCAST]
    /\ established' = [established EXCEPT ![e] = TRUE]
    /\ committedLength' = [committedLength EXCEPT ![e] = initialLength[e]]
    /\ commitQuorum' = [commitQuorum EXCEPT ![e] = Q]
    /\ UNCHANGED <<acceptedEpoch, diskVars, newEpoch, reported, electionAccepted, candidate, promiseVars,
                   startVars, logVars, deliverVars>>

-----------------------------------------------------------------------------
(* BROADCAST.                                                              *)

(***************************************************************************)
(* Leader l proposes v.  Leader.propose.                                   *)
(***************************************************************************)
Propose(l, e, v) ==
    /\ zabState[l] = BROADCAST
    /\ newEpoch[l] = e
    /\ proposedLength' = [proposedLength EXCEPT ![e] = @ + 1]
    /\ value' = [value EXCEPT ![e][proposedLength[e] + 1] = v]
    /\ creator' = [creator EXCEPT ![e][proposedLength[e] + 1] = e]
    /\ UNCHANGED <<acceptedEpoch, diskVars, leaderVars, electionAccepted, candidate, promiseVars,
                   startVars, started, initialLength, commitVars, deliverVars>>

(***************************************************************************)
(* A quorum has acknowledged the first i transactions: l commits them.     *)
(* Leader.tryToCommit.                                                     *)
(***************************************************************************)
Commit(l, e, i, Q) ==
    /\ zabState[l] = BROADCAST
    /\ newEpoch[l] = e
    /\ committedLength[e] < i
    /\ i <= proposedLength[e]
    /\ \A s \in Q : acked[s][e] >= i
    /\ committedLength' = [committedLength EXCEPT ![e] = i]
    /\ commitQuorum' = [commitQuorum EXCEPT ![e] = Q]
    /\ UNCHANGED <<acceptedEpoch, diskVars, leaderVars, electionAccepted, candidate, promiseVars,
                   startVars, logVars, established, deliverVars>>

(***************************************************************************)
(* Server s learns of a COMMIT (or UPTODATE) of its epoch and delivers up  *)
(* to i.  It may be ahead of its own disk: a quorum has it.                *)
(***************************************************************************)
Deliver(s, e, i) ==
    /\ currentEpoch[s] = e
    /\ lastCommitted[s] <= i
    /\ i <= committedLength[e]
    /\ lastCommitted' = [lastCommitted EXCEPT ![s] = i]
    /\ deliveredEpoch' = [deliveredEpoch EXCEPT ![s] = e]
    /\ UNCHANGED <<acceptedEpoch, diskVars, leaderVars, electionAccepted, candidate, promiseVars,
                   startVars, logVars, commitVars>>

-----------------------------------------------------------------------------
(* Faults.                                                                 *)

(***************************************************************************)
(* Server s stops leading, for whatever reason.                            *)
(***************************************************************************)
Quit(s) ==
    /\ zabState' = [zabState EXCEPT ![s] = ELECTION]
    /\ UNCHANGED <<acceptedEpoch, diskVars, newEpoch, reported, electionAccepted, candidate, promiseVars,
                   startVars, logVars, commitVars, deliverVars>>

(***************************************************************************)
(* Server s crashes and starts again: the disk is all that it has left.    *)
(***************************************************************************)
Crash(s) ==
    /\ zabState' = [zabState EXCEPT ![s] = ELECTION]
    /\ lastCommitted' = [lastCommitted EXCEPT ![s] = 0]
    /\ deliveredEpoch' = [deliveredEpoch EXCEPT ![s] = 0]
    /\ UNCHANGED <<acceptedEpoch, diskVars, newEpoch, reported, electionAccepted, candidate, promiseVars,
                   startVars, logVars, commitVars>>

Next ==
    \/ \E l \in Server : Elect(l)
    \/ \E s, l \in Server, a \in Epoch : FollowerInfo(s, l, a)
    \/ \E l \in Server, e \in Epoch, Q \in Quorum : ChooseEpoch(l, e, Q)
    \/ \E s, l \in Server, e \in Epoch : Promise(s, e, l)
    \/ \E l, m \in Server, e \in Epoch, P \in Quorum : StartEpoch(l, e, P, m)
    \/ \E s \in Server, e \in Epoch, n \in Index : SyncLog(s, e, n)
    \/ \E s \in Server, e \in Epoch : FinishSync(s, e)
    \/ \E s \in Server, e \in Epoch : Append(s, e)
    \/ \E s \in Server, e \in Epoch, n \in Index : Resync(s, e, n)
    \/ \E l \in Server, e \in Epoch, Q \in Quorum : Establish(l, e, Q)
    \/ \E l \in Server, e \in Epoch, v \in Value : Propose(l, e, v)
    \/ \E l \in Server, e \in Epoch, i \in Index, Q \in Quorum : Commit(l, e, i, Q)
    \/ \E s \in Server, e \in Epoch, i \in Index : Deliver(s, e, i)
    \/ \E s \in Server : Quit(s)
    \/ \E s \in Server : Crash(s)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* The invariant.  First what is plain.                                    *)

EpochOrder == \A s \in Server : currentEpoch[s] <= acceptedEpoch[s]

Genesis ==
    /\ started[0] /\ initialLength[0] = 0 /\ proposedLength[0] = 0 /\ committedLength[0] = 0
    /\ \A l \in Server : ~leads[0][l] /\ ~candidate[0][l]

EpochShape ==
    \A e \in Epoch :
        /\ initialLength[e] <= proposedLength[e]
        /\ ~started[e] => proposedLength[e] = 0 /\ committedLength[e] = 0

LogPrefix ==
    \A s \in Server :
        /\ started[currentEpoch[s]]
        /\ started[logEpoch[s]]
        /\ currentEpoch[s] <= logEpoch[s]
        /\ logEpoch[s] <= acceptedEpoch[s]
        /\ logLength[s] <= proposedLength[logEpoch[s]]
        /\ acked[s][currentEpoch[s]] >= 0
        /\ logEpoch[s] = currentEpoch[s] =>
               /\ initialLength[currentEpoch[s]] <= logLength[s]
               /\ logLength[s] = acked[s][currentEpoch[s]]

(* Nobody has acknowledged anything of an epoch that is not yet his.       *)
AckShape ==
    \A s \in Server, e \in Epoch :
        acked[s][e] >= 0 =>
            /\ started[e]
            /\ e <= currentEpoch[s]
            /\ initialLength[e] <= acked[s][e]
            /\ acked[s][e] <= proposedLength[e]

PromiseShape ==
    \A s \in Server, e \in Epoch :
        promised[s][e] =>
            /\ 0 < e /\ e <= acceptedEpoch[s]
            /\ candidate[e][promisedTo[s][e]]
            /\ promisedCurrent[s][e] <= promisedLog[s][e]
            /\ promisedLog[s][e] < e
            /\ started[promisedCurrent[s][e]]
            /\ started[promisedLog[s][e]]
            /\ promisedLength[s][e] <= proposedLength[promisedLog[s][e]]

(* What was acknowledged in an earlier epoch was so before the promise.    *)
PromiseFreezes ==
    \A s \in Server, f, c \in Epoch :
        promised[s][f] /\ c < f /\ acked[s][c] >= 0 => c <= promisedCurrent[s][f]

(***************************************************************************)
(* The heart.  Length i of epoch c may still be committed by quorum Q: who *)
(* of Q has not acknowledged it is still free to do so.                    *)
(***************************************************************************)
MayCommit(c, i, Q) == \A s \in Q : acceptedEpoch[s] <= c \/ acked[s][c] >= i

SameEntry(e, c, i) == value[e][i] = value[c][i] /\ creator[e][i] = creator[c][i]

(* What an earlier epoch may still commit, every started epoch has.        *)
Choosable ==
    \A f, c \in Epoch, i \in Index, Q \in Quorum :
        started[f] /\ c < f /\ 1 <= i /\ MayCommit(c, i, Q) =>
            i <= initialLength[f] /\ SameEntry(f, c, i)

(* Beyond the initial history of an epoch that may have been established   *)
(* no later epoch has anything older.                                      *)
NothingOlder ==
    \A f, c \in Epoch, i \in Index, Q \in Quorum :
        started[f] /\ c < f /\ initialLength[c] < i /\ i <= proposedLength[f] /\ MayCommit(c, 0, Q) =>
            creator[f][i] >= c

(* Logs keep what may still be committed, also in the middle of a sync.    *)
LogHas ==
    \A s \in Server, c \in Epoch, i \in Index, Q \in Quorum :
        /\ c <= currentEpoch[s]
        /\ 1 <= i
        /\ c < currentEpoch[s] \/ i <= acked[s][c]
        /\ MayCommit(c, i, Q)
        => i <= logLength[s] /\ SameEntry(logEpoch[s], c, i)

(* So do promises, which show a log of the past.                           *)
PromiseHas ==
    \A s \in Server, f, c \in Epoch, i \in Index, Q \in Quorum :
        /\ promised[s][f]
        /\ c < f
        /\ c <= promisedCurrent[s][f]
        /\ 1 <= i
        /\ c < promisedCurrent[s][f] \/ i <= acked[s][c]
        /\ MayCommit(c, i, Q)
        => i <= promisedLength[s][f] /\ SameEntry(promisedLog[s][f], c, i)

(* Leaders.                                                                *)
CandidatePromised ==
    \A e \in Epoch, l \in Server :
        candidate[e][l] => 0 < e /\ e <= acceptedEpoch[l] /\ promised[l][e] /\ promisedTo[l][e] = l

Phases ==
    \A l \in Server :
        /\ zabState[l] >= CHOSEN => candidate[newEpoch[l]][l]
        /\ zabState[l] = CHOSEN => ~leads[newEpoch[l]][l]
        /\ zabState[l] >= SYNCHRONIZATION => leads[newEpoch[l]][l]

LeaderWasCandidate ==
    \A e \in Epoch, l \in Server : leads[e][l] => candidate[e][l] /\ started[e]

LeaderHasQuorum ==
    \A e \in Epoch, l, s \in Server :
        leads[e][l] /\ s \in promiseQuorum[e] => promisedTo[s][e] = l

StartedByQuorum ==
    \A e \in Epoch, s \in Server :
        started[e] /\ e # 0 /\ s \in promiseQuorum[e] => promised[s][e] /\ leads[e][promisedTo[s][e]]

OneLeaderPerEpoch ==
    \A e \in Epoch, l, k \in Server : leads[e][l] /\ leads[e][k] => l = k

(* Commits.                                                                *)
CommittedByQuorum ==
    \A e \in Epoch :
        /\ committedLength[e] <= proposedLength[e]
        /\ \A s \in Server :
               committedLength[e] > 0 /\ s \in commitQuorum[e] => acked[s][e] >= committedLength[e]

PhaseCommits ==
    \A l \in Server :
        /\ zabState[l] = SYNCHRONIZATION => committedLength[newEpoch[l]] = 0
        /\ zabState[l] = BROADCAST =>
               /\ established[newEpoch[l]]
               /\ committedLength[newEpoch[l]] >= initialLength[newEpoch[l]]

EstablishedByQuorum ==
    \A e \in Epoch :
        established[e] =>
            /\ started[e]
            /\ e > 0
            /\ \A s \in Server : s \in commitQuorum[e] => acked[s][e] >= initialLength[e]

(* A transaction is where its creator has put it, and what it was there.   *)
ZxidUnique ==
    \A e \in Epoch, i \in Index :
        started[e] /\ 1 <= i /\ i <= proposedLength[e] =>
            LET c == creator[e][i]
            IN  /\ 0 < c /\ c <= e
                /\ started[c]
                /\ initialLength[c] < i /\ i <= proposedLength[c]
                /\ creator[c][i] = c
                /\ value[c][i] = value[e][i]
                /\ i > initialLength[e] => c = e

ZxidsRise ==
    \A e \in Epoch, i, j \in Index :
        started[e] /\ 1 <= i /\ i <= j /\ j <= proposedLength[e] => creator[e][i] <= creator[e][j]

DeliveredIsCommitted ==
    \A s \in Server :
        /\ deliveredEpoch[s] <= currentEpoch[s]
        /\ started[deliveredEpoch[s]]
        /\ lastCommitted[s] <= committedLength[deliveredEpoch[s]]

(* Reports.                                                                *)
ReportedAccepted ==
    \A l, s \in Server :
        /\ reported[l][s] <= acceptedEpoch[s]
        /\ reported[l][s] >= 0 => electionAccepted[l][s] <= reported[l][s]

(* In every quorum there was somebody who had not accepted it yet, nor any *)
(* later epoch.                                                            *)
EpochGrows ==
    \A l \in Server, P \in Quorum :
        zabState[l] >= CHOSEN => \E s \in P : electionAccepted[l][s] < newEpoch[l]

Invariant ==
    /\ TypeOK
    /\ EpochOrder
    /\ Genesis
    /\ EpochShape
    /\ LogPrefix
    /\ AckShape
    /\ PromiseShape
    /\ PromiseFreezes
    /\ LogHas
    /\ PromiseHas
    /\ Choosable
    /\ NothingOlder
    /\ CandidatePromised
    /\ Phases
    /\ LeaderWasCandidate
    /\ LeaderHasQuorum
    /\ StartedByQuorum
    /\ OneLeaderPerEpoch
    /\ CommittedByQuorum
    /\ PhaseCommits
    /\ EstablishedByQuorum
    /\ ZxidUnique
    /\ ZxidsRise
    /\ DeliveredIsCommitted
    /\ ReportedAccepted
    /\ EpochGrows

THEOREM Induction == Spec => []Invariant

(* Whoever may start an epoch is the first to do so.                       *)
NotStarted(l, e, P, m) == MayStartEpoch(l, e, P, m) => ~started[e]

THEOREM NotStartedYet ==
    Spec => [](\A l \in Server, e \in Epoch, P \in Quorum, m \in Server : NotStarted(l, e, P, m))

-----------------------------------------------------------------------------
(* What it is all for.                                                     *)

(***************************************************************************)
(* An epoch has one leader; the epoch that a leader chooses is later than  *)
(* every epoch that all of any quorum had accepted when it was elected.    *)
(***************************************************************************)
THEOREM LeaderIsUnique == Spec => []OneLeaderPerEpoch
THEOREM EpochIsNew == Spec => []EpochGrows
THEOREM CurrentIsAccepted == Spec => []EpochOrder

(***************************************************************************)
(* What is committed in an epoch is in the initial history of every later  *)
(* epoch that starts, in the same place.                                   *)
(***************************************************************************)
CommittedInLaterEpochs ==
    \A c, f \in Epoch, i \in Index :
        c < f /\ started[f] /\ 1 <= i /\ i <= committedLength[c] =>
            i <= initialLength[f] /\ SameEntry(f, c, i)

THEOREM CommittedInLater == Spec => []CommittedInLaterEpochs

(* Of any two committed histories one begins with the other.               *)
CommittedHistoriesAgree ==
    \A c, f \in Epoch, i \in Index :
        1 <= i /\ i <= committedLength[c] /\ i <= committedLength[f] => SameEntry(f, c, i)

THEOREM CommittedAgree == Spec => []CommittedHistoriesAgree

(***************************************************************************)
(* What server s has delivered is the first lastCommitted[s] transactions  *)
(* of the log of deliveredEpoch[s].  Any two servers have delivered the    *)
(* same, as far as both have (Agreement and TotalOrder of Zab.tla), and    *)
(* the log of a server has the same, as far as it goes.                    *)
(***************************************************************************)
PrefixConsistency ==
    \A s, t \in Server, i \in Index :
        1 <= i /\ i <= lastCommitted[s] /\ i <= lastCommitted[t] =>
            SameEntry(deliveredEpoch[s], deliveredEpoch[t], i)

THEOREM DeliveredAgree == Spec => []PrefixConsistency

LogHasDelivered ==
    \A s \in Server, i \in Index :
        1 <= i /\ i <= lastCommitted[s] /\ i <= logLength[s] =>
            SameEntry(logEpoch[s], deliveredEpoch[s], i)

THEOREM DeliveredIsLogged == Spec => []LogHasDelivered

(***************************************************************************)
(* A primary that serves has in its initial history everything of earlier  *)
(* epochs that anybody has delivered.                                      *)
(***************************************************************************)
PrimaryIntegrity ==
    \A l, s \in Server, i \in Index :
        /\ zabState[l] = BROADCAST
        /\ 1 <= i
        /\ i <= lastCommitted[s]
        /\ creator[deliveredEpoch[s]][i] < newEpoch[l]
        => i <= initialLength[newEpoch[l]] /\ SameEntry(newEpoch[l], deliveredEpoch[s], i)

THEOREM PrimaryHasAll == Spec => []PrimaryIntegrity

(***************************************************************************)
(* Within every log zxids rise, and a zxid names one transaction.          *)
(***************************************************************************)
THEOREM ZxidsAreInOrder == Spec => []ZxidsRise
THEOREM ZxidsAreUnique == Spec => []ZxidUnique

-----------------------------------------------------------------------------
(* Of every step.                                                          *)

EpochsNeverGoBack ==
    \A s \in Server :
        acceptedEpoch[s] <= acceptedEpoch'[s] /\ currentEpoch[s] <= currentEpoch'[s]

THEOREM EpochsRise == Spec => [][EpochsNeverGoBack]_vars

CommittedStays ==
    \A e \in Epoch : committedLength[e] <= committedLength'[e] /\ (started[e] => started'[e])

THEOREM CommitsStay == Spec => [][CommittedStays]_vars

(* What is in the log of an epoch stays there as it is.                    *)
HistoryStays ==
    \A e \in Epoch, i \in Index :
        started[e] =>
            /\ initialLength'[e] = initialLength[e]
            /\ proposedLength[e] <= proposedLength'[e]
            /\ 1 <= i /\ i <= proposedLength[e] =>
                   value'[e][i] = value[e][i] /\ creator'[e][i] = creator[e][i]

THEOREM LogsGrow == Spec => [][HistoryStays]_vars

(* A promise is never taken back or changed.  An acknowledgement is not    *)
(* taken back either, but beyond the initial history, by a server that     *)
(* comes again in the same epoch.                                          *)
SaidStays ==
    \A s \in Server, e \in Epoch :
        /\ \/ acked[s][e] <= acked'[s][e]
           \/ acceptedEpoch[s] = e /\ acceptedEpoch'[s] = e /\ initialLength[e] <= acked'[s][e]
        /\ promised[s][e] =>
               /\ promised'[s][e]
               /\ promisedTo'[s][e] = promisedTo[s][e]
               /\ promisedCurrent'[s][e] = promisedCurrent[s][e]
               /\ promisedLog'[s][e] = promisedLog[s][e]
               /\ promisedLength'[s][e] = promisedLength[s][e]

THEOREM PromisesStay == Spec => [][SaidStays]_vars

=============================================================================
