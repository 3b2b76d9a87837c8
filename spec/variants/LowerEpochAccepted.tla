------------------------- MODULE LowerEpochAccepted -------------------------
(***************************************************************************)
(* A follower accepts an epoch lower than the one that it has accepted     *)
(* before.                                                                 *)
(***************************************************************************)
\* @claim A leader with a quorum is a leader; the follower missed what came between.
\* @kind mistake
\* @redefines FollowerProcessLEADERINFO <- FollowerProcessLEADERINFOAnyEpoch
\* @model MCZab MCZabDiscovery.cfg
\* @fails EpochsGrow
\* @strategy stale-epoch-accepted
\* @core CoreLowerEpochAccepted
EXTENDS Zab

FollowerProcessLEADERINFOAnyEpoch(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = FOLLOWERINFO
    /\ Pending(j, i, LEADERINFO)
    /\ LET epoch == msgs[j][i][1].mzxid[1]
       IN  \/ /\ epoch # acceptedEpoch[i]
              /\ newEpoch' = [newEpoch EXCEPT ![i] = epoch]
              /\ learnerStage' = [learnerStage EXCEPT ![i] = LEADERINFO]
              /\ msgs' = Discard(i, j)
              /\ UNCHANGED <<state, zabState, leaderVars, leader, syncVars>>
           \/ /\ epoch = acceptedEpoch[i]
              /\ newEpoch' = [newEpoch EXCEPT ![i] = epoch]
              /\ learnerStage' = [learnerStage EXCEPT ![i] = ACKEPOCH]
              /\ zabState' = [zabState EXCEPT ![i] = SYNCHRONIZATION]
              /\ msgs' = Reply(i, j, <<AckEpoch(i, -1)>>)
              /\ UNCHANGED <<state, leaderVars, leader, syncVars>>
           \/ /\ epoch < acceptedEpoch[i]
              /\ LeaveRole(i)
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, ghostVars>>
=============================================================================
