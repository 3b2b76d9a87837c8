------------------------------- MODULE MBTZab -------------------------------
(***************************************************************************)
(* Zab.tla for tests: sets for its constants, places to begin, bounds.     *)
(***************************************************************************)
EXTENDS ServerSteps

CONSTANTS MaxEpoch, MaxProposals

Q == INSTANCE Quorums
Majorities == Q!Majorities(Server)

(***************************************************************************)
(* Beginnings: nothing has ever run; or epoch 1 has come and gone, and     *)
(* each server has some of what was proposed in it; or epoch 2 too, and    *)
(* whoever was not in its quorum may have promised an epoch to leaders     *)
(* that nobody followed.  MCZab.tla has the like of these.                 *)
(***************************************************************************)
First(n) == [k \in 1..n |-> [zxid |-> <<1, k>>, value |-> 1]]

AfterEpoch1 ==
    /\ \E leads \in Server : \E length \in [Server -> 1..3] : \E c \in 1..2 :
           /\ IsQuorum({i \in Server : length[i] >= c})
           /\ length[leads] = 3
           /\ history = [i \in Server |-> First(length[i])]
           /\ committed = First(c)
           /\ proposalMsgsLog = {[txn |-> t, source |-> leads] : t \in Range(First(3))}
           /\ epochLeader = {[epoch |-> 1, leader |-> leads, history |-> << >>, served |-> TRUE]}
    /\ acceptedEpoch = [i \in Server |-> 1]
    /\ currentEpoch = [i \in Server |-> 1]
    /\ InitVolatile

AfterEpoch2 ==
    /\ \E P \in Quorum : \E leads \in P :
       \E had \in {P, Server} : \E have \in SUBSET P :
       \E promised \in [Server \ P -> {1, 4}] :
           LET first   == First(1)[1]
               second  == [zxid |-> <<2, 1>>, value |-> 2]
               initial == IF had \cap P = {} THEN << >> ELSE <<first>>
           IN  /\ history = [i \in Server |->
                      IF i \notin P THEN IF i \in had THEN <<first>> ELSE << >>
                      ELSE IF i \in have THEN Append(initial, second) ELSE initial]
               /\ currentEpoch = [i \in Server |-> IF i \in P THEN 2 ELSE 1]
               /\ acceptedEpoch = [i \in Server |-> IF i \in P THEN 2 ELSE promised[i]]
               /\ committed = IF IsQuorum(have) THEN Append(initial, second) ELSE initial
               /\ proposalMsgsLog = {[txn |-> first, source |-> leads],
                                      [txn |-> second, source |-> leads]}
               /\ epochLeader =
                      {[epoch |-> 1, leader |-> leads, history |-> << >>, served |-> TRUE],
                       [epoch |-> 2, leader |-> leads, history |-> initial, served |-> TRUE]}
    /\ InitVolatile

MBTInit == Init \/ AfterEpoch1 \/ AfterEpoch2

(***************************************************************************)
(* A run ends somewhere: what may grow without end has a bound.            *)
(***************************************************************************)
Bounded ==
    /\ Cardinality(proposalMsgsLog) <= MaxProposals
    /\ \A i \in Server : newEpoch[i] <= MaxEpoch

(***************************************************************************)
(* Elections that lead somewhere: a server follows one that leads, and     *)
(* another leads only if those that do have been heard of, and not all do. *)
(***************************************************************************)
HasLearner(i) == \E j \in Server : handler[i][j] # NONE

ElectsWithReason ==
    \A i \in Server : state[i] = LOOKING =>
        /\ state'[i] = FOLLOWING => state[leader'[i]] = LEADING
        /\ state'[i] = LEADING =>
               /\ \A j \in Server : state[j] = LEADING => HasLearner(j)
               /\ \E j \in Server \ {i} : state[j] # LEADING
=============================================================================
