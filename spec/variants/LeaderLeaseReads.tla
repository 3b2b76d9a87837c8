-------------------------- MODULE LeaderLeaseReads --------------------------
(***************************************************************************)
(* A leader answers reads from its own tree as long as a quorum, itself    *)
(* included, is connected to it and serves, without asking anybody. A      *)
(* follower may leave it for another leader at any moment, so that what it *)
(* answers can be old.                                                     *)
(***************************************************************************)
\* @claim A leader with a quorum knows all that is committed; sync is not needed for reads at the leader.
\* @kind question
\* @model MCZab MCZabFirstEpoch.cfg; Oracle = FALSE; MaxElections = 2; MaxRequests = 1; MaxShutdowns = 1; Modes = {"DIFF"}
\* @invariant LeaseReadsAreFresh
\* @fails LeaseReadsAreFresh
EXTENDS Zab

(* The leader thinks so: it hears of a follower that has left later.       *)
HoldsLease(i) ==
    /\ state[i] = LEADING
    /\ zabState[i] = BROADCAST
    /\ IsQuorum({i} \cup {j \in Server : handler[i][j] = UPTODATE})

(* What it would answer has all that is committed by now.                  *)
LeaseReadsAreFresh ==
    \A i \in Server : HoldsLease(i) => Len(Delivered(i)) >= Len(committed)
=============================================================================
