---------------------------- MODULE QuorumJoint ----------------------------
(***************************************************************************)
(* While one configuration replaces another, a decision needs a quorum of  *)
(* both.  Then every decision meets every other: those that the old        *)
(* configuration has made alone, those that the new one will make alone,   *)
(* and those of the next change.  For any configurations, as long as the   *)
(* quorums of each meet one another, which QuorumSum.tla proves.           *)
(*                                                                         *)
(* Nothing is said of how the configurations are related: servers may be   *)
(* added or removed, and they may have none in common.  A joint quorum     *)
(* need be a quorum of neither: of {1, 2, 3} and {1, 4, 5} it is {1, 2, 4}.*)
(*                                                                         *)
(* Quorums.tla has the same as JointQuorums and JointQuorumsMeet.  There a *)
(* set decides if each configuration counts it as enough (hasAllQuorums of *)
(* SyncedLearnerTracker); here, if it contains a quorum of each.  That     *)
(* these are the same sets is checked on small configurations              *)
(* (spec/models/MCQuorumJoint.tla).                                        *)
(*                                                                         *)
(* @typeAlias: quorum = Set(SERVER);                                       *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
    \* @type: Set($quorum);
    Sets,   \* sets of servers: those among which joint quorums are looked for,
    \* @type: Set($quorum);
    Old,    \* the quorums of the configuration that goes,
    \* @type: Set($quorum);
    New,    \* of the one that comes,
    \* @type: Set($quorum);
    Third   \* and of the one that will replace that

\* All pairs of a set from S and a set from T share a server.
Meet(S, T) == \A P \in S : \A Q \in T : P \cap Q # {}

\* P has a quorum of S in it, and perhaps other servers.
Contains(P, S) == \E Q \in S : Q \subseteq P

\* The joint quorums of two configurations that have the quorums S and T.
\* @type: (Set($quorum), Set($quorum)) => Set($quorum);
Joint(S, T) == {P \in Sets : Contains(P, S) /\ Contains(P, T)}

ASSUME OldMeets == Meet(Old, Old)
ASSUME NewMeets == Meet(New, New)
ASSUME ThirdMeets == Meet(Third, Third)

THEOREM JointMeetsOld == Meet(Joint(Old, New), Old)

THEOREM JointMeetsNew == Meet(Joint(Old, New), New)

THEOREM JointMeetsJoint == Meet(Joint(Old, New), Joint(Old, New))

THEOREM JointMeetsNextJoint == Meet(Joint(Old, New), Joint(New, Third))

=============================================================================
