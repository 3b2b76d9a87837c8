---------------------------- MODULE QuorumJoint ----------------------------
(***************************************************************************)
(* While one configuration replaces another, a decision needs a quorum of  *)
(* both.  Then every decision meets every other: those that the old        *)
(* configuration has made alone, those that the new one will make alone,   *)
(* and those of the next change.  For any configurations, as long as the   *)
(* quorums of each meet one another, which QuorumSum.tla proves.           *)
(*                                                                         *)
(* Quorums.tla has the same as JointQuorumsMeet.  QuorumVerifiers of       *)
(* SyncedLearnerTracker are what a decision needs.                         *)
(*                                                                         *)
(* @typeAlias: quorum = Set(SERVER);                                       *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
    \* @type: Set($quorum);
    Old,    \* the quorums of the configuration that goes,
    \* @type: Set($quorum);
    New,    \* of the one that comes,
    \* @type: Set($quorum);
    Third   \* and of the one that will replace that

\* All pairs of a set from S and a set from T share a server.
Meet(S, T) == \A P \in S : \A Q \in T : P \cap Q # {}

ASSUME OldMeets == Meet(Old, Old)
ASSUME NewMeets == Meet(New, New)
ASSUME ThirdMeets == Meet(Third, Third)

THEOREM JointMeetsOld == Meet(Old \cap New, Old)

THEOREM JointMeetsNew == Meet(Old \cap New, New)

THEOREM JointMeetsJoint == Meet(Old \cap New, Old \cap New)

THEOREM JointMeetsNextJoint == Meet(Old \cap New, New \cap Third)

=============================================================================
