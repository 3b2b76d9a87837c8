------------------------- MODULE MCAtomicBroadcast -------------------------
(***************************************************************************)
(* The service by itself: the properties hold for every order of           *)
(* broadcasts and deliveries of a few messages.                            *)
(***************************************************************************)
EXTENDS AtomicBroadcast, TLC

CONSTANT Last       \* messages are 1 .. Last

Messages == 1..Last
Smaller(a, b) == a < b
Symmetry == Permutations(Server)
=============================================================================
