------------------------- MODULE PromiseBeforeFsync -------------------------
(***************************************************************************)
(* A follower promises an epoch that is in its memory only: ACKEPOCH       *)
(* leaves before acceptedEpoch is durable.                                 *)
(***************************************************************************)
\* @claim currentEpoch will be written soon, so one write to the disk can be spared.
\* @kind mistake
\* @redefines FollowerPersistAcceptedEpoch <- FollowerPersistAcceptedEpochNotDurable
\* @model MCZab MCZabFirstEpoch.cfg
\* @fails EpochOrder
\* @strategy promise-not-written
EXTENDS Zab

FollowerPersistAcceptedEpochNotDurable(i) ==
    /\ state[i] = FOLLOWING
    /\ learnerStage[i] = LEADERINFO
    /\ UNCHANGED acceptedEpoch
    /\ learnerStage' = [learnerStage EXCEPT ![i] = ACKEPOCH]
    /\ zabState' = [zabState EXCEPT ![i] = SYNCHRONIZATION]
    /\ msgs' = FollowerWrites(i, <<AckEpoch(i, currentEpoch[i])>>)
    /\ UNCHANGED <<currentEpoch, history, status, state, newEpoch, queuedRequests, lastCommitted,
                   leaderVars, leader, syncVars, ghostVars>>
=============================================================================
