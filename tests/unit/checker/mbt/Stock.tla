------------------------------- MODULE Stock -------------------------------
(* A shop: what is ordered is delivered later, by the shop itself.          *)
EXTENDS Integers, Sequences

CONSTANTS Item, Most

VARIABLES stock, ordered, sold

Init == stock = [i \in Item |-> 0] /\ ordered = << >> /\ sold \in 0..1

Order(i, n) ==
  /\ Len(ordered) < 2
  /\ ordered' = Append(ordered, <<i, n>>)
  /\ UNCHANGED <<stock, sold>>

Deliver ==
  /\ ordered # << >>
  /\ LET item == Head(ordered)[1]
     IN  stock' = [stock EXCEPT ![item] = IF @ + Head(ordered)[2] > Most THEN Most
                                          ELSE @ + Head(ordered)[2]]
  /\ ordered' = Tail(ordered)
  /\ UNCHANGED sold

Sell(i) ==
  /\ stock[i] > 0
  /\ stock' = [stock EXCEPT ![i] = @ - 1]
  /\ sold' = sold + 1
  /\ UNCHANGED ordered

(* A discount is what the shop likes: one or two.                           *)
Discount ==
  /\ sold >= 1
  /\ \E n \in 1..2 : sold' = sold - n /\ sold >= n
  /\ UNCHANGED <<stock, ordered>>

Close == stock = [i \in Item |-> 0] /\ UNCHANGED <<stock, ordered, sold>>

Next ==
  \/ \E i \in Item : (\E n \in 1..Most : Order(i, n)) \/ Sell(i)
  \/ Deliver
  \/ Discount
  \/ Close

Few == \A i \in Item : stock[i] <= Most
=============================================================================
