------------------------ MODULE ProposalSaysNothing -------------------------
(***************************************************************************)
(* A follower that reads the PROPOSAL of a reconfiguration only remembers  *)
(* it, and does not conclude that the one ahead of it is committed. In the *)
(* middle of a synchronization it then knows the first and the third of    *)
(* three configurations.                                                   *)
(***************************************************************************)
\* @claim Apache 3.9 does so (Learner.syncWithLeader, QuorumPeer.setLastSeenQuorumVerifier).
\* @kind question
\* @redefines KnownCommitted <- KnownActive
\* @model MCReconfig MCReconfigTwice.cfg; New = {{s2}, {s1}}; MaxCrashes = 2; Prompt = FALSE; Oracle = FALSE
\* @fails CommittedIsDurable CommittedInInitialHistory ReconfigsAreJoint
EXTENDS Reconfig

KnownActive(i) == {quorumVerifier[i]}
=============================================================================
