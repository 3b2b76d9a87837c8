------------------------------ MODULE Counted ------------------------------
(* Operators of Bitwise, BagsExt and Combinatorics, with their values. *)
EXTENDS Integers, Sequences, TLC, Bitwise, BagsExt, Combinatorics

Bag == (2 :> 2) @@ (3 :> 1)

ASSUME 12 & 10 = 8 /\ 12 | 10 = 14 /\ 12 ^^ 10 = 6 /\ (-5) & 6 = 2 /\ (-5) | 6 = -1 /\ (-5) ^^ 6 = -3
ASSUME Not(5) = -6 /\ Not(-1) = 0 /\ shiftR(13, 2) = 3 /\ shiftR(-5, 1) = -3
ASSUME \A x, y \in -9..9 : (x & y) + (x | y) = x + y /\ x ^^ y = (x | y) - (x & y)
ASSUME /\ BagAdd(Bag, 1) = (1 :> 1) @@ Bag /\ BagAdd(Bag, 3) = (2 :> 2) @@ (3 :> 2)
       /\ BagRemove(Bag, 3) = 2 :> 2 /\ BagRemove(Bag, 2) = (2 :> 1) @@ (3 :> 1)
       /\ BagRemove(Bag, 1) = Bag /\ BagRemoveAll(Bag, 2) = 3 :> 1 /\ BagRemoveAll(Bag, 1) = Bag
ASSUME /\ SumBag(Bag) = 7 /\ ProductBag(Bag) = 12
       /\ FoldBag(LAMBDA s, x : 3 * s + x, 1, Bag) = 54
       /\ MapThenFoldBag(LAMBDA a, b : 2 * a + b, 1, LAMBDA x : x + 1,
                         LAMBDA S : CHOOSE x \in S : TRUE, Bag) = 39
ASSUME [n \in 1..5 |-> factorial[n]] = <<1, 2, 6, 24, 120>>
ASSUME [k \in 1..6 |-> choose(5, k - 1)] = <<1, 5, 10, 10, 5, 1>> /\ choose(2, 3) = 0
=============================================================================
