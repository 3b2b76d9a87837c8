----------------------------- MODULE NewEpochs ------------------------------
(***************************************************************************)
(* A property for variants that choose epochs in another way, to be asked  *)
(* where one server leads at a time: an older leader may be late with an   *)
(* epoch that others have accepted by then, which does no harm.            *)
(***************************************************************************)
EXTENDS Zab

(* A leader accepts no epoch that all of a quorum have accepted before.    *)
EpochIsNew ==
    [][\A i \in Server :
           state[i] = LEADING /\ EpochChosen(i) /\ zabState[i] = DISCOVERY
           /\ acceptedEpoch'[i] # acceptedEpoch[i] =>
               \A P \in Quorum : \E j \in P : acceptedEpoch[j] < acceptedEpoch'[i]]_vars
=============================================================================
