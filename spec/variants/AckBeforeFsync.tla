--------------------------- MODULE AckBeforeFsync ---------------------------
(***************************************************************************)
(* A follower acknowledges a proposal when it has queued it for the log,   *)
(* and does not wait for the disk.                                         *)
(***************************************************************************)
\* @claim A quorum has the transaction in memory, and a quorum will not fail at once: writes need not wait for a disk.
\* @kind question
\* @redefines FollowerProcessPROPOSAL <- FollowerProcessPROPOSALBeforeFsync
\* @model MCZab MCZabFirstEpoch.cfg
\* @fails CommittedIsDurable
\* @strategy ack-before-durable
\* @core CoreAckBeforeFsync
EXTENDS Zab

FollowerProcessPROPOSALBeforeFsync(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = UPTODATE
    /\ Pending(j, i, PROPOSAL)
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = Append(@, TxnOf(msgs[j][i][1]))]
    /\ msgs' = Reply(i, j, <<Packet(ACK, msgs[j][i][1].mzxid)>>)
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, lastCommitted, leaderVars, followerVars,
                   ghostVars>>
=============================================================================
