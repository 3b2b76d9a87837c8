---------------------------- MODULE TruncTooMuch ----------------------------
(***************************************************************************)
(* A TRUNC also cuts the transaction up to which the logs agree.           *)
(***************************************************************************)
\* @claim It will be sent again.
\* @kind mistake
\* @redefines FollowerProcessSyncMessage <- FollowerProcessSyncMessageCuttingMore
\* @model MCZab MCZabTruncate.cfg
\* @fails CommittedIsDurable
\* @core CoreTruncTooMuch
EXTENDS Zab

FollowerProcessSyncMessageCuttingMore(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = ACKEPOCH
    /\ \/ /\ Pending(j, i, DIFF)
          /\ UNCHANGED <<history, database>>
       \/ /\ Pending(j, i, TRUNC)
          /\ history' = [history EXCEPT ![i] = SubSeq(@, 1, LengthUpto(@, msgs[j][i][1].mzxid) - 1)]
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
