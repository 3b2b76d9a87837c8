------------------------ MODULE ReconfigByNewQuorum -------------------------
(***************************************************************************)
(* A reconfiguration is committed by a quorum of the new configuration     *)
(* alone. The old one has not heard of it, and elects.                     *)
(***************************************************************************)
\* @claim The new members are those who will have to go on with it: ask them.
\* @kind mistake
\* @redefines IsAcknowledged <- IsAcknowledgedByNewest
\* @model MCReconfig MCReconfigReplace.cfg
\* @fails Leadership2 CommittedInInitialHistory
EXTENDS Reconfig

IsAcknowledgedByNewest(proposal) == IsQuorumOfConfig(Newest(proposal.verifiers), proposal.ackSet)
=============================================================================
