--------------------------- MODULE LeaseForgotten ---------------------------
(***************************************************************************)
(* Followers honour the lease of LeaseReadsHonoured while they run; one    *)
(* that crashes and starts again has forgotten it, and helps to elect      *)
(* another leader at once.                                                 *)
(***************************************************************************)
\* @claim A server that starts anew has no leader, so no lease either.
\* @kind question
\* @redefines NodeStart <- NodeStartAtOnce
\* @model MCZab MCZabFirstEpoch.cfg; Oracle = FALSE; MaxElections = 2; MaxRequests = 1; MaxCrashes = 1; Modes = {"DIFF"}
\* @fails LeaseReadsAreFresh
EXTENDS LeaseReadsHonoured

NodeStartAtOnce(i) ==
    /\ status[i] = OFFLINE
    /\ status' = [status EXCEPT ![i] = ONLINE]
    /\ UNCHANGED <<durableVars, state, zabState, newEpoch, queuedRequests, lastCommitted,
                   leaderVars, followerVars, msgs, ghostVars>>
=============================================================================
