------------------------ MODULE SecondPromiseCounts -------------------------
(***************************************************************************)
(* A follower that has accepted an epoch before acknowledges it again, to  *)
(* another leader, and that counts. (So it is in the protocol              *)
(* specification of Apache; its code answers -1.)                          *)
(***************************************************************************)
\* @claim The follower has promised this epoch, and it does not matter to whom.
\* @kind mistake
\* @redefines FollowerProcessLEADERINFO <- FollowerProcessLEADERINFOCounting
\* @model MCZab MCZabDiscovery.cfg
\* @fails Leadership2
\* @core CoreSecondPromiseCounts
EXTENDS Zab

FollowerProcessLEADERINFOCounting(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = FOLLOWERINFO
    /\ Pending(j, i, LEADERINFO)
    /\ LET epoch == msgs[j][i][1].mzxid[1]
       IN  \/ /\ epoch > acceptedEpoch[i]
              /\ newEpoch' = [newEpoch EXCEPT ![i] = epoch]
              /\ learnerStage' = [learnerStage EXCEPT ![i] = LEADERINFO]
              /\ msgs' = Discard(i, j)
              /\ UNCHANGED <<state, zabState, leaderVars, leader, syncVars>>
           \/ /\ epoch = acceptedEpoch[i]
              /\ newEpoch' = [newEpoch EXCEPT ![i] = epoch]
              /\ learnerStage' = [learnerStage EXCEPT ![i] = ACKEPOCH]
              /\ zabState' = [zabState EXCEPT ![i] = SYNCHRONIZATION]
              /\ msgs' = Reply(i, j, <<AckEpoch(i, currentEpoch[i])>>)
              /\ UNCHANGED <<state, leaderVars, leader, syncVars>>
           \/ /\ epoch < acceptedEpoch[i]
              /\ LeaveRole(i)
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, ghostVars>>
=============================================================================
