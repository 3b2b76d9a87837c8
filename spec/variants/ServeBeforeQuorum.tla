------------------------- MODULE ServeBeforeQuorum --------------------------
(***************************************************************************)
(* A leader serves as soon as its own currentEpoch is durable, and does    *)
(* not wait for a quorum to acknowledge NEWLEADER.                         *)
(***************************************************************************)
\* @claim The leader has all that was committed anyway, so an election is one round trip shorter.
\* @kind mistake
\* @redefines LeaderStartServing <- LeaderStartServingBeforeQuorum
\* @model MCZab MCZabSync.cfg
\* @fails CommittedIsDurable
\* @core CoreServeBeforeQuorum
EXTENDS Zab

LeaderStartServingBeforeQuorum(i) ==
    /\ state[i] = LEADING
    /\ zabState[i] = SYNCHRONIZATION
    /\ i \in ackldRecv[i]
    /\ zabState' = [zabState EXCEPT ![i] = BROADCAST]
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] = LastZxid(history[i])]
    /\ committed' = CommittedWith(history[i])
    /\ epochLeader' = Served(i)
    /\ LET synced == {j \in Server : handler[i][j] = ACKLD}
       IN  /\ handler' = [handler EXCEPT ![i] =
                             [j \in Server |-> IF j \in synced THEN UPTODATE ELSE @[j]]]
           /\ msgs' = LeaderWrites(i, synced,
                          LAMBDA j : <<Packet(UPTODATE, <<newEpoch[i], 0>>)>>, {})
    /\ UNCHANGED <<durableVars, status, state, newEpoch, queuedRequests, peerLastZxid, cepochRecv,
                   ackeRecv, ackldRecv, outstandingProposals, followerVars,
                   proposalMsgsLog>>
=============================================================================
