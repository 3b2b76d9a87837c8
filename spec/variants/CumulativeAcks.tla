--------------------------- MODULE CumulativeAcks ---------------------------
(***************************************************************************)
(* A follower acknowledges only the last transaction of those that one     *)
(* sync of its log has made durable; the leader takes that for all that it *)
(* has proposed up to there.                                               *)
(***************************************************************************)
\* @claim Fewer ACKs than transactions under load, as in TCP.
\* @kind question
\* @redefines FollowerLogFlushed <- FollowerLogFlushedCumulatively
\* @redefines LeaderProcessACK <- LeaderProcessCumulativeACK
\* @model MCZab MCZabBroadcast.cfg
\* @model MCZab MCZabRefinement.cfg
\* @holds all
\* @strategy cumulative-acks
EXTENDS Zab

FollowerLogFlushedCumulatively(i, n) ==
    /\ state[i] = FOLLOWING
    /\ n \in 1..Len(queuedRequests[i])
    /\ Flush(i, n)
    /\ msgs' = IF learnerStage[i] = UPTODATE
               THEN FollowerWrites(i, <<Packet(ACK, queuedRequests[i][n].zxid)>>)
               ELSE msgs
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, roleVars, newEpoch, lastCommitted, leaderVars,
                   followerVars, ghostVars>>

LeaderProcessCumulativeACK(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = UPTODATE
    /\ Pending(j, i, ACK)
    /\ LET z == msgs[j][i][1].mzxid
       IN  LeaderTryToCommit(i,
               [k \in DOMAIN outstandingProposals[i] |->
                   IF ZxidAtMost(outstandingProposals[i][k].txn.zxid, z)
                   THEN [outstandingProposals[i][k] EXCEPT !.ackSet = @ \cup {j}]
                   ELSE outstandingProposals[i][k]],
               {j})
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, queuedRequests, handler, peerLastZxid,
                   cepochRecv, ackeRecv, ackldRecv, followerVars, epochLeader, proposalMsgsLog>>
=============================================================================
