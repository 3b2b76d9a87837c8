-------------------- MODULE CoreRecencyByEpochAndLength ---------------------
(***************************************************************************)
(* Which log is more recent is judged by currentEpoch and the length alone.*)
(* This is no mistake: of two logs of servers in one epoch neither has less*)
(* of it than the other's creators tell.  Everything is still proved.      *)
(***************************************************************************)
\* @kind core
\* @redefines NotMoreRecent <- NotLongerInEpoch
\* @holds all
EXTENDS ZabCore

NotLongerInEpoch(s, m, e) ==
    \/ promisedCurrent[s][e] < promisedCurrent[m][e]
    \/ /\ promisedCurrent[s][e] = promisedCurrent[m][e]
       /\ promisedLength[s][e] <= promisedLength[m][e]
=============================================================================
