------------------------------ MODULE MCQuorums ------------------------------
(***************************************************************************)
(* Checks the theorems of Quorums.tla for all configurations of a few      *)
(* servers.  A state is one configuration; the properties speak of its     *)
(* sets of servers.  A second configuration, for joint quorums, comes with *)
(* each.                                                                   *)
(***************************************************************************)
EXTENDS Quorums, TLC

CONSTANTS Server,       \* the servers that may be members
          MaxWeight     \* the weights that may be are 0 .. MaxWeight

VARIABLES config,       \* the configuration that the properties speak of
          next          \* and the one that replaces it

Symmetry == Permutations(Server)

(***************************************************************************)
(* All ways to put servers in groups and to weigh them, sensible or not:   *)
(* IsConfig chooses among them.                                            *)
(***************************************************************************)
Configs == UNION {{[groups |-> groups, weight |-> weight] :
                      weight \in [UNION groups -> -1 .. MaxWeight]} :
                      groups \in SUBSET SUBSET Server}

(***************************************************************************)
(* Of four servers there are too many ways for that, 16 million.  So none  *)
(* that IsConfig refuses for a group that is empty or overlaps another, or *)
(* for a weight below 0 (MCQuorumsFour.cfg: Configs <- LikelyConfigs).     *)
(***************************************************************************)
Groupings ==
    {groups \in SUBSET (SUBSET Server \ {{}}) :
        \A g, h \in groups : g = h \/ g \cap h = {}}

LikelyConfigs == UNION {{[groups |-> groups, weight |-> weight] :
                            weight \in [UNION groups -> 0 .. MaxWeight]} :
                            groups \in Groupings}

(***************************************************************************)
(* The replacement is any majority: with two arbitrary configurations the  *)
(* number of pairs would hide the point.                                   *)
(***************************************************************************)
Init == /\ config \in {c \in Configs : IsConfig(c)}
        /\ next \in {MajorityConfig(members) : members \in SUBSET Server \ {{}}}

Next == UNCHANGED <<config, next>>

Spec == Init /\ [][Next]_<<config, next>>

-------------------------------------------------------------------------------
Meeting == QuorumsMeet(config)

JointMeeting == JointQuorumsMeet(config, next, config) /\ JointQuorumsMeet(next, config, next)

Growing == QuorumsGrow(config)

Deciding == OneHalfDecides(config)

Tying == HalvesTie(config.weight)

Idle == WeightZeroIsIdle(config)

Majority == MajoritiesMeet(Members(next)) /\ MajorityIsAQuorum(Members(next))

Weighted == IsConfig(WeightedConfig(config.weight)) /\ WeightedQuorumIsAQuorum(config.weight)

\* Of sets of servers alone, whatever the state.
ASSUME Flexible ==
    \A members \in SUBSET Server, r, w \in 0 .. Cardinality(Server) + 1 :
        FlexibleQuorumsMeet(members, r, w)

(***************************************************************************)
(* Not so: the quorums of two configurations need not meet.  This property *)
(* is violated, which shows that Meet can fail and that joint quorums are  *)
(* needed (MCQuorumsApart.cfg).                                            *)
(***************************************************************************)
OldMeetsNew == Meet(Quorums(config), Quorums(next))

=============================================================================
