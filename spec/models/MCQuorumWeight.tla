--------------------------- MODULE MCQuorumWeight ---------------------------
(***************************************************************************)
(* Ties QuorumWeight.tla, which is proved, to Quorums.tla: its Weight is   *)
(* that of Quorums.tla, and that one adds up as is assumed, for all        *)
(* weights of a few servers.                                               *)
(***************************************************************************)
EXTENDS QuorumWeight, FiniteSets

CONSTANT MaxWeight

VARIABLE any    \* any weights: the assumption is checked for them

Q == INSTANCE Quorums

MCSets == SUBSET Server
MCNobody == {}

(* A step needs one pair of sets and one choice of weights.                *)
MCWeights == CHOOSE w \in [Server -> 0 .. 2] : Cardinality({w[s] : s \in Server}) = 3
MCSum == [S \in Sets |-> Q!Weight(weight, S)]
MCA == {s \in Server : weight[s] > 0}
MCB == {s \in Server : weight[s] # 1}

MCInit == Init /\ any \in [Server -> 0 .. MaxWeight]

MCSpec == MCInit /\ [][Next /\ UNCHANGED any]_<<vars, any>>

-----------------------------------------------------------------------------
(* These say nothing of a step, so they are asked once for all weights.    *)
WeightOfQuorumsAddsUp ==
    all = Nobody => AddsUp([S \in Sets |-> Q!Weight(any, S)], any)

(* The three questions of Quorums.tla, each asked by such a sum.           *)
QuorumIsMoreThanHalf ==
    LET sum == [S \in Sets |-> Q!Weight(any, S)]
        config == [groups |-> {Server}, weight |-> any]
    IN  all = Nobody => \A S \in Sets :
            /\ Q!IsWeightedQuorum(any, S) <=> 2 * sum[S] > sum[Server]
            /\ \A group \in Sets :
                   Q!WinsGroup(config, group, S) <=> 2 * sum[S \cap group] > sum[group]

(* With weight 1 the sum is the number of servers, or of groups.           *)
NumberAddsUp ==
    all = Nobody => AddsUp([S \in Sets |-> Cardinality(S)], [s \in Server |-> 1])

=============================================================================
