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
AlwaysLed == [][Led]_vars

(***************************************************************************)
(* Next itself, and what it is for: whoever leads an epoch can give up,    *)
(* and give out the next zxid as long as one is left.                      *)
(***************************************************************************)
FewNumbers == 0..Epochs
TakesStepsOfZxids == [][Next]_vars

LeadersCan ==
    leading =>
        /\ ENABLED (Next /\ ~leading')
        /\ counter < LastCounter - 1 => ENABLED (Next /\ zxid' = zxid + 1)
=============================================================================
