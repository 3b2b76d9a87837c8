-------------------------- MODULE AtomicBroadcast --------------------------
(***************************************************************************)
(* The service that ZAB offers, with nothing said about how.               *)
(*                                                                         *)
(* Primaries broadcast messages.  Servers deliver messages.  There is one  *)
(* order, `order`, and what any server has delivered is a prefix of it.  A *)
(* message gets its place in the order at the moment the first server      *)
(* delivers it, never moves, and never appears twice.  A server that       *)
(* crashes forgets what it delivered and delivers it again from the        *)
(* beginning, in the same order.                                           *)
(*                                                                         *)
(* This is primary-order atomic broadcast of Junqueira, Reed and Serafini  *)
(* (DSN 2011): Integrity, Agreement and Total order follow from the shape  *)
(* of the state; the primary orders are the guard on Precedes.  Zab.tla    *)
(* refines this module.                                                    *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    Server,         \* the processes that deliver
    Message,        \* what may be broadcast
    Precedes(_, _)  \* Precedes(a, b): when both are delivered, a comes first

VARIABLES
    broadcast,      \* the set of messages broadcast so far
    order,          \* the order agreed so far, a sequence of messages
    delivered       \* delivered[s]: the sequence that s has delivered

abVars == <<broadcast, order, delivered>>

-----------------------------------------------------------------------------

IsPrefix(s, t) == /\ Len(s) <= Len(t)
                  /\ \A k \in 1..Len(s) : s[k] = t[k]

Range(s) == {s[k] : k \in DOMAIN s}

(***************************************************************************)
(* The orders in which the messages of a finite set S, or some of them,    *)
(* can be put.                                                             *)
(***************************************************************************)
Arrangements(S) ==
    UNION { { f \in [1..n -> S] : \A a, b \in 1..n : f[a] = f[b] => a = b }
            : n \in 0..Cardinality(S) }

(***************************************************************************)
(* No message stands behind one that it has to precede.                    *)
(***************************************************************************)
RespectsPrimaryOrder(s) ==
    \A a, b \in 1..Len(s) : a < b => ~Precedes(s[b], s[a])

TypeOK ==
    /\ broadcast \subseteq Message
    /\ order \in Seq(Message)
    /\ delivered \in [Server -> Seq(Message)]

Init ==
    /\ broadcast = {}
    /\ order = << >>
    /\ delivered = [s \in Server |-> << >>]

-----------------------------------------------------------------------------

(***************************************************************************)
(* A primary hands a new message to the service.                           *)
(***************************************************************************)
Broadcast(m) ==
    /\ m \notin broadcast
    /\ broadcast' = broadcast \cup {m}
    /\ UNCHANGED <<order, delivered>>

(***************************************************************************)
(* Server s delivers further messages that already have their place.       *)
(***************************************************************************)
Deliver(s) ==
    /\ \E n \in Len(delivered[s]) + 1 .. Len(order) :
           delivered' = [delivered EXCEPT ![s] = SubSeq(order, 1, n)]
    /\ UNCHANGED <<broadcast, order>>

(***************************************************************************)
(* Server s is the first to deliver some messages, and so gives them their *)
(* place behind everything delivered anywhere.                             *)
(***************************************************************************)
DeliverFirst(s) ==
    /\ \E new \in Arrangements(broadcast \ Range(order)) :
           /\ new # << >>
           /\ RespectsPrimaryOrder(order \o new)
           /\ order' = order \o new
    /\ delivered' = [delivered EXCEPT ![s] = order']
    /\ UNCHANGED broadcast

(***************************************************************************)
(* Server s crashes.  The order stays; s will deliver it again.            *)
(***************************************************************************)
Forget(s) ==
    /\ delivered' = [delivered EXCEPT ![s] = << >>]
    /\ UNCHANGED <<broadcast, order>>

Next ==
    \/ \E m \in Message : Broadcast(m)
    \/ \E s \in Server : Deliver(s) \/ DeliverFirst(s) \/ Forget(s)

Spec == Init /\ [][Next]_abVars

-----------------------------------------------------------------------------

(***************************************************************************)
(* What a user of the service relies on.                                   *)
(***************************************************************************)
NothingInvented == Range(order) \subseteq broadcast

NothingTwice == \A a, b \in 1..Len(order) : order[a] = order[b] => a = b

OneOrder == \A s \in Server : IsPrefix(delivered[s], order)

PrimaryOrder == RespectsPrimaryOrder(order)

OrderIsStable == [][IsPrefix(order, order')]_abVars

(* What a server has delivered grows, unless it crashes and begins anew.   *)
DeliveriesGrow ==
    [][\A s \in Server :
           delivered'[s] = << >> \/ IsPrefix(delivered[s], delivered'[s])]_abVars

THEOREM Spec => [](TypeOK /\ NothingInvented /\ NothingTwice /\ OneOrder /\ PrimaryOrder)
THEOREM Spec => OrderIsStable
=============================================================================
