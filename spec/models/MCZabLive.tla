----------------------------- MODULE MCZabLive -----------------------------
(***************************************************************************)
(* Does an ensemble come to serve?  After a bounded number of faults, with *)
(* every server up that was started again, and a fair scheduler: a leader  *)
(* emerges, a quorum follows it, and both stay; what was proposed is       *)
(* committed.                                                              *)
(*                                                                         *)
(* The election is an oracle: it names the best server of a quorum when    *)
(* nobody leads, and sends everybody else to it.                           *)
(***************************************************************************)
EXTENDS MCZab

(* What server i does on its own account, or as a follower.                *)
Helpful(i) ==
    /\ \/ Best(i) /\ ZabTurnToLeading(i)
       \/ \E j \in Server : state[j] = LEADING /\ ZabTurnToFollowing(i, j)
       \/ \E j \in Server : ConnectAndFollowerSendFOLLOWERINFO(i, j)
       \/ \E j \in Server : FollowerProcessLEADERINFO(i, j)
       \/ FollowerPersistAcceptedEpoch(i)
       \/ \E j \in Server : FollowerProcessSyncMessage(i, j)
       \/ \E j \in Server : FollowerProcessPROPOSALInSync(i, j)
       \/ \E j \in Server : FollowerProcessCOMMITInSync(i, j)
       \/ \E j \in Server : FollowerProcessNEWLEADER(i, j)
       \/ FollowerTakeSnapshot(i)
       \/ FollowerPersistCurrentEpoch(i)
       \/ \E j \in Server : FollowerProcessUPTODATE(i, j)
       \/ \E j \in Server : FollowerProcessPROPOSAL(i, j)
       \/ \E j \in Server : FollowerProcessCOMMIT(i, j)
       \/ FollowerLogFlushed(i, Len(queuedRequests[i]))
       \/ ShutdownLogFlushed(i, Len(queuedRequests[i]))
       \/ LeaderPersistAcceptedEpoch(i)
       \/ LeaderPersistCurrentEpoch(i)
       \/ LeaderStartServing(i)
       \/ LeaderLogFlushed(i, Len(queuedRequests[i]))
       \/ Lost(i) /\ FollowerShutdown(i)
       \/ NodeStart(i)
    /\ UNCHANGED used

(* What leader i does for follower j.                                      *)
Serving(i, j) ==
    /\ \/ LeaderProcessFOLLOWERINFO(i, j)
       \/ LeaderProcessACKEPOCH(i, j)
       \/ \E mode \in Modes : LeaderSyncFollower(i, j, mode)
       \/ LeaderProcessACKLD(i, j)
       \/ LeaderProcessACK(i, j)
    /\ UNCHANGED used

(***************************************************************************)
(* Leader i can no longer get the promises it needs: some were made and    *)
(* lost with a connection, and will not be made again.  Its initLimit runs *)
(* out.                                                                    *)
(***************************************************************************)
MayPromise(i, j) ==
    \/ acceptedEpoch[j] < newEpoch[i]
    \/ \E k \in DOMAIN msgs[j][i] :
           msgs[j][i][k].mtype = ACKEPOCH /\ msgs[j][i][k].mepoch # -1

Stuck(i) ==
    /\ state[i] = LEADING
    /\ zabState[i] = DISCOVERY
    /\ EpochChosen(i)
    /\ acceptedEpoch[i] = newEpoch[i]
    /\ ~ElectionFinished(i)
    /\ ~IsQuorum(ackeRecv[i] \cup {j \in Server : MayPromise(i, j)})

GivesUp(i) ==
    /\ Stuck(i)
    /\ LeaderShutdown(i)
    /\ UNCHANGED used

Faults ==
    \/ \E i \in Server :
           /\ ~Lost(i)
           /\ Left("shutdowns", MaxShutdowns)
           /\ FollowerShutdown(i) \/ LeaderShutdown(i)
           /\ used' = Using("shutdowns")
    \/ \E i, j \in Server :
           /\ Alive(j, i)
           /\ Left("broken", MaxBroken)
           /\ LeaderRemoveLearner(i, j)
           /\ used' = Using("broken")
    \/ \E i \in Server :
           /\ Left("crashes", MaxCrashes)
           /\ NodeCrash(i)
           /\ used' = Using("crashes")

Request ==
    \E i \in Server :
        /\ Left("requests", MaxRequests)
        /\ LeaderProcessRequest(i, i)
        /\ used' = Using("requests")

LiveNext ==
    \/ \E i \in Server : Helpful(i)
    \/ \E i, j \in Server : Serving(i, j)
    \/ \E i \in Server : GivesUp(i)
    \/ Faults
    \/ Request

liveVars == <<vars, used>>

Fairness ==
    /\ \A i \in Server : WF_liveVars(Helpful(i))
    /\ \A i, j \in Server : WF_liveVars(Serving(i, j))
    /\ \A i \in Server : WF_liveVars(GivesUp(i))

LiveSpec == MCInit /\ [][LiveNext]_liveVars /\ Fairness

(* Leader i and a quorum with it serve.                                    *)
Serves(i) ==
    /\ zabState[i] = BROADCAST
    /\ state[i] = LEADING
    /\ IsQuorum({i} \cup {j \in Server : Alive(j, i) /\ learnerStage[j] = UPTODATE})

EnsembleServes == <>[](\E i \in Server : Serves(i))

EverythingIsCommitted ==
    <>[](\A i \in Server : state[i] = LEADING => outstandingProposals[i] = << >>)
=============================================================================
