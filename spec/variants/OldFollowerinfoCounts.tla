----------------------- MODULE OldFollowerinfoCounts ------------------------
(***************************************************************************)
(* A server that leads again still counts the FOLLOWERINFO that it has     *)
(* read when it led before.                                                *)
(***************************************************************************)
\* @claim acceptedEpoch only grows, so what a follower has reported remains a lower bound.
\* @kind mistake
\* @redefines LeaveRole <- LeaveRoleRemembering
\* @redefines ZabTurnToLeading <- ZabTurnToLeadingRemembering
\* @model MCZab MCZabDiscovery.cfg; Oracle = TRUE; MaxElections = 3; MaxShutdowns = 2
\* @property EpochIsNew
\* @fails EpochIsNew
\* @holds Leadership1 Leadership2
\* @core CoreOldFollowerinfoCounts
EXTENDS NewEpochs

LeaveRoleRemembering(i) ==
    /\ state' = [state EXCEPT ![i] = LOOKING]
    /\ zabState' = [zabState EXCEPT ![i] = ELECTION]
    /\ newEpoch' = [newEpoch EXCEPT ![i] = 0]
    /\ handler' = [handler EXCEPT ![i] = [j \in Server |-> NONE]]
    /\ peerLastZxid' = [peerLastZxid EXCEPT ![i] = [j \in Server |-> ZeroZxid]]
    /\ UNCHANGED cepochRecv
    /\ ackeRecv' = [ackeRecv EXCEPT ![i] = {}]
    /\ ackldRecv' = [ackldRecv EXCEPT ![i] = {}]
    /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] = << >>]
    /\ leader' = [leader EXCEPT ![i] = NullPoint]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = NONE]
    /\ syncMode' = [syncMode EXCEPT ![i] = NONE]
    /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = << >>]
    /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] = << >>]
    /\ database' = [database EXCEPT ![i] = << >>]
    /\ msgs' = Disconnected(i)

ZabTurnToLeadingRemembering(i) ==
    /\ status[i] = ONLINE
    /\ state[i] = LOOKING
    /\ queuedRequests[i] = << >>
    /\ state' = [state EXCEPT ![i] = LEADING]
    /\ zabState' = [zabState EXCEPT ![i] = DISCOVERY]
    /\ newEpoch' = [newEpoch EXCEPT ![i] = acceptedEpoch[i] + 1]
    /\ cepochRecv' = [cepochRecv EXCEPT ![i] = @ \cup {i}]
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, handler, peerLastZxid,
                   ackeRecv, ackldRecv, outstandingProposals, followerVars, msgs, ghostVars>>
=============================================================================
