--------------------- MODULE CoreOldFollowerinfoCounts ----------------------
(***************************************************************************)
(* A FOLLOWERINFO from before the election counts.                         *)
(***************************************************************************)
\* @kind core
\* @redefines FollowerInfo <- FollowerInfoFromBefore
\* @obligation Induction: FollowerInfo: ReportedAccepted
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

FollowerInfoFromBefore(s, l, a) ==
    /\ zabState[l] = DISCOVERY
    /\ a <= acceptedEpoch[s]
    /\ reported' = [reported EXCEPT ![l][s] = a]
    /\ UNCHANGED <<acceptedEpoch, diskVars, zabState, newEpoch, electionAccepted, candidate, promiseVars,
                   startVars, logVars, commitVars, deliverVars>>
=============================================================================
