-------------------------- MODULE CommitLdOfLeader --------------------------
(***************************************************************************)
(* COMMIT-LD carries the zxid of the last transaction that the leader has  *)
(* committed, and commits all up to it; COMMITs go only to those that have *)
(* acknowledged the history. The other answer to the question of           *)
(* CommitLdOfHistory.                                                      *)
(***************************************************************************)
\* @claim One message tells a follower all that is committed, so that COMMITs need not be kept during a synchronization.
\* @kind paper
\* @redefines LeaderProcessACKLD <- LeaderProcessACKLDTellingLast
\* @redefines LeaderStartServing <- LeaderStartServingTellingLast
\* @redefines FollowerProcessUPTODATE <- FollowerProcessUPTODATEUpto
\* @model MCZab MCZabBroadcast.cfg
\* @holds all
EXTENDS CommitLdOfHistory

LeaderProcessACKLDTellingLast(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = NEWLEADER
    /\ Pending(j, i, ACK)
    /\ msgs[j][i][1].mzxid = <<newEpoch[i], 0>>
    /\ ackldRecv' = [ackldRecv EXCEPT ![i] = @ \cup {j}]
    /\ IF zabState[i] = BROADCAST
       THEN /\ handler' = [handler EXCEPT ![i][j] = UPTODATE]
            /\ msgs' = Reply(i, j, <<Packet(UPTODATE, lastCommitted[i])>>)
       ELSE /\ handler' = [handler EXCEPT ![i][j] = ACKLD]
            /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, peerLastZxid, cepochRecv, ackeRecv, outstandingProposals,
                   followerVars, ghostVars>>

LeaderStartServingTellingLast(i) ==
    /\ state[i] = LEADING
    /\ zabState[i] = SYNCHRONIZATION
    /\ i \in ackldRecv[i]
    /\ IsQuorum(ackldRecv[i])
    /\ zabState' = [zabState EXCEPT ![i] = BROADCAST]
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] = LastZxid(history[i])]
    /\ committed' = CommittedWith(history[i])
    /\ epochLeader' = Served(i)
    /\ LET synced == {j \in Server : handler[i][j] = ACKLD}
       IN  /\ handler' = [handler EXCEPT ![i] =
                             [j \in Server |-> IF j \in synced THEN UPTODATE ELSE @[j]]]
           /\ msgs' = LeaderWrites(i, synced,
                          LAMBDA j : <<Packet(UPTODATE, LastZxid(history[i]))>>, {})
    /\ UNCHANGED <<durableVars, status, state, newEpoch, queuedRequests, peerLastZxid, cepochRecv,
                   ackeRecv, ackldRecv, outstandingProposals, followerVars,
                   proposalMsgsLog>>

FollowerProcessUPTODATEUpto(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = ACKLD
    /\ Pending(j, i, UPTODATE)
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] = msgs[j][i][1].mzxid]
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = @ \o packetsNotLogged[i]]
    /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = << >>]
    /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] = << >>]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = UPTODATE]
    /\ zabState' = [zabState EXCEPT ![i] = BROADCAST]
    /\ msgs' = Reply(i, j, <<Packet(ACK, <<newEpoch[i], 0>>)>>)
    /\ UNCHANGED <<durableVars, status, state, newEpoch, leaderVars, leader, syncMode, database,
                   ghostVars>>
=============================================================================
