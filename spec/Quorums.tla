------------------------------- MODULE Quorums -------------------------------
(***************************************************************************)
(* Quorums: which sets of servers decide for the ensemble.                 *)
(*                                                                         *)
(* ZooKeeper asks one question, "do these servers make a quorum?", when it *)
(* ends an election, takes a new epoch, synchronizes and commits.  Its     *)
(* safety needs one answer: any two quorums share a server.  This module   *)
(* has the question and the answer for each way in which a zoo.cfg can say *)
(* what a quorum is: by majority, by weight, by groups, and jointly by an  *)
(* old and a new configuration while one replaces the other.               *)
(*                                                                         *)
(* Everything here is a pure operator over sets of servers.  There is no   *)
(* variable and no constant: who needs quorums passes a configuration.     *)
(*                                                                         *)
(* Sources: QuorumMaj, QuorumHierarchical and SyncedLearnerTracker in      *)
(* org.apache.zookeeper.server.quorum.                                     *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

(***************************************************************************)
(* A configuration says how votes count.  groups are disjoint sets of      *)
(* servers, weight gives each server of a group a natural number.          *)
(* Majority and weighted voting are the configurations with one group, so  *)
(* one definition of a quorum serves all three.  Observers stand in no     *)
(* group.                                                                  *)
(*                                                                         *)
(* @typeAlias: config = { groups: Set(Set(SERVER)), weight: SERVER -> Int };*)
(***************************************************************************)

(***************************************************************************)
(* Majority: more than half of the members.  The Java code compares with   *)
(* half = size / 2, rounded down; doubling the other side says the same    *)
(* without division.  Servers that are no members do not count.            *)
(***************************************************************************)
\* @type: (Set(SERVER), Set(SERVER)) => Bool;
IsMajority(members, S) == 2 * Cardinality(S \cap members) > Cardinality(members)

\* @type: Set(SERVER) => Set(Set(SERVER));
Majorities(members) == {S \in SUBSET members : IsMajority(members, S)}

(***************************************************************************)
(* The weight of a set of servers is the sum of the weights of its         *)
(* members.                                                                *)
(***************************************************************************)
RECURSIVE Weight(_, _)

\* @type: (SERVER -> Int, Set(SERVER)) => Int;
Weight(weight, S) ==
    IF S = {}
    THEN 0
    ELSE LET s == CHOOSE s \in S : TRUE
         IN  weight[s] + Weight(weight, S \ {s})

(***************************************************************************)
(* Weighted voting: more than half of the weight of all members.           *)
(***************************************************************************)
\* @type: (SERVER -> Int, Set(SERVER)) => Bool;
IsWeightedQuorum(weight, S) ==
    2 * Weight(weight, S \cap DOMAIN weight) > Weight(weight, DOMAIN weight)

(***************************************************************************)
(* S wins a group with more than half of the group's weight.  Nobody wins  *)
(* a group of weight zero, so such a group does not count among the groups *)
(* of which a majority is needed.  (groups.N and weight.N in zoo.cfg; a    *)
(* server has weight 1 if nothing else is said.)                           *)
(***************************************************************************)
\* @type: ($config, Set(SERVER), Set(SERVER)) => Bool;
WinsGroup(config, group, S) ==
    2 * Weight(config.weight, S \cap group) > Weight(config.weight, group)

\* @type: $config => Set(Set(SERVER));
VotingGroups(config) == {group \in config.groups : Weight(config.weight, group) > 0}

(***************************************************************************)
(* A quorum of a configuration wins more than half of the groups that      *)
(* vote.                                                                   *)
(***************************************************************************)
\* @type: ($config, Set(SERVER)) => Bool;
IsQuorum(config, S) ==
    2 * Cardinality({group \in config.groups : WinsGroup(config, group, S)})
        > Cardinality(VotingGroups(config))

\* @type: $config => Set(SERVER);
Members(config) == UNION config.groups

\* @type: $config => Set(Set(SERVER));
Quorums(config) == {S \in SUBSET Members(config) : IsQuorum(config, S)}

(***************************************************************************)
(* The configurations of the two simpler schemes.                          *)
(***************************************************************************)
\* @type: Set(SERVER) => $config;
MajorityConfig(members) == [groups |-> {members}, weight |-> [s \in members |-> 1]]

\* @type: (SERVER -> Int) => $config;
WeightedConfig(weight) == [groups |-> {DOMAIN weight}, weight |-> weight]

(***************************************************************************)
(* What a configuration must be: disjoint groups without empty ones, and a *)
(* natural weight for each member, not all of them zero.  A configuration  *)
(* whose weights are all zero has no quorum at all.                        *)
(***************************************************************************)
\* @type: $config => Bool;
IsConfig(config) ==
    /\ \A g, h \in config.groups : g # h => g \cap h = {}
    /\ {} \notin config.groups
    /\ DOMAIN config.weight = Members(config)
    /\ \A s \in Members(config) : config.weight[s] >= 0
    /\ VotingGroups(config) # {}

(***************************************************************************)
(* While a new configuration replaces an old one, a set decides only if it *)
(* is a quorum of each (SyncedLearnerTracker.hasAllQuorums).  configs is   *)
(* the set of the configurations that are alive.                           *)
(***************************************************************************)
\* @type: (Set($config), Set(SERVER)) => Bool;
IsJointQuorum(configs, S) == \A config \in configs : IsQuorum(config, S)

\* @type: Set($config) => Set(Set(SERVER));
JointQuorums(configs) ==
    {S \in SUBSET UNION {Members(config) : config \in configs} : IsJointQuorum(configs, S)}

(***************************************************************************)
(* Flexible quorums: reads and writes may ask for different numbers of     *)
(* servers.  ZooKeeper does not offer them; the condition under which they *)
(* would be safe is stated below.                                          *)
(***************************************************************************)
\* @type: (Set(SERVER), Int) => Set(Set(SERVER));
AtLeast(members, n) == {S \in SUBSET members : Cardinality(S) >= n}

-------------------------------------------------------------------------------
(***************************************************************************)
(* What all this is for.  Two families of quorums meet if every quorum of  *)
(* the one shares a server with every quorum of the other.                 *)
(***************************************************************************)
\* @type: (Set(Set(SERVER)), Set(Set(SERVER))) => Bool;
Meet(F, G) == \A P \in F, Q \in G : P \cap Q # {}

(***************************************************************************)
(* Each theorem is an operator first, so that a model can check it for     *)
(* given sets and configurations (spec/models/MCQuorums.tla).              *)
(***************************************************************************)
MajoritiesMeet(members) == Meet(Majorities(members), Majorities(members))

THEOREM \A members : IsFiniteSet(members) => MajoritiesMeet(members)

QuorumsMeet(config) == Meet(Quorums(config), Quorums(config))

THEOREM \A config : IsConfig(config) => QuorumsMeet(config)

(***************************************************************************)
(* A joint quorum meets the quorums of each of its configurations, and so  *)
(* those of the next change too: a chain of changes never breaks.  Quorums *)
(* of the old configuration alone need not meet those of the new one.      *)
(***************************************************************************)
JointQuorumsMeet(old, new, next) ==
    /\ Meet(JointQuorums({old, new}), Quorums(old))
    /\ Meet(JointQuorums({old, new}), Quorums(new))
    /\ Meet(JointQuorums({old, new}), JointQuorums({new, next}))

THEOREM \A old, new, next :
            IsConfig(old) /\ IsConfig(new) /\ IsConfig(next) => JointQuorumsMeet(old, new, next)

FlexibleQuorumsMeet(members, r, w) ==
    Meet(AtLeast(members, r), AtLeast(members, w)) <=> r + w > Cardinality(members)

THEOREM \A members : \A r, w \in Nat :
            IsFiniteSet(members) => FlexibleQuorumsMeet(members, r, w)

(***************************************************************************)
(* That quorums meet could also be had by allowing fewer of them.  The     *)
(* rest says that there are as many as can be: one more server never       *)
(* spoils a quorum, and with odd numbers at every level, one of two halves *)
(* of the ensemble is always a quorum.                                     *)
(***************************************************************************)
QuorumsGrow(config) ==
    \A Q \in Quorums(config), s \in Members(config) : IsQuorum(config, Q \cup {s})

THEOREM \A config : IsConfig(config) => QuorumsGrow(config)

\* @type: Int => Bool;
IsOdd(n) == n % 2 = 1

\* @type: $config => Bool;
IsOddThroughout(config) ==
    /\ IsOdd(Cardinality(VotingGroups(config)))
    /\ \A group \in VotingGroups(config) : IsOdd(Weight(config.weight, group))

OneHalfDecides(config) ==
    IsOddThroughout(config) =>
        \A S \in SUBSET Members(config) :
            IsQuorum(config, S) <=> ~IsQuorum(config, Members(config) \ S)

THEOREM \A config : IsConfig(config) => OneHalfDecides(config)

(***************************************************************************)
(* Even numbers leave a gap: of two halves that weigh the same neither is  *)
(* a quorum.  Whatever is not at least such a half is beaten by its        *)
(* complement.  Stated for one group, where weight is all that counts.     *)
(***************************************************************************)
HalvesTie(weight) ==
    \A S \in SUBSET DOMAIN weight :
        LET T == DOMAIN weight \ S
        IN  /\ Weight(weight, S) = Weight(weight, T) =>
                   ~IsWeightedQuorum(weight, S) /\ ~IsWeightedQuorum(weight, T)
            /\ Weight(weight, S) > Weight(weight, T) => IsWeightedQuorum(weight, S)

THEOREM \A weight : IsConfig(WeightedConfig(weight)) => HalvesTie(weight)

(***************************************************************************)
(* A server of weight zero changes no decision, nor does a group of weight *)
(* zero, nor a server that is no member.                                   *)
(***************************************************************************)
\* @type: $config => $config;
WithoutIdleGroups(config) ==
    [groups |-> VotingGroups(config),
     weight |-> [s \in UNION VotingGroups(config) |-> config.weight[s]]]

WeightZeroIsIdle(config) ==
    LET idle == {s \in Members(config) : config.weight[s] = 0}
    IN  \A S \in SUBSET Members(config) :
            /\ IsQuorum(config, S) <=> IsQuorum(config, S \ idle)
            /\ IsQuorum(config, S) <=> IsQuorum(WithoutIdleGroups(config), S)

THEOREM \A config : IsConfig(config) => WeightZeroIsIdle(config)

(***************************************************************************)
(* Majority and weighted voting are special cases.                         *)
(***************************************************************************)
MajorityIsAQuorum(members) ==
    \A S \in SUBSET members :
        /\ IsMajority(members, S) <=> IsQuorum(MajorityConfig(members), S)
        /\ IsMajority(members, S) <=> IsWeightedQuorum([s \in members |-> 1], S)

THEOREM \A members : IsFiniteSet(members) => MajorityIsAQuorum(members)

WeightedQuorumIsAQuorum(weight) ==
    \A S \in SUBSET DOMAIN weight :
        IsWeightedQuorum(weight, S) <=> IsQuorum(WeightedConfig(weight), S)

THEOREM \A weight : IsConfig(WeightedConfig(weight)) => WeightedQuorumIsAQuorum(weight)

=============================================================================
