------------------------ MODULE CoreRecencyByLength -------------------------
(***************************************************************************)
(* A leader takes the longest history of its quorum, in whichever epoch it *)
(* was written.                                                            *)
(***************************************************************************)
\* @kind core
\* @redefines MayStartEpoch <- MayStartEpochLongest
\* @obligation Induction: StartEpoch: Choosable
\* @run CommittedInLaterEpochs
EXTENDS ZabCore

MayStartEpochLongest(l, e, P, m) ==
    /\ zabState[l] = CHOSEN
    /\ newEpoch[l] = e
    /\ m \in P
    /\ \A s \in P : promised[s][e] /\ promisedTo[s][e] = l /\ promisedLength[s][e] <= promisedLength[m][e]
=============================================================================
