----------------------------- MODULE MCPlainZab -----------------------------
(***************************************************************************)
(* Zab as it stands: all steps of Next, as often as they come.  MCZab      *)
(* names the actions anew to bound them; here only the size of the states  *)
(* is bounded, so that Next itself is put to the test.                     *)
(***************************************************************************)
EXTENDS Zab

(* What many properties are made of.                                       *)
ASSUME PrefixesAre ==
    /\ IsPrefix(<< >>, <<1>>) /\ IsPrefix(<<1, 2>>, <<1, 2>>) /\ IsPrefix(<<1>>, <<1, 2>>)
    /\ ~IsPrefix(<<2>>, <<1, 2>>) /\ ~IsPrefix(<<1, 3>>, <<1, 2>>) /\ ~IsPrefix(<<1, 2>>, <<1>>)

CONSTANTS MaxEpoch,     \* bounds on epochs and
          MaxRequests   \*   transactions

Q == INSTANCE Quorums
Majorities == Q!Majorities(Server)

Bounds ==
    /\ \A i \in Server : newEpoch[i] <= MaxEpoch
    /\ Cardinality(proposalMsgsLog) <= MaxRequests

=============================================================================
