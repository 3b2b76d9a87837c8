------------------------------ MODULE BagsExt ------------------------------
(* The operators of the community module of this name, for a TLC that comes without it. *)
LOCAL INSTANCE Integers
LOCAL INSTANCE Folds

BagAdd(B, x) ==
    [y \in DOMAIN B \cup {x} |-> (IF y \in DOMAIN B THEN B[y] ELSE 0) + IF y = x THEN 1 ELSE 0]
BagRemove(B, x) ==
    [y \in {z \in DOMAIN B : z # x \/ B[z] > 1} |-> IF y = x THEN B[y] - 1 ELSE B[y]]
BagRemoveAll(B, x) == [y \in DOMAIN B \ {x} |-> B[y]]

\* op(... op(base, x), ... x), n times.
RECURSIVE Times(_, _, _, _)
LOCAL Times(op(_, _), base, x, n) == IF n = 0 THEN base ELSE op(Times(op, base, x, n - 1), x)

MapThenFoldBag(op(_, _), base, f(_), choose(_), B) ==
    MapThenFoldSet(op, base, LAMBDA x : Times(op, base, f(x), B[x]),
                   LAMBDA S : CHOOSE x \in S : TRUE, DOMAIN B)

RECURSIVE Folded(_, _, _, _)
LOCAL Folded(op(_, _), base, S, B) ==
    IF S = {} THEN base
    ELSE LET x == CHOOSE x \in S : TRUE
         IN  Folded(op, Times(op, base, x, B[x]), S \ {x}, B)
FoldBag(op(_, _), base, B) == Folded(op, base, DOMAIN B, B)
SumBag(B) == FoldBag(LAMBDA x, y : x + y, 0, B)
ProductBag(B) == FoldBag(LAMBDA x, y : x * y, 1, B)
=============================================================================
