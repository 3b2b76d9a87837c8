---------------------------- MODULE MCQuorumJoint ----------------------------
(***************************************************************************)
(* Ties QuorumJoint.tla, which is proved, to Quorums.tla, which says what  *)
(* servers count: for all pairs of configurations of a few servers, the    *)
(* joint quorums of both modules are the same sets.  The two may have all  *)
(* servers, some or none in common.                                        *)
(***************************************************************************)
EXTENDS Quorums

CONSTANTS Server,       \* the servers that may be members
          MaxWeight     \* the weights that may be are 0 .. MaxWeight

VARIABLES old,          \* a configuration,
          new           \* and the one that replaces it

J == INSTANCE QuorumJoint WITH
        Sets <- SUBSET (Members(old) \cup Members(new)),
        Old <- Quorums(old), New <- Quorums(new), Third <- Quorums(old)

Groupings ==
    {groups \in SUBSET (SUBSET Server \ {{}}) :
        \A g, h \in groups : g = h \/ g \cap h = {}}

Configs ==
    {config \in UNION {{[groups |-> groups, weight |-> weight] :
                           weight \in [UNION groups -> 0 .. MaxWeight]} :
                           groups \in Groupings} : IsConfig(config)}

(* Those of voting by majority (MCQuorumJointFive.cfg).                    *)
MajorityConfigs == {MajorityConfig(members) : members \in SUBSET Server \ {{}}}

Init == old \in Configs /\ new \in Configs

Next == UNCHANGED <<old, new>>

Spec == Init /\ [][Next]_<<old, new>>

-------------------------------------------------------------------------------
SameJointQuorums == J!Joint(Quorums(old), Quorums(new)) = JointQuorums({old, new})

(* What the proof assumes of each configuration, and what it proves.       *)
Assumed == J!Meet(Quorums(old), Quorums(old))

Proved ==
    /\ J!Meet(JointQuorums({old, new}), Quorums(old))
    /\ J!Meet(JointQuorums({old, new}), Quorums(new))
    /\ J!Meet(JointQuorums({old, new}), JointQuorums({old, new}))

(***************************************************************************)
(* Not so, which shows that the definition matters: the sets that are      *)
(* quorums of both (MCQuorumJointBoth.cfg).                                *)
(***************************************************************************)
BothAreEnough == JointQuorums({old, new}) = Quorums(old) \cap Quorums(new)

=============================================================================
