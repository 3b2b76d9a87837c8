----------------------- MODULE LeaderIgnoresOwnEpoch ------------------------
(***************************************************************************)
(* A leader forgets its own acceptedEpoch when it chooses an epoch, and    *)
(* accepts what it has chosen whatever it is.                              *)
(***************************************************************************)
\* @claim The followers report what they have accepted, and that is a quorum.
\* @kind mistake
\* @redefines ZabTurnToLeading <- ZabTurnToLeadingAtOne
\* @redefines LeaderPersistAcceptedEpoch <- LeaderPersistAnyEpoch
\* @model MCZab MCZabDiscovery.cfg; Oracle = TRUE; MaxElections = 2
\* @property EpochIsNew
\* @fails Leadership2
\* @core CoreLeaderIgnoresOwnEpoch
EXTENDS NewEpochs

ZabTurnToLeadingAtOne(i) ==
    /\ status[i] = ONLINE
    /\ state[i] = LOOKING
    /\ queuedRequests[i] = << >>
    /\ state' = [state EXCEPT ![i] = LEADING]
    /\ zabState' = [zabState EXCEPT ![i] = DISCOVERY]
    /\ newEpoch' = [newEpoch EXCEPT ![i] = 1]
    /\ cepochRecv' = [cepochRecv EXCEPT ![i] = {i}]
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, handler, peerLastZxid,
                   ackeRecv, ackldRecv, outstandingProposals, followerVars, msgs, ghostVars>>

LeaderPersistAnyEpoch(i) ==
    /\ state[i] = LEADING
    /\ EpochChosen(i)
    /\ ackeRecv[i] = {}
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![i] = newEpoch[i]]
    /\ ackeRecv' = [ackeRecv EXCEPT ![i] = {i}]
    /\ epochLeader' = IF IsQuorum({i}) THEN Started(i) ELSE epochLeader
    /\ LET waiting == {j \in Server : handler[i][j] = FOLLOWERINFO}
       IN  /\ handler' = [handler EXCEPT ![i] =
                             [j \in Server |-> IF j \in waiting THEN LEADERINFO ELSE @[j]]]
           /\ msgs' = LeaderWrites(i, waiting,
                          LAMBDA j : <<Packet(LEADERINFO, <<newEpoch[i], 0>>)>>, {})
    /\ UNCHANGED <<currentEpoch, history, roleVars, newEpoch, queuedRequests, lastCommitted,
                   peerLastZxid, cepochRecv, ackldRecv, outstandingProposals, followerVars,
                   proposalMsgsLog, committed>>
=============================================================================
