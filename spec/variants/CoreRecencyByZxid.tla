------------------------- MODULE CoreRecencyByZxid --------------------------
(***************************************************************************)
(* A leader takes the history of its quorum that ends with the highest     *)
(* zxid, whatever the currentEpoch of its server.                          *)
(***************************************************************************)
\* @kind core
\* @redefines NotMoreRecent <- ZxidNotHigher
\* @obligation Induction: StartEpoch: NothingOlder
\* @run PrimaryIntegrity
EXTENDS ZabCore

ZxidNotHigher(s, m, e) ==
    \/ LastCreator(s, e) < LastCreator(m, e)
    \/ /\ LastCreator(s, e) = LastCreator(m, e)
       /\ promisedLength[s][e] <= promisedLength[m][e]
=============================================================================
