-------------------------- MODULE OldConfigElects ---------------------------
(***************************************************************************)
(* Who was a member before the last change may still lead, by a quorum of  *)
(* the configuration of then.                                              *)
(***************************************************************************)
\* @claim The old members know the history; let them go on if the new ones are slow.
\* @kind mistake
\* @redefines MayLead <- MightHaveLed
\* @redefines HasQuorumToLead <- HasQuorumOfSome
\* @model MCReconfig MCReconfigReplace.cfg
\* @fails Leadership2
EXTENDS Reconfig

Known(i) == {c \in CommittedConfigs : ~Newer(c, quorumVerifier[i])}

MightHaveLed(i) == \E c \in Known(i) : i \in Voters(c)

HasQuorumOfSome(i, S) == \E c \in Known(i) : i \in Voters(c) /\ IsQuorumOfConfig(c, S)
=============================================================================
