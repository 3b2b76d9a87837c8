-------------------------- MODULE CoreQuorumsApart --------------------------
(***************************************************************************)
(* Quorums need not meet.                                                  *)
(***************************************************************************)
\* @kind core
\* @redefines AnyTwoMeet <- NoneIsEmpty
\* @obligation NotStartedYet
\* @run OneLeaderPerEpoch
\* @sizes quorum = 2; VALUE = 1; epoch = 2; index = 1
EXTENDS ZabCore

NoneIsEmpty == \A P, Q \in Quorum : P \cap P # {}
=============================================================================
