-------------------------- MODULE CommitOnFirstAck --------------------------
(***************************************************************************)
(* A leader commits a proposal when one server has acknowledged it,        *)
(* whoever that is.                                                        *)
(***************************************************************************)
\* @claim One disk is enough, the others will follow: a commit needs no round trip to a quorum.
\* @kind mistake
\* @redefines Committable <- CommittableOnFirstAck
\* @model MCZab MCZabFirstEpoch.cfg
\* @fails CommittedIsDurable
\* @strategy commit-without-quorum
\* @core CoreCommitOnFirstAck
EXTENDS Zab

CommittableOnFirstAck(proposals) ==
    Maximum({n \in 0..Len(proposals) : \A k \in 1..n : proposals[k].ackSet # {}})
=============================================================================
