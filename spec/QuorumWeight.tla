---------------------------- MODULE QuorumWeight ----------------------------
(***************************************************************************)
(* Why two sets with more than half of the weight share a server, by       *)
(* induction over sets of servers, of any number and in any order.         *)
(*                                                                         *)
(* Quorums.tla defines the weight of a set by recursion, over servers that *)
(* CHOOSE picks.  Two equations say all that is needed of it: the empty    *)
(* set weighs nothing, and one more server adds its weight (AddsUp).  They *)
(* are assumed here; that Weight of Quorums.tla satisfies them is checked  *)
(* for all weights of a few servers (spec/models/MCQuorumWeight.tla).      *)
(* QuorumSum.tla needs no such function, and says the same of a loop.      *)
(*                                                                         *)
(* What is proved speaks of every set `all` that is reached by adding one  *)
(* server after another, by way of sets of Sets.  That this is every       *)
(* finite set of servers is no part of it: read Sets as all finite sets of *)
(* servers, which no assumption here says (finite has no formula in this   *)
(* fragment).  All subsets of a finite set are among them then, so that    *)
(* Count(s) is possible for each s that is left.                           *)
(*                                                                         *)
(* With weight 1 the sum is the number of servers: voting by majority.     *)
(* What is called a server here may be a group, too, with weight 1: let    *)
(* `all` be the groups that vote, A those that one set of servers wins, B  *)
(* those that another wins.  If each wins more than half of them, some     *)
(* group is won by both, and in that group both have more than half of the *)
(* weight.                                                                 *)
(*                                                                         *)
(* @typeAlias: servers = Set(SERVER);                                      *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
    \* @type: Set(SERVER);
    Server,
    \* @type: Set($servers);
    Sets,       \* sets of servers that have a weight: all finite ones are meant
    \* @type: $servers;
    Nobody,     \* the one of these without a server
    \* @type: SERVER -> Int;
    weight,     \* a natural number for each server
    \* @type: $servers -> Int;
    Weight,     \* the weight of each set
    \* @type: Set(SERVER);
    A,          \* two sets of servers, any two
    \* @type: Set(SERVER);
    B

(* What Quorums.tla defines by recursion.                                  *)
\* @type: ($servers -> Int, SERVER -> Int) => Bool;
AddsUp(sum, one) ==
    /\ sum[Nobody] = 0
    /\ \A S, T \in Sets : \A s \in Server \ S :
           T = S \cup {s} => sum[T] = sum[S] + one[s]

ASSUME SetsOfServers == Sets \subseteq SUBSET Server
ASSUME NobodyIsASet == Nobody \in Sets /\ Nobody = {}
ASSUME Naturals == weight \in [Server -> Nat]
ASSUME Weights == Weight \in [Sets -> Int]
ASSUME WeightAddsUp == AddsUp(Weight, weight)

VARIABLES
    \* @type: $servers;
    all,        \* the servers that are counted,
    \* @type: $servers;
    inA,        \* those of them in A,
    \* @type: $servers;
    inB,        \* in B,
    \* @type: $servers;
    inBoth      \* and in both

vars == <<all, inA, inB, inBoth>>

Init == all = Nobody /\ inA = Nobody /\ inB = Nobody /\ inBoth = Nobody

(* S, with s in it if it is one of those that count: one set, if Sets has it. *)
\* @type: ($servers, SERVER, Set(SERVER)) => Set($servers);
With(S, s, those) == {T \in Sets : IF s \in those THEN T = S \cup {s} ELSE T = S}

(***************************************************************************)
(* One more server.  If Sets has all finite sets of servers, each of them  *)
(* is counted so, in any order; what holds after every step holds of it.   *)
(***************************************************************************)
Count(s) ==
    /\ s \notin all
    /\ all' \in With(all, s, Server)
    /\ inA' \in With(inA, s, A)
    /\ inB' \in With(inB, s, B)
    /\ inBoth' \in With(inBoth, s, A \cap B)

Next == \E s \in Server : Count(s)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* The proof.                                                              *)

TypeOK == all \in Sets /\ inA \in Sets /\ inB \in Sets /\ inBoth \in Sets

Parts ==
    /\ inA = all \cap A
    /\ inB = all \cap B
    /\ inBoth = all \cap A \cap B

(* What both have is counted twice: hence no more than all + both.         *)
SumsOverlap ==
    /\ Weight[inA] + Weight[inB] <= Weight[all] + Weight[inBoth]
    /\ 0 <= Weight[inA] /\ Weight[inA] <= Weight[all]
    /\ 0 <= Weight[inB] /\ Weight[inB] <= Weight[all]
    /\ 0 <= Weight[inBoth]

\* @type: Bool;
Share == \E s \in all : s \in A /\ s \in B

ServerShared == Weight[inBoth] > 0 => Share

Invariant ==
    /\ TypeOK
    /\ Parts
    /\ SumsOverlap
    /\ ServerShared

THEOREM Induction == Spec => []Invariant

(***************************************************************************)
(* What IsWeightedQuorum, WinsGroup and, with weight 1, IsMajority ask of  *)
(* A and of B.                                                             *)
(***************************************************************************)
WeightedQuorumsMeet ==
    2 * Weight[inA] > Weight[all] /\ 2 * Weight[inB] > Weight[all] => Share

THEOREM WeightedMeet == Spec => []WeightedQuorumsMeet

(***************************************************************************)
(* Flexible quorums: enough readers and enough writers.                    *)
(***************************************************************************)
FlexibleQuorumsMeet == Weight[inA] + Weight[inB] > Weight[all] => Share

THEOREM FlexibleMeet == Spec => []FlexibleQuorumsMeet

=============================================================================
