------------------------- MODULE CommitPiggybacked --------------------------
(***************************************************************************)
(* A leader sends no COMMIT of its own: with each proposal it says what is *)
(* committed by then. Nothing goes wrong, but the last transaction before  *)
(* a pause is never delivered by the followers.                            *)
(***************************************************************************)
\* @claim A third of the messages of a write is saved.
\* @kind question
\* @redefines LeaderTryToCommit <- LeaderTryToCommitSilently
\* @redefines LeaderProcessRequest <- LeaderProcessRequestTelling
\* @redefines FollowerProcessCOMMIT <- FollowerProcessCOMMITUpto
\* @redefines FollowerProcessCOMMITInSync <- FollowerProcessCOMMITInSyncUpto
\* @redefines CommitsMatch <- CommitsAreLogged
\* @model MCZabLive MCZabLive.cfg; PROPERTY <- FollowersDeliver
\* @model MCZab MCZabBroadcast.cfg
\* @fails FollowersDeliver
\* @holds PrefixConsistency LogOrder DeliveredIsCommitted CommitsMatch
EXTENDS Zab

(* In the end all that follow have delivered what their leader has.        *)
FollowersDeliver ==
    <>[](\A i, j \in Server :
             Alive(i, j) /\ learnerStage[i] = UPTODATE => lastCommitted[i] = lastCommitted[j])

(* What is told to be committed is there.                                  *)
CommitsAreLogged ==
    \A i, j \in Server :
        Pending(j, i, COMMIT) /\ learnerStage[i] = UPTODATE =>
            LET z == msgs[j][i][1].mzxid IN z = ZeroZxid \/ HasZxid(Log(i), z)

LeaderTryToCommitSilently(i, proposals, from) ==
    LET n     == Committable(proposals)
        zxids == [k \in 1..n |-> proposals[k].txn.zxid]
    IN  /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] =
               SubSeq(proposals, n + 1, Len(proposals))]
        /\ lastCommitted' = IF n = 0 THEN lastCommitted
                            ELSE [lastCommitted EXCEPT ![i] = zxids[n]]
        /\ committed' = IF n = 0 THEN committed ELSE CommittedWith(Upto(Log(i), zxids[n]))
        /\ msgs' = LeaderWrites(i, {j \in Server : IsForwarding(i, j)},
                       LAMBDA j : << >>, from)

LeaderProcessRequestTelling(i, v) ==
    /\ state[i] = LEADING
    /\ zabState[i] = BROADCAST
    /\ LET txn == [zxid |-> NextZxid(i), value |-> v]
       IN  /\ queuedRequests' = [queuedRequests EXCEPT ![i] = Append(@, txn)]
           /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] =
                  Append(@, [txn |-> txn, ackSet |-> {}])]
           /\ proposalMsgsLog' = proposalMsgsLog \cup {[txn |-> txn, source |-> i]}
           /\ msgs' = LeaderWrites(i, {j \in Server : IsForwarding(i, j)},
                          LAMBDA j : <<Packet(COMMIT, lastCommitted[i]), ProposalOf(txn)>>, {})
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, lastCommitted, handler, peerLastZxid,
                   cepochRecv, ackeRecv, ackldRecv, followerVars, epochLeader, committed>>

(* Whatever is logged up to there is committed; nothing may be new of it.  *)
FollowerProcessCOMMITUpto(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = UPTODATE
    /\ Pending(j, i, COMMIT)
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] =
           IF ZxidLess(@, msgs[j][i][1].mzxid) THEN msgs[j][i][1].mzxid ELSE @]
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, queuedRequests, leaderVars, followerVars,
                   ghostVars>>

FollowerProcessCOMMITInSyncUpto(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] \in {SYNC, ACKLD}
    /\ Pending(j, i, COMMIT)
    /\ IF learnerStage[i] = SYNC /\ SnapshotNeeded(i)
       THEN /\ packetsNotLogged[i] # << >>
            /\ packetsNotLogged[i][1].zxid = msgs[j][i][1].mzxid
            /\ database' = [database EXCEPT ![i] = Append(@, packetsNotLogged[i][1])]
            /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = Tail(@)]
            /\ UNCHANGED packetsCommitted
       ELSE /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] =
                   @ \o [k \in 1..LengthUpto(packetsNotLogged[i], msgs[j][i][1].mzxid) - Len(@) |->
                          packetsNotLogged[i][Len(@) + k].zxid]]
            /\ UNCHANGED <<packetsNotLogged, database>>
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, leaderVars, leader, learnerStage, syncMode, ghostVars>>
=============================================================================
