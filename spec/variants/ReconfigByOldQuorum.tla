------------------------ MODULE ReconfigByOldQuorum -------------------------
(***************************************************************************)
(* A reconfiguration is committed by a quorum of the old configuration     *)
(* alone, as any other transaction.                                        *)
(***************************************************************************)
\* @claim A configuration is data; who decides now commits it.
\* @kind mistake
\* @redefines IsAcknowledged <- IsAcknowledgedByOldest
\* @model MCReconfig MCReconfigJoin.cfg
\* @fails CommittedIsDurable
EXTENDS Reconfig

IsAcknowledgedByOldest(proposal) ==
    \E c \in proposal.verifiers :
        /\ \A d \in proposal.verifiers : ~Newer(c, d)
        /\ IsQuorumOfConfig(c, proposal.ackSet)
=============================================================================
