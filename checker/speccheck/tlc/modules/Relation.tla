------------------------------ MODULE Relation ------------------------------
(* The operators of the community module of this name, for a TLC that comes without it: a relation
   R on S is a function from pairs to BOOLEAN, or an operator of two arguments. *)
EXTENDS Naturals, FiniteSets

LOCAL Pairs(S) == {<<x, y>> : x, y \in S}
LOCAL AsFunction(Op(_, _), S) == [p \in Pairs(S) |-> Op(p[1], p[2])]

IsReflexive(R, S) == \A x \in S : R[x, x]
IsIrreflexive(R, S) == \A x \in S : ~R[x, x]
IsSymmetric(R, S) == \A x, y \in S : R[x, y] => R[y, x]
IsAntiSymmetric(R, S) == \A x, y \in S : x = y \/ ~R[x, y] \/ ~R[y, x]
IsAsymmetric(R, S) == \A x, y \in S : R[x, y] => ~R[y, x]
IsTransitive(R, S) == \A x, y, z \in S : R[x, y] => (R[y, z] => R[x, z])
IsStrictlyPartiallyOrdered(R, S) ==
    IsIrreflexive(R, S) /\ IsAntiSymmetric(R, S) /\ IsTransitive(R, S)
IsPartiallyOrdered(R, S) == IsReflexive(R, S) /\ IsAntiSymmetric(R, S) /\ IsTransitive(R, S)
IsStrictlyTotallyOrdered(R, S) ==
    IsStrictlyPartiallyOrdered(R, S) /\ \A x, y \in S : x = y \/ R[x, y] \/ R[y, x]
IsTotallyOrdered(R, S) == IsPartiallyOrdered(R, S) /\ \A x, y \in S : R[x, y] \/ R[y, x]

IsReflexiveUnder(Op(_, _), S) == IsReflexive(AsFunction(Op, S), S)
IsIrreflexiveUnder(Op(_, _), S) == IsIrreflexive(AsFunction(Op, S), S)
IsSymmetricUnder(Op(_, _), S) == IsSymmetric(AsFunction(Op, S), S)
IsAntiSymmetricUnder(Op(_, _), S) == IsAntiSymmetric(AsFunction(Op, S), S)
IsAsymmetricUnder(Op(_, _), S) == IsAsymmetric(AsFunction(Op, S), S)
IsTransitiveUnder(Op(_, _), S) == IsTransitive(AsFunction(Op, S), S)
IsStrictlyPartiallyOrderedUnder(Op(_, _), S) == IsStrictlyPartiallyOrdered(AsFunction(Op, S), S)
IsPartiallyOrderedUnder(Op(_, _), S) == IsPartiallyOrdered(AsFunction(Op, S), S)
IsStrictlyTotallyOrderedUnder(Op(_, _), S) == IsStrictlyTotallyOrdered(AsFunction(Op, S), S)
IsTotallyOrderedUnder(Op(_, _), S) == IsTotallyOrdered(AsFunction(Op, S), S)

LOCAL Joined(R, S) ==
    [p \in Pairs(S) |-> R[p] \/ \E z \in S : R[p[1], z] /\ R[z, p[2]]]
RECURSIVE Repeated(_, _, _)
LOCAL Repeated(R, S, n) == IF n = 0 THEN R ELSE Repeated(Joined(R, S), S, n - 1)
TransitiveClosure(R, S) == Repeated([p \in Pairs(S) |-> R[p]], S, Cardinality(S))
ReflexiveTransitiveClosure(R, S) ==
    LET closure == TransitiveClosure(R, S)
    IN  [p \in Pairs(S) |-> p[1] = p[2] \/ closure[p]]
IsConnected(R, S) ==
    LET closure == ReflexiveTransitiveClosure(R, S)
    IN  \A p \in Pairs(S) : closure[p]
=============================================================================
