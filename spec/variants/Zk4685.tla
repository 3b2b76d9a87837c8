------------------------------- MODULE Zk4685 -------------------------------
(***************************************************************************)
(* ZOOKEEPER-4685: a follower acknowledges the proposals that come with a  *)
(* synchronization before it acknowledges NEWLEADER, though its log does   *)
(* not have them yet, and the leader counts that.                          *)
(***************************************************************************)
\* @kind published
\* @redefines FollowerProcessPROPOSALInSync <- FollowerProcessPROPOSALInSyncEarly
\* @redefines LeaderProcessACK <- LeaderProcessACKEarly
\* @model MCZab MCZabRefinement.cfg
\* @fails CommittedIsDurable
\* @strategy ZOOKEEPER-4685
\* @core CoreAckBeforeNewleader
EXTENDS Zab

FollowerProcessPROPOSALInSyncEarly(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] \in {SYNC, ACKLD}
    /\ Pending(j, i, PROPOSAL)
    /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = Append(@, TxnOf(msgs[j][i][1]))]
    /\ msgs' = Reply(i, j, <<Packet(ACK, msgs[j][i][1].mzxid)>>)
    /\ UNCHANGED <<serverVars, leaderVars, leader, learnerStage, syncMode, packetsCommitted,
                   database, ghostVars>>

LeaderProcessACKEarly(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] \in {NEWLEADER, UPTODATE}
    /\ Pending(j, i, ACK)
    /\ handler[i][j] = NEWLEADER => msgs[j][i][1].mzxid[2] > 0
    /\ LET z == msgs[j][i][1].mzxid
       IN  LeaderTryToCommit(i,
               [k \in DOMAIN outstandingProposals[i] |->
                   IF outstandingProposals[i][k].txn.zxid = z
                   THEN [outstandingProposals[i][k] EXCEPT !.ackSet = @ \cup {j}]
                   ELSE outstandingProposals[i][k]],
               {j})
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, queuedRequests, handler, peerLastZxid,
                   cepochRecv, ackeRecv, ackldRecv, followerVars, epochLeader, proposalMsgsLog>>
=============================================================================
