------------------------- MODULE CoreRecencyByEpoch -------------------------
(***************************************************************************)
(* A leader takes any history of the latest epoch.                         *)
(***************************************************************************)
\* @kind core
\* @redefines MayStartEpoch <- MayStartEpochLatestEpoch
\* @obligation Induction: StartEpoch: Choosable
\* @run CommittedInLaterEpochs
EXTENDS ZabCore

MayStartEpochLatestEpoch(l, e, P, m) ==
    /\ zabState[l] = CHOSEN
    /\ newEpoch[l] = e
    /\ m \in P
    /\ \A s \in P : promised[s][e] /\ promisedTo[s][e] = l /\ promisedCurrent[s][e] <= promisedCurrent[m][e]
=============================================================================
