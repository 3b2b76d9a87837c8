------------------------------ MODULE MCZxids ------------------------------
(***************************************************************************)
(* Zxids.tla with few counters and epochs: all of it.                      *)
(***************************************************************************)
EXTENDS Zxids

FewCounters == 5
FewEpochs == 3
ShortMax == 14

MCNext ==
    \/ Propose
    \/ RollOver
    \/ Quit
    \/ \E e \in 0..Epochs : BeginEpoch(e)

MCSpec == Init /\ [][MCNext]_vars

Ordered ==
    \A e, f \in 0..Epochs, c, d \in 0..LastCounter :
        /\ Zxid(e, c) < Zxid(f, d) <=> e < f \/ (e = f /\ c < d)
        /\ Zxid(e, c) = Zxid(f, d) => e = f /\ c = d

FewFit ==
    /\ \A e \in 0..Epochs - 1, c \in 0..LastCounter : Zxid(e, c) <= LongMax
    /\ Zxid(Epochs, 0) > LongMax

\* Of numbers alone, whatever the state.
ASSUME Ordered
ASSUME FewFit

AlwaysRises == [][Rises]_vars
AlwaysUsedUp == [][UsedUp]_vars
=============================================================================
