----------------------------- MODULE MBTElection -----------------------------
(***************************************************************************)
(* FastLeaderElection.tla for tests: sets for its constants, logs to begin *)
(* with, bounds.                                                           *)
(***************************************************************************)
EXTENDS FastLeaderElection

CONSTANTS MaxRound, MaxEpoch, MaxZxid, MaxUnderWay

ThreeVoters == MajorityConfig({1, 2, 3})

(***************************************************************************)
(* Epochs and zxids speak for one server or another; one may have lost its *)
(* data.                                                                   *)
(***************************************************************************)
MBTInit ==
    /\ \E epochs \in [Voter -> 0..1], zxids \in [Voter -> {EmptyDatabase, 0, 1}] :
           /\ Cardinality({i \in Voter : zxids[i] = EmptyDatabase}) <= 1
           /\ currentEpoch = [i \in Server |-> IF i \in Voter THEN epochs[i] ELSE 0]
           /\ lastZxid = [i \in Server |-> IF i \in Voter THEN zxids[i] ELSE 0]
    /\ InitElection

Bounded ==
    \A i \in Server :
        /\ logicalClock[i] <= MaxRound
        /\ currentEpoch[i] <= MaxEpoch
        /\ lastZxid[i] <= MaxZxid
        /\ Len(recvQueue[i]) <= MaxUnderWay
        /\ \A j \in Server : Len(electionMsgs[i][j]) <= MaxUnderWay
=============================================================================
