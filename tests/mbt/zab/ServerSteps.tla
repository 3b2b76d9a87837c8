----------------------------- MODULE ServerSteps -----------------------------
(***************************************************************************)
(* Which of the steps that Zab.tla allows our servers never take.          *)
(***************************************************************************)
EXTENDS Zab

(***************************************************************************)
(* While the disk writes an epoch or a snapshot, a server does not leave   *)
(* its role, for it notices nothing meanwhile; it may crash.               *)
(***************************************************************************)
Writing(i) ==
    \/ learnerStage[i] = LEADERINFO
    \/ state[i] = LEADING /\ EpochChosen(i) /\ acceptedEpoch[i] < newEpoch[i]
    \/ state[i] = LEADING /\ zabState[i] = DISCOVERY /\ ElectionFinished(i)
    \/ learnerStage[i] = NEWLEADER /\ (SnapshotNeeded(i) \/ queuedRequests[i] = << >>)

WritesToTheEnd ==
    \A i \in Server : Writing(i) /\ state'[i] = LOOKING => status'[i] = OFFLINE

(***************************************************************************)
(* The specification lets a leader choose between a snapshot and its log.  *)
(* Where there is no transaction that it has in common with a learner, a   *)
(* server sends a snapshot, unless it has nothing itself.                  *)
(***************************************************************************)
ChosenMode(i, j) == msgs'[i][j][Len(msgs[i][j]) + 1].mtype

HasServedNothing(i, log) == zabState[i] = BROADCAST /\ LastZxid(log)[1] # newEpoch[i]

SynchronizesAsServersDo ==
    \A i, j \in Server :
        handler[i][j] = ACKEPOCH /\ handler'[i][j] = NEWLEADER /\ msgs'[i][j] # msgs[i][j] =>
            LET log == SyncBase(i)
            IN  IF ChosenMode(i, j) = SNAP
                THEN ~HasServedNothing(i, log)
                ELSE \/ CommonZxid(log, peerLastZxid[i][j]) # ZeroZxid
                     \/ log = << >> /\ zabState[i] # BROADCAST

(***************************************************************************)
(* The zxid <<epoch, 0>> that a tree has at the beginning of an epoch is   *)
(* not in the specification.  It is forgotten in a crash; so a leader of   *)
(* an epoch that has no transaction crashes, and does not leave otherwise. *)
(* (Above: nor does it send a snapshot, which would have that zxid.)       *)
(***************************************************************************)
LeavesNoEmptyEpoch ==
    \A i \in Server :
        HasServedNothing(i, Log(i)) /\ state[i] = LEADING /\ state'[i] = LOOKING
            => status'[i] = OFFLINE
=============================================================================
