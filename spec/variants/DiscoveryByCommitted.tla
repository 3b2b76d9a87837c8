------------------------ MODULE DiscoveryByCommitted ------------------------
(***************************************************************************)
(* A leader needs an epoch and promises from a quorum of its committed     *)
(* configuration only, also if it has seen a later one.                    *)
(***************************************************************************)
\* @claim Apache 3.9 does so (Leader.getEpochToPropose, waitForEpochAck); only NEWLEADER asks for both.
\* @kind question
\* @redefines HasQuorumToLead <- HasQuorumOfCommitted
\* @model MCReconfig MCReconfigReplace.cfg
\* @fails Leadership1 Leadership2
EXTENDS Reconfig

HasQuorumOfCommitted(i, S) == MayLead(i) /\ IsQuorumOfConfig(quorumVerifier[i], S)
=============================================================================
