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
    Oracle,         \* TRUE: only the best server becomes leader, and alone
    Modes           \* how followers may be synchronized

VARIABLE used       \* how much of each bound is used up

Q == INSTANCE Quorums
Majorities == Q!Majorities(Server)

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

Use(what, most) == /\ used[what] < most
                   /\ used' = [used EXCEPT ![what] = @ + 1]

MCTurnToLeading(i) ==
    /\ Oracle => Best(i)
    /\ Use("elections", MaxElections)
    /\ ZabTurnToLeading(i)

MCTurnToFollowing(i, j) ==
    /\ state[j] = LEADING
    /\ ZabTurnToFollowing(i, j)
    /\ UNCHANGED used

(* A server whose connection is gone, or whose leader is, leaves sooner or *)
(* later; that is no fault of its own and has no bound.                    *)
Lost(i) ==
    /\ state[i] = FOLLOWING
    /\ IF learnerStage[i] = NONE THEN state[leader[i]] # LEADING ELSE ~Alive(i, leader[i])

MCShutdown(i) ==
    \/ /\ Lost(i)
       /\ FollowerShutdown(i)
       /\ UNCHANGED used
    \/ /\ ~Lost(i)
       /\ Use("shutdowns", MaxShutdowns)
       /\ FollowerShutdown(i)
    \/ /\ Use("shutdowns", MaxShutdowns)
       /\ LeaderShutdown(i)

MCSync(i, j) ==
    /\ \E mode \in Modes : LeaderSyncFollower(i, j, mode)
    /\ UNCHANGED used

MCNext ==
    \/ \E i \in Server : MCTurnToLeading(i)
    \/ \E i, j \in Server : MCTurnToFollowing(i, j)
    \/ Discovery /\ UNCHANGED used
    \/ \E i, j \in Server : MCSync(i, j)
    \/ Synchronization /\ UNCHANGED used
    \/ \E i \in Server : Use("requests", MaxRequests) /\ LeaderProcessRequest(i, i)
    \/ Broadcast /\ UNCHANGED used
    \/ \E i \in Server : MCShutdown(i)
    \/ \E i, j \in Server : Alive(j, i) /\ Use("broken", MaxBroken) /\ LeaderRemoveLearner(i, j)
    \/ \E i \in Server : Use("crashes", MaxCrashes) /\ NodeCrash(i)
    \/ Restarts /\ UNCHANGED used

MCSpec == MCInit /\ [][MCNext]_<<vars, used>>
=============================================================================
