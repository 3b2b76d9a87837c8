------------------------------- MODULE Folds -------------------------------
(* The operators of the community module of this name, for a TLC that comes without it. *)

\* op(f(x1), op(f(x2), ... base)), where choose says which element of what is left comes next.
RECURSIVE MapThenFoldSet(_, _, _, _, _)
MapThenFoldSet(op(_, _), base, f(_), choose(_), S) ==
    IF S = {} THEN base
    ELSE LET x == choose(S)
         IN  op(f(x), MapThenFoldSet(op, base, f, choose, S \ {x}))
=============================================================================
