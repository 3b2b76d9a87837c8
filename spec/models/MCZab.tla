------------------------------- MODULE MCZab -------------------------------
(***************************************************************************)
(* Zab.tla within bounds: how many elections, requests, crashes, shutdowns *)
(* and broken connections a run may have, and optionally an oracle in      *)
(* place of the election.  Each .cfg beside this module is a model with    *)
(* bounds of its own; expected.toml has what they give.                    *)
(***************************************************************************)
EXTENDS Zab, TLC

CONSTANTS
    MaxElections,   \* how often a server may become leader
    MaxRequests,    \* how many transactions may be proposed
    MaxCrashes,
    MaxShutdowns,   \* of followers and leaders, without a crash
    MaxBroken,      \* connections that break at the leader's end
    MaxBefore,      \* transactions of epoch 1, if a run begins behind it
    Oracle,         \* TRUE: only the best server becomes leader, and alone
    Modes           \* how followers may be synchronized

VARIABLE used       \* how much of each bound is used up

Q == INSTANCE Quorums
Majorities == Q!Majorities(Server)

(* One server outweighs the others: it leads alone, and they come late.    *)
Heaviest == CHOOSE i \in Server : TRUE
WithHeaviest == {P \in SUBSET Server : Heaviest \in P}

Symmetry == Permutations(Server)

(* A transaction carries the server that made it: two leaders that make    *)
(* the same zxid make different transactions.                              *)
MCValue == Server

None == [elections |-> 0, requests |-> 0, crashes |-> 0, shutdowns |-> 0, broken |-> 0]

MCInit == Init /\ used = None

(* Server i has the most recent state of a quorum of servers that are up,  *)
(* and nobody leads.                                                       *)
Best(i) ==
    /\ \A j \in Server : state[j] # LEADING
    /\ \E P \in Quorum :
           /\ i \in P
           /\ \A j \in P :
                  /\ status[j] = ONLINE
                  /\ ~IsMoreRecentThan(currentEpoch[j], LastZxid(Log(j)),
                                       currentEpoch[i], LastZxid(Log(i)))

Left(what, most) == used[what] < most
Using(what) == [used EXCEPT ![what] = @ + 1]

(* A server whose connection is gone, or whose leader is, leaves sooner or *)
(* later; that is no fault of its own and has no bound.                    *)
Lost(i) ==
    /\ state[i] = FOLLOWING
    /\ IF learnerStage[i] = NONE THEN state[leader[i]] # LEADING ELSE ~Alive(i, leader[i])

MCNext ==
    \/ \E i \in Server :
           /\ Oracle => Best(i)
           /\ Left("elections", MaxElections)
           /\ ZabTurnToLeading(i)
           /\ used' = Using("elections")
    \/ \E i, j \in Server : state[j] = LEADING /\ ZabTurnToFollowing(i, j) /\ UNCHANGED used
    \/ \E i, j \in Server : ConnectAndFollowerSendFOLLOWERINFO(i, j) /\ UNCHANGED used
    \/ \E i, j \in Server : LeaderProcessFOLLOWERINFO(i, j) /\ UNCHANGED used
    \/ \E i \in Server : LeaderPersistAcceptedEpoch(i) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessLEADERINFO(i, j) /\ UNCHANGED used
    \/ \E i \in Server : FollowerPersistAcceptedEpoch(i) /\ UNCHANGED used
    \/ \E i, j \in Server : LeaderProcessACKEPOCH(i, j) /\ UNCHANGED used
    \/ \E i \in Server : LeaderPersistCurrentEpoch(i) /\ UNCHANGED used
    \/ \E i, j \in Server : \E mode \in Modes : LeaderSyncFollower(i, j, mode) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessSyncMessage(i, j) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessPROPOSALInSync(i, j) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessCOMMITInSync(i, j) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessNEWLEADER(i, j) /\ UNCHANGED used
    \/ \E i \in Server : FollowerTakeSnapshot(i) /\ UNCHANGED used
    \/ \E i \in Server : FollowerPersistCurrentEpoch(i) /\ UNCHANGED used
    \/ \E i, j \in Server : LeaderProcessACKLD(i, j) /\ UNCHANGED used
    \/ \E i \in Server : LeaderStartServing(i) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessUPTODATE(i, j) /\ UNCHANGED used
    \/ \E i \in Server :
           /\ Left("requests", MaxRequests)
           /\ LeaderProcessRequest(i, i)
           /\ used' = Using("requests")
    \/ \E i, j \in Server : FollowerProcessPROPOSAL(i, j) /\ UNCHANGED used
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) : FollowerLogFlushed(i, n) /\ UNCHANGED used
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) : LeaderLogFlushed(i, n) /\ UNCHANGED used
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) : ShutdownLogFlushed(i, n) /\ UNCHANGED used
    \/ \E i, j \in Server : LeaderProcessACK(i, j) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessCOMMIT(i, j) /\ UNCHANGED used
    \/ \E i \in Server :
           /\ Lost(i)
           /\ FollowerShutdown(i)
           /\ UNCHANGED used
    \/ \E i \in Server :
           /\ ~Lost(i)
           /\ Left("shutdowns", MaxShutdowns)
           /\ FollowerShutdown(i)
           /\ used' = Using("shutdowns")
    \/ \E i \in Server :
           /\ Left("shutdowns", MaxShutdowns)
           /\ LeaderShutdown(i)
           /\ used' = Using("shutdowns")
    \/ \E i, j \in Server :
           /\ Left("broken", MaxBroken)
           /\ LeaderRemoveLearner(i, j)
           /\ used' = Using("broken")
    \/ \E i \in Server :
           /\ Left("crashes", MaxCrashes)
           /\ NodeCrash(i)
           /\ used' = Using("crashes")
    \/ \E i \in Server : NodeStart(i) /\ UNCHANGED used

(***************************************************************************)
(* A second way to begin: epoch 1 has come and gone.  Everybody has        *)
(* accepted it, its leader has proposed MaxBefore transactions, each       *)
(* server has a prefix of them on disk, and a prefix that a quorum has was *)
(* committed.  All servers have just been started.                         *)
(***************************************************************************)
Before1(leads) == [k \in 1..MaxBefore |-> [zxid |-> <<1, k>>, value |-> leads]]

AfterEpoch1 ==
    /\ \E leads \in Server : \E length \in [Server -> 0..MaxBefore] : \E c \in 0..MaxBefore :
           /\ IsQuorum({i \in Server : length[i] >= c})
           /\ history = [i \in Server |-> SubSeq(Before1(leads), 1, length[i])]
           /\ committed = SubSeq(Before1(leads), 1, c)
           /\ proposalMsgsLog = {[txn |-> Before1(leads)[k], source |-> leads] : k \in 1..MaxBefore}
           /\ epochLeader = {[epoch |-> 1, leader |-> leads, history |-> << >>, served |-> TRUE]}
    /\ acceptedEpoch = [i \in Server |-> 1]
    /\ currentEpoch = [i \in Server |-> 1]
    /\ InitVolatile
    /\ used = None

(***************************************************************************)
(* A third way: epochs 1 and 2 have gone by.  In epoch 1 one transaction   *)
(* was proposed, some servers have it.  A quorum entered epoch 2 with the  *)
(* history of one of its members that had the most, and its leader served  *)
(* and proposed one transaction, which some of the quorum have.  The       *)
(* others may have promised epoch 2 or not.                                *)
(***************************************************************************)
Made(epoch, leads) == [zxid |-> <<epoch, 1>>, value |-> leads]

AfterEpoch2 ==
    /\ \E P \in Quorum : \E leads \in P : \E led \in Server :
       \E had \in SUBSET Server : \E promised \in SUBSET (Server \ P) : \E have \in SUBSET P :
           LET first   == Made(1, led)
               second  == Made(2, leads)
               initial == IF had \cap P = {} THEN << >> ELSE <<first>>
           IN  /\ history = [i \in Server |->
                      IF i \notin P THEN IF i \in had THEN <<first>> ELSE << >>
                      ELSE IF i \in have THEN Append(initial, second) ELSE initial]
               /\ currentEpoch = [i \in Server |-> IF i \in P THEN 2 ELSE 1]
               /\ acceptedEpoch = [i \in Server |-> IF i \in P \cup promised THEN 2 ELSE 1]
               /\ committed = IF IsQuorum(have) THEN Append(initial, second) ELSE initial
               /\ proposalMsgsLog = {[txn |-> first, source |-> led],
                                      [txn |-> second, source |-> leads]}
               /\ epochLeader =
                      {[epoch |-> 1, leader |-> led, history |-> << >>, served |-> TRUE],
                       [epoch |-> 2, leader |-> leads, history |-> initial, served |-> TRUE]}
    /\ InitVolatile
    /\ used = None

(***************************************************************************)
(* The leader of one epoch does not notice the next.  First leads, and     *)
(* Second follows it alone, until Second leaves and leads the third        *)
(* server.  First stays a leader: what it still hears, and what its disk   *)
(* still does, may commit transactions that the next epoch has committed.  *)
(***************************************************************************)
First  == CHOOSE i \in Server : TRUE
Second == CHOOSE i \in Server \ {First} : TRUE

Superseded ==
    /\ state[First] = LEADING => state'[First] = LEADING
    /\ \A i \in Server : state'[i] = LEADING => i \in {First, Second}
    /\ state'[Second] = LEADING => state[First] = LEADING
    /\ \A i \in Server : CASE leader'[i] = First  -> i = Second
                           [] leader'[i] = Second -> i \notin {First, Second}
                           [] OTHER -> leader'[i] = NullPoint

(* What AB!Message ranges over; epochs and counters are small in any model. *)
SmallNat == 0..6

Refinement == AB!Spec

(***************************************************************************)
(* MCNext names the actions anew, to count and to bound them.  Each of its *)
(* steps is a step of Zab.                                                 *)
(***************************************************************************)
TakesStepsOfZab == [][Next]_vars

MCSpec == MCInit /\ [][MCNext]_<<vars, used>>
AfterEpoch2Spec == AfterEpoch2 /\ [][MCNext]_<<vars, used>>
AfterEpoch1Spec == AfterEpoch1 /\ [][MCNext]_<<vars, used>>
=============================================================================
