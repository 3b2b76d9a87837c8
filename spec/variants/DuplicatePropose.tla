-------------------------- MODULE DuplicatePropose --------------------------
(***************************************************************************)
(* In the ZAB paper nothing says that a proposal is sent to a follower     *)
(* once: what is outstanding when it is synchronized may come with         *)
(* NEWLEADER and again by the broadcast. A follower that does not look     *)
(* logs it twice. (Apache's specification, issue 2.)                       *)
(***************************************************************************)
\* @claim A leader need not synchronize its broadcast with its synchronizations.
\* @kind paper
\* @redefines ProposalsOf <- ProposalsTwice
\* @model MCZab MCZabFirstEpoch.cfg
\* @fails LogOrder
EXTENDS Zab

ProposalsTwice(txns) == [k \in 1..2 * Len(txns) |-> ProposalOf(txns[(k + 1) \div 2])]
=============================================================================
