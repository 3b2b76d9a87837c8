-------------------------- MODULE CoarseElection ---------------------------
(***************************************************************************)
(* Elections and discovery in one step each: a quorum elects a leader,     *)
(* promises its epoch and is connected, at once; later a server joins, at  *)
(* once.  What comes after it, synchronization and broadcast, stays as     *)
(* fine as it is, so that its bugs are reached without the interleavings   *)
(* of discovery.                                                           *)
(***************************************************************************)
\* @claim A bug of the broadcast needs no fine-grained election.
\* @kind grain
\* @replaces Elections Discovery
\* @redefines ZabTurnToLeading <- ElectAtOnce
\* @redefines ZabTurnToFollowing <- JoinAtOnce
\* @redefines ConnectAndFollowerSendFOLLOWERINFO <- NoStepOfTwo
\* @redefines LeaderProcessFOLLOWERINFO <- NoStepOfTwo
\* @redefines LeaderPersistAcceptedEpoch <- NoStepOfOne
\* @redefines FollowerProcessLEADERINFO <- NoStepOfTwo
\* @redefines FollowerPersistAcceptedEpoch <- NoStepOfOne
\* @redefines LeaderProcessACKEPOCH <- NoStepOfTwo
\* @model MCZab MCZabFirstEpoch.cfg
\* @quiescent NobodyDiscovers
\* @holds all
EXTENDS Zab

NoStepOfOne(i) == FALSE /\ UNCHANGED vars
NoStepOfTwo(i, j) == FALSE /\ UNCHANGED vars

IsFree(i) == status[i] = ONLINE /\ state[i] = LOOKING /\ queuedRequests[i] = << >>

(* No smaller set of servers would do: more are not waited for.            *)
IsLeastQuorum(P) == P \in Quorum /\ \A R \in Quorum : R \subseteq P => R = P

(* Server i becomes the leader of a quorum of which it is the best.        *)
ElectAtOnce(i) ==
    \E P \in Quorum :
        /\ IsLeastQuorum(P)
        /\ i \in P
        /\ \A j \in P : /\ IsFree(j)
                        /\ ~IsMoreRecentThan(currentEpoch[j], LastZxid(history[j]),
                                             currentEpoch[i], LastZxid(history[i]))
        /\ LET e    == 1 + Maximum({acceptedEpoch[j] : j \in P})
               rest == P \ {i}
           IN  /\ state' = [j \in Server |-> IF j = i THEN LEADING
                                             ELSE IF j \in rest THEN FOLLOWING ELSE state[j]]
               /\ zabState' = [j \in Server |-> IF j = i THEN DISCOVERY
                                                ELSE IF j \in rest THEN SYNCHRONIZATION
                                                ELSE zabState[j]]
               /\ newEpoch' = [j \in Server |-> IF j \in P THEN e ELSE newEpoch[j]]
               /\ acceptedEpoch' = [j \in Server |-> IF j \in P THEN e ELSE acceptedEpoch[j]]
               /\ cepochRecv' = [cepochRecv EXCEPT ![i] = P]
               /\ ackeRecv' = [ackeRecv EXCEPT ![i] = P]
               /\ handler' = [handler EXCEPT ![i] =
                      [j \in Server |-> IF j \in rest THEN ACKEPOCH ELSE @[j]]]
               /\ peerLastZxid' = [peerLastZxid EXCEPT ![i] =
                      [j \in Server |-> IF j \in rest THEN LastZxid(history[j]) ELSE @[j]]]
               /\ leader' = [j \in Server |-> IF j \in rest THEN i ELSE leader[j]]
               /\ learnerStage' = [j \in Server |-> IF j \in rest THEN ACKEPOCH
                                                    ELSE learnerStage[j]]
               /\ epochLeader' = epochLeader \cup
                      {[epoch |-> e, leader |-> i, history |-> history[i], served |-> FALSE]}
    /\ UNCHANGED <<currentEpoch, history, status, queuedRequests, lastCommitted, ackldRecv,
                   outstandingProposals, syncVars, msgs, proposalMsgsLog, committed>>

(* Server i joins leader j, whose epoch has started.                       *)
JoinAtOnce(i, j) ==
    /\ i # j
    /\ IsFree(i)
    /\ state[j] = LEADING
    /\ ElectionFinished(j)
    /\ acceptedEpoch[i] <= newEpoch[j]
    /\ state' = [state EXCEPT ![i] = FOLLOWING]
    /\ zabState' = [zabState EXCEPT ![i] = SYNCHRONIZATION]
    /\ newEpoch' = [newEpoch EXCEPT ![i] = newEpoch[j]]
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![i] = newEpoch[j]]
    /\ leader' = [leader EXCEPT ![i] = j]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = ACKEPOCH]
    /\ handler' = [handler EXCEPT ![j][i] = ACKEPOCH]
    /\ peerLastZxid' = [peerLastZxid EXCEPT ![j][i] = LastZxid(history[i])]
    /\ msgs' = Cut(i, j)
    /\ UNCHANGED <<currentEpoch, history, status, queuedRequests, lastCommitted, cepochRecv,
                   ackeRecv, ackldRecv, outstandingProposals, syncVars, ghostVars>>

(* No server is on its way into an epoch, or lost on it.                   *)
NobodyDiscovers ==
    \A i \in Server :
        /\ state[i] = FOLLOWING => learnerStage[i] \notin {NONE, FOLLOWERINFO, LEADERINFO}
        /\ state[i] = LEADING => ElectionFinished(i)
        /\ \A j \in Server : handler[i][j] \notin {CONNECTED, FOLLOWERINFO, LEADERINFO}
=============================================================================
