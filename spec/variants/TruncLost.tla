----------------------------- MODULE TruncLost ------------------------------
(***************************************************************************)
(* A follower that is told to truncate its log goes on with the log as it  *)
(* is.                                                                     *)
(***************************************************************************)
\* @claim What was not committed will be overwritten anyway.
\* @kind mistake
\* @redefines FollowerProcessSyncMessage <- FollowerProcessSyncMessageForgetting
\* @model MCZab MCZabSync.cfg
\* @fails PrimaryIntegrity
\* @strategy lost-trunc
EXTENDS Zab

FollowerProcessSyncMessageForgetting(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = ACKEPOCH
    /\ \/ /\ Pending(j, i, DIFF)
          /\ UNCHANGED <<history, database>>
       \/ /\ Pending(j, i, TRUNC)
          /\ UNCHANGED history
          /\ database' = [database EXCEPT ![i] = history'[i]]
       \/ /\ Pending(j, i, SNAP)
          /\ database' = [database EXCEPT ![i] = msgs[j][i][1].msnapshot]
          /\ UNCHANGED history
    /\ syncMode' = [syncMode EXCEPT ![i] = msgs[j][i][1].mtype]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = SYNC]
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, roleVars, newEpoch, queuedRequests, lastCommitted,
                   leaderVars, leader, packetsNotLogged, packetsCommitted, ghostVars>>
=============================================================================
