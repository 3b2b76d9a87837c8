---------------------------- MODULE MCQuorumSum ----------------------------
(***************************************************************************)
(* Ties QuorumSum.tla, which is proved, to Quorums.tla, which says what a  *)
(* quorum is: for all pairs of sets of a few servers, all weights and all  *)
(* ways to group the servers, the loop's sums are those of Quorums.tla.    *)
(***************************************************************************)
EXTENDS QuorumSum, FiniteSets

CONSTANTS MaxServer, MaxWeight

VARIABLES complete,   \* the groups that are counted
          members     \* the group that is being counted

Q == INSTANCE Quorums

MCServer == 1..MaxServer

MCInit ==
    /\ A \in SUBSET MCServer
    /\ B \in SUBSET MCServer
    /\ weight \in [MCServer -> 0..MaxWeight]
    /\ Init
    /\ complete = {}
    /\ members = {}

MCNext ==
    \/ /\ k < MaxServer
       /\ CountServer
       /\ members' = members \cup {k + 1}
       /\ UNCHANGED complete
    \/ /\ members # {}
       /\ CountGroup
       /\ complete' = complete \cup {members}
       /\ members' = {}

MCSpec == MCInit /\ [][MCNext]_<<vars, complete, members>>

Config == [groups |-> complete, weight |-> weight]

SumsAreWeights ==
    /\ a = Q!Weight(weight, A \cap members)
    /\ b = Q!Weight(weight, B \cap members)
    /\ both = Q!Weight(weight, A \cap B \cap members)
    /\ total = Q!Weight(weight, members)

GroupsAreVotingGroups ==
    /\ groups = Cardinality(Q!VotingGroups(Config))
    /\ groupsA = Cardinality({g \in complete : Q!WinsGroup(Config, g, A)})
    /\ groupsB = Cardinality({g \in complete : Q!WinsGroup(Config, g, B)})
    /\ groupsBoth = Cardinality({g \in complete : /\ Q!WinsGroup(Config, g, A)
                                                  /\ Q!WinsGroup(Config, g, B)})

QuorumIsMoreThanHalf ==
    /\ 2 * groupsA > groups <=> Q!IsQuorum(Config, A)
    /\ 2 * groupsB > groups <=> Q!IsQuorum(Config, B)

(* Majority and weighted voting: one group.                                *)
WeightedIsOneGroup ==
    members = MCServer => (2 * a > total <=> Q!IsWeightedQuorum(weight, A))

=============================================================================
