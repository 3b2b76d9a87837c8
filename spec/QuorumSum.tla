----------------------------- MODULE QuorumSum -----------------------------
(***************************************************************************)
(* Why two quorums share a server, for any number of servers, any weights  *)
(* and any groups.                                                         *)
(*                                                                         *)
(* Quorums.tla says what a quorum is with cardinalities and sums over      *)
(* sets.  Here the same sums are made by a loop, one server after another  *)
(* and one group after another, for two arbitrary sets A and B of servers. *)
(* What the loop keeps true, its invariant, is the proof by induction.     *)
(*                                                                         *)
(* One group of servers with weight 1 is voting by majority                *)
(* (QuorumMaj), one group with any weights is weighted voting, several     *)
(* groups are hierarchical voting (QuorumHierarchical).  A group's sums    *)
(* are Weight(config.weight, S \cap group), WinsGroup is 2 * a > t, the    *)
(* number of groups won is groupsA, the number of VotingGroups is groups,  *)
(* and IsQuorum(config, A) is 2 * groupsA > groups once all groups are     *)
(* counted.  Nothing ends the loop: what holds after every step holds when *)
(* all servers are counted.  spec/models/MCQuorumSum.tla checks on small   *)
(* configurations that the sums are those of Quorums.tla.                  *)
(*                                                                         *)
(* @typeAlias: server = Int;                                               *)
(***************************************************************************)
EXTENDS Integers

\* Servers are numbered from 1 on.
\* @type: Set($server);
Server == Nat

VARIABLES
    (* What there is.  It never changes.                                   *)
    \* @type: Set($server);
    A,          \* two sets of servers, any two
    \* @type: Set($server);
    B,
    \* @type: $server -> Int;
    weight,     \* a natural number for each server

    (* What the loop knows.                                                *)
    \* @type: $server;
    k,          \* servers 1..k are counted
    \* @type: Int;
    a,          \* weight of the group's servers so far that are in A,
    \* @type: Int;
    b,          \* in B,
    \* @type: Int;
    both,       \* in both,
    \* @type: Int;
    total,      \* and of all of them
    \* @type: $server;
    x,          \* a server of the group in both sets, if `both` is not zero
    \* @type: Int;
    groupsA,    \* groups of which A has more than half the weight,
    \* @type: Int;
    groupsB,    \* B has,
    \* @type: Int;
    groupsBoth, \* both have,
    \* @type: Int;
    groups,     \* groups with any weight
    \* @type: $server;
    y           \* a server in both sets, if groupsBoth is not zero

given == <<A, B, weight>>
vars == <<given, k, a, b, both, total, x, groupsA, groupsB, groupsBoth, groups, y>>

Given ==
    /\ A \subseteq Server
    /\ B \subseteq Server
    /\ weight \in [Server -> Nat]

Init ==
    /\ Given
    /\ k = 0
    /\ a = 0
    /\ b = 0
    /\ both = 0
    /\ total = 0
    /\ x = 0
    /\ groupsA = 0
    /\ groupsB = 0
    /\ groupsBoth = 0
    /\ groups = 0
    /\ y = 0

(***************************************************************************)
(* The next server of the group.                                           *)
(***************************************************************************)
CountServer ==
    LET s == k + 1
        w == weight[k + 1]
    IN  /\ k' = s
        /\ a' = a + (IF s \in A THEN w ELSE 0)
        /\ b' = b + (IF s \in B THEN w ELSE 0)
        /\ both' = both + (IF s \in A /\ s \in B THEN w ELSE 0)
        /\ total' = total + w
        /\ x' = IF s \in A /\ s \in B THEN s ELSE x
        /\ UNCHANGED <<given, groupsA, groupsB, groupsBoth, groups, y>>

(***************************************************************************)
(* The group is complete; the next server is the first of another.         *)
(***************************************************************************)
CountGroup ==
    /\ groupsA' = groupsA + (IF 2 * a > total THEN 1 ELSE 0)
    /\ groupsB' = groupsB + (IF 2 * b > total THEN 1 ELSE 0)
    /\ groupsBoth' = groupsBoth + (IF 2 * a > total /\ 2 * b > total THEN 1 ELSE 0)
    /\ groups' = groups + (IF total > 0 THEN 1 ELSE 0)
    /\ y' = IF 2 * a > total /\ 2 * b > total THEN x ELSE y
    /\ a' = 0
    /\ b' = 0
    /\ both' = 0
    /\ total' = 0
    /\ x' = 0
    /\ UNCHANGED <<given, k>>

Next == CountServer \/ CountGroup

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* The proof.                                                              *)

Counted == k >= 0

(* What both have is counted twice: hence no more than total + both.       *)
SumsOverlap ==
    /\ a + b <= total + both
    /\ 0 <= a /\ a <= total
    /\ 0 <= b /\ b <= total
    /\ 0 <= both

ServerShared == both > 0 => x \in 1..k /\ x \in A /\ x \in B

GroupsOverlap == groupsA + groupsB <= groups + groupsBoth

GroupShared == groupsBoth > 0 => y \in 1..k /\ y \in A /\ y \in B

Invariant ==
    /\ Given
    /\ Counted
    /\ SumsOverlap
    /\ ServerShared
    /\ GroupsOverlap
    /\ GroupShared

THEOREM Induction == Spec => []Invariant

(***************************************************************************)
(* Two sets of servers of which each has more than half of a group's       *)
(* weight share a server of it: majority and weighted quorums meet.        *)
(***************************************************************************)
WeightedQuorumsMeet ==
    2 * a > total /\ 2 * b > total => x \in 1..k /\ x \in A /\ x \in B

THEOREM WeightedMeet == Spec => []WeightedQuorumsMeet

(***************************************************************************)
(* Hierarchical quorums meet.                                              *)
(***************************************************************************)
HierarchicalQuorumsMeet ==
    2 * groupsA > groups /\ 2 * groupsB > groups => y \in 1..k /\ y \in A /\ y \in B

THEOREM HierarchicalMeet == Spec => []HierarchicalQuorumsMeet

(***************************************************************************)
(* Flexible quorums: enough readers and enough writers meet as soon as     *)
(* together they are more than all.  Two halves are not enough.            *)
(***************************************************************************)
FlexibleQuorumsMeet == a + b > total => x \in 1..k /\ x \in A /\ x \in B

THEOREM FlexibleMeet == Spec => []FlexibleQuorumsMeet

=============================================================================
