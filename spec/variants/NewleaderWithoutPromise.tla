---------------------- MODULE NewleaderWithoutPromise -----------------------
(***************************************************************************)
(* A follower goes on with a leader whose epoch is older than what it has  *)
(* accepted: it promises nothing, but takes over the history and           *)
(* acknowledges NEWLEADER.                                                 *)
(***************************************************************************)
\* @claim The promise is not broken, as the ACKEPOCH does not count.
\* @kind mistake
\* @redefines FollowerProcessLEADERINFO <- FollowerProcessLEADERINFOStaying
\* @model MCZab MCZabSuperseded.cfg; MaxBefore = 1; MaxRequests = 0; MaxShutdowns = 2; Modes = {"DIFF"}
\* @specification AfterEpoch1Spec
\* @drops PROPERTIES
\* @fails EpochsExtend
\* @core CoreNewleaderWithoutPromise
EXTENDS Zab

FollowerProcessLEADERINFOStaying(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = FOLLOWERINFO
    /\ Pending(j, i, LEADERINFO)
    /\ LET epoch == msgs[j][i][1].mzxid[1]
       IN  \/ /\ epoch > acceptedEpoch[i]
              /\ newEpoch' = [newEpoch EXCEPT ![i] = epoch]
              /\ learnerStage' = [learnerStage EXCEPT ![i] = LEADERINFO]
              /\ msgs' = Discard(i, j)
              /\ UNCHANGED zabState
           \/ /\ epoch <= acceptedEpoch[i]
              /\ newEpoch' = [newEpoch EXCEPT ![i] = epoch]
              /\ learnerStage' = [learnerStage EXCEPT ![i] = ACKEPOCH]
              /\ zabState' = [zabState EXCEPT ![i] = SYNCHRONIZATION]
              /\ msgs' = Reply(i, j, <<AckEpoch(i, -1)>>)
    /\ UNCHANGED <<durableVars, status, state, leaderVars, leader, syncVars, queuedRequests,
                   lastCommitted, ghostVars>>
=============================================================================
