-------------------------- MODULE FlexibleQuorums ---------------------------
(***************************************************************************)
(* Epochs are promised by one kind of quorum, histories and transactions   *)
(* acknowledged by another, smaller one. Quorums of elections share a      *)
(* server with each other, so that an epoch has one leader, and with those *)
(* of the broadcast, so that nothing committed is missed; those of the     *)
(* broadcast need not meet. With four servers two commit, and three elect. *)
(***************************************************************************)
\* @claim Elections are rare and writes are many: let elections pay (Howard, Malkhi, Spiegelman: Flexible Paxos, 2016).
\* @kind question
\* @redefines IsQuorum <- IsBroadcastQuorum
\* @redefines EpochChosen <- EpochChosenFlexibly
\* @redefines ElectionFinished <- ElectionFinishedFlexibly
\* @redefines LeaderPersistAcceptedEpoch <- LeaderPersistAcceptedEpochFlexibly
\* @redefines LeaderProcessACKEPOCH <- LeaderProcessACKEPOCHFlexibly
\* @model MCZab MCZabFirstEpoch.cfg
\* @model MCZab MCZabDiscovery.cfg
\* @model MCZab MCZabSync.cfg
\* @holds all
\* @strategy flexible-quorums
EXTENDS Zab

IsBroadcastQuorum(S) == Cardinality(S) >= Cardinality(Server) \div 2
IsElectionQuorum(S) == Cardinality(S) > Cardinality(Server) - Cardinality(Server) \div 2

EpochChosenFlexibly(i) == i \in cepochRecv[i] /\ IsElectionQuorum(cepochRecv[i])

ElectionFinishedFlexibly(i) == i \in ackeRecv[i] /\ IsElectionQuorum(ackeRecv[i])

LeaderPersistAcceptedEpochFlexibly(i) ==
    /\ state[i] = LEADING
    /\ EpochChosen(i)
    /\ acceptedEpoch[i] < newEpoch[i]
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![i] = newEpoch[i]]
    /\ ackeRecv' = [ackeRecv EXCEPT ![i] = {i}]
    /\ epochLeader' = IF IsElectionQuorum({i}) THEN Started(i) ELSE epochLeader
    /\ LET waiting == {j \in Server : handler[i][j] = FOLLOWERINFO}
       IN  /\ handler' = [handler EXCEPT ![i] =
                             [j \in Server |-> IF j \in waiting THEN LEADERINFO ELSE @[j]]]
           /\ msgs' = LeaderWrites(i, waiting,
                          LAMBDA j : <<Packet(LEADERINFO, <<newEpoch[i], 0>>)>>, {})
    /\ UNCHANGED <<currentEpoch, history, roleVars, newEpoch, queuedRequests, lastCommitted,
                   peerLastZxid, cepochRecv, ackldRecv, outstandingProposals, followerVars,
                   proposalMsgsLog, committed>>

LeaderProcessACKEPOCHFlexibly(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = LEADERINFO
    /\ Pending(j, i, ACKEPOCH)
    /\ LET m == msgs[j][i][1]
           counts == ~ElectionFinished(i) /\ m.mepoch # -1
       IN  IF counts /\ IsMoreRecentThan(m.mepoch, m.mzxid, currentEpoch[i], LastZxid(history[i]))
           THEN /\ handler' = [handler EXCEPT ![i][j] = NONE]
                /\ msgs' = Cut(i, j)
                /\ UNCHANGED <<peerLastZxid, ackeRecv, epochLeader>>
           ELSE LET promised == ackeRecv[i] \cup IF counts THEN {j} ELSE {}
                IN  /\ handler' = [handler EXCEPT ![i][j] = ACKEPOCH]
                    /\ peerLastZxid' = [peerLastZxid EXCEPT ![i][j] = m.mzxid]
                    /\ ackeRecv' = [ackeRecv EXCEPT ![i] = promised]
                    /\ epochLeader' = IF ~ElectionFinished(i) /\ IsElectionQuorum(promised)
                                      THEN Started(i) ELSE epochLeader
                    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, cepochRecv, ackldRecv, outstandingProposals, followerVars,
                   proposalMsgsLog, committed>>
=============================================================================
