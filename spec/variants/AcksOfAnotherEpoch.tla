------------------------- MODULE AcksOfAnotherEpoch -------------------------
(***************************************************************************)
(* A follower whose log ends where the leader's does need not acknowledge  *)
(* NEWLEADER: what it has acknowledged in an earlier epoch counts for this *)
(* one.                                                                    *)
(***************************************************************************)
\* @claim The history is on its disk already, so a round trip can be saved in most elections.
\* @kind mistake
\* @redefines LeaderProcessACKEPOCH <- LeaderProcessACKEPOCHCounting
\* @model MCZab MCZabSync.cfg; MaxElections = 2; MaxShutdowns = 1; Modes = {"DIFF"}
\* @fails EpochsExtend
\* @core CoreAcksOfAnotherEpoch
EXTENDS Zab

LeaderProcessACKEPOCHCounting(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = LEADERINFO
    /\ Pending(j, i, ACKEPOCH)
    /\ LET m == msgs[j][i][1]
           counts == ~ElectionFinished(i) /\ m.mepoch # -1
       IN  IF counts /\ IsMoreRecentThan(m.mepoch, m.mzxid, currentEpoch[i], LastZxid(history[i]))
           THEN /\ handler' = [handler EXCEPT ![i][j] = NONE]
                /\ UNCHANGED ackldRecv
                /\ msgs' = Cut(i, j)
                /\ UNCHANGED <<peerLastZxid, ackeRecv, epochLeader>>
           ELSE LET promised == ackeRecv[i] \cup IF counts THEN {j} ELSE {}
                IN  /\ handler' = [handler EXCEPT ![i][j] = ACKEPOCH]
                    /\ peerLastZxid' = [peerLastZxid EXCEPT ![i][j] = m.mzxid]
                    /\ ackldRecv' = IF m.mzxid = LastZxid(history[i])
                                    THEN [ackldRecv EXCEPT ![i] = @ \cup {j}] ELSE ackldRecv
                    /\ ackeRecv' = [ackeRecv EXCEPT ![i] = promised]
                    /\ epochLeader' = IF ~ElectionFinished(i) /\ IsQuorum(promised)
                                      THEN Started(i) ELSE epochLeader
                    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, cepochRecv, outstandingProposals, followerVars,
                   proposalMsgsLog, committed>>
=============================================================================
