----------------------- MODULE LeaderPicksAnyHistory ------------------------
(***************************************************************************)
(* A leader starts its epoch with its own history, whatever those who      *)
(* promise report: it need not be the most recent one of the quorum.       *)
(***************************************************************************)
\* @claim The election has found the best server, so that the check in discovery is superfluous.
\* @kind mistake
\* @redefines LeaderProcessACKEPOCH <- LeaderProcessACKEPOCHAnyHistory
\* @model MCZab MCZabThirdEpoch.cfg
\* @fails EpochsExtend
\* @core CoreAnyHistory
EXTENDS Zab

LeaderProcessACKEPOCHAnyHistory(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = LEADERINFO
    /\ Pending(j, i, ACKEPOCH)
    /\ LET m == msgs[j][i][1]
           counts == ~ElectionFinished(i) /\ m.mepoch # -1
       IN  IF FALSE /\ IsMoreRecentThan(m.mepoch, m.mzxid, currentEpoch[i], LastZxid(history[i]))
           THEN /\ handler' = [handler EXCEPT ![i][j] = NONE]
                /\ msgs' = Cut(i, j)
                /\ UNCHANGED <<peerLastZxid, ackeRecv, epochLeader>>
           ELSE LET promised == ackeRecv[i] \cup IF counts THEN {j} ELSE {}
                IN  /\ handler' = [handler EXCEPT ![i][j] = ACKEPOCH]
                    /\ peerLastZxid' = [peerLastZxid EXCEPT ![i][j] = m.mzxid]
                    /\ ackeRecv' = [ackeRecv EXCEPT ![i] = promised]
                    /\ epochLeader' = IF ~ElectionFinished(i) /\ IsQuorum(promised)
                                      THEN Started(i) ELSE epochLeader
                    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, cepochRecv, ackldRecv, outstandingProposals, followerVars,
                   proposalMsgsLog, committed>>
=============================================================================
