--------------------------- MODULE Combinatorics ---------------------------
(* The operators of the community module of this name, for a TLC that comes without it. *)
EXTENDS Naturals

factorial[n \in Nat] == IF n = 0 THEN 1 ELSE n * factorial[n - 1]
RECURSIVE choose(_, _)
choose(n, k) == IF k = 0 THEN 1 ELSE IF n < k THEN 0 ELSE (choose(n - 1, k - 1) * n) \div k
=============================================================================
