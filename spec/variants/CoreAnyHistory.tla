--------------------------- MODULE CoreAnyHistory ---------------------------
(***************************************************************************)
(* A leader takes any history of its quorum.                               *)
(***************************************************************************)
\* @kind core
\* @redefines MayStartEpoch <- MayStartEpochAnyHistory
\* @obligation Induction: StartEpoch: Choosable
\* @run CommittedInLaterEpochs
EXTENDS ZabCore

MayStartEpochAnyHistory(l, e, P, m) ==
    /\ zabState[l] = CHOSEN
    /\ newEpoch[l] = e
    /\ m \in P
    /\ \A s \in P : promised[s][e] /\ promisedTo[s][e] = l
=============================================================================
