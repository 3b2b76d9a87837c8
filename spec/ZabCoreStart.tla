---------------------------- MODULE ZabCoreStart ----------------------------
(***************************************************************************)
(* What of a state of ZabCore can be the start of servers: what is on      *)
(* their disks, and what is committed.  All servers have crashed there; of *)
(* what is under way (promises, acknowledgements, phases) nothing is left. *)
(*                                                                         *)
(* speccheck prove --replay DIR --system NAME gives it to servers that are *)
(* simulated.  The names are those of the files of a server.               *)
(***************************************************************************)
EXTENDS ZabCore

(* The i-th transaction of the log of epoch e: the epoch that has proposed *)
(* it, its number among those of that epoch, which come behind what that   *)
(* epoch began with, and what it writes.                                   *)
Txn(e, i) ==
    [epoch |-> creator[e][i],
     counter |-> i - initialLength[creator[e][i]],
     value |-> value[e][i]]

History(e, n) == [i \in 1..n |-> Txn(e, i)]

Start ==
    [servers |-> [s \in Server |->
                     [acceptedEpoch |-> acceptedEpoch[s],
                      currentEpoch |-> currentEpoch[s],
                      history |-> History(logEpoch[s], logLength[s])]],
     committed |-> {History(e, committedLength[e]) : e \in {f \in Epoch : committedLength[f] > 0}}]
=============================================================================
