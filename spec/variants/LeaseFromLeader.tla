-------------------------- MODULE LeaseFromLeader ---------------------------
(***************************************************************************)
(* Leader lease reads, and a lease as the leader sees it: a follower that  *)
(* the leader counts among those that serve does not leave it. That is too *)
(* late: a follower may have left when its ACK of NEWLEADER arrives, and   *)
(* the leader counts on it from then on.                                   *)
(***************************************************************************)
\* @claim A lease begins when the leader says UPTODATE.
\* @kind question
\* @redefines FollowerShutdown <- FollowerShutdownAfterLease
\* @redefines NodeStart <- NodeStartAfterLease
\* @model MCZab MCZabFirstEpoch.cfg; Oracle = FALSE; MaxElections = 2; MaxRequests = 1; MaxShutdowns = 1; Modes = {"DIFF"}
\* @fails LeaseReadsAreFresh
EXTENDS LeaderLeaseReads

(* Some leader may still count on server j.                                *)
IsCountedOn(j) == \E i \in Server : handler[i][j] = UPTODATE

FollowerShutdownAfterLease(i) ==
    /\ state[i] = FOLLOWING
    /\ ~IsCountedOn(i)
    /\ LeaveRole(i)
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, ghostVars>>

NodeStartAfterLease(i) ==
    /\ status[i] = OFFLINE
    /\ ~IsCountedOn(i)
    /\ status' = [status EXCEPT ![i] = ONLINE]
    /\ UNCHANGED <<durableVars, state, zabState, newEpoch, queuedRequests, lastCommitted,
                   leaderVars, followerVars, msgs, ghostVars>>
=============================================================================
