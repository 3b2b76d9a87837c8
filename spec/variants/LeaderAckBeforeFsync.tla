------------------------ MODULE LeaderAckBeforeFsync ------------------------
(***************************************************************************)
(* A leader counts itself among those who have a proposal before its own   *)
(* disk does.                                                              *)
(***************************************************************************)
\* @claim The leader is the one that will send it again if need be.
\* @kind mistake
\* @redefines LeaderProcessRequest <- LeaderProcessRequestCountingItself
\* @model MCZab MCZabFirstEpoch.cfg
\* @fails CommittedIsDurable
EXTENDS Zab

LeaderProcessRequestCountingItself(i, v) ==
    /\ state[i] = LEADING
    /\ zabState[i] = BROADCAST
    /\ LET txn == [zxid |-> NextZxid(i), value |-> v]
       IN  /\ queuedRequests' = [queuedRequests EXCEPT ![i] = Append(@, txn)]
           /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] =
                  Append(@, [txn |-> txn, ackSet |-> {i}])]
           /\ proposalMsgsLog' = proposalMsgsLog \cup {[txn |-> txn, source |-> i]}
           /\ msgs' = LeaderWrites(i, {j \in Server : IsForwarding(i, j)},
                          LAMBDA j : <<ProposalOf(txn)>>, {})
    /\ UNCHANGED <<durableVars, roleVars, newEpoch, lastCommitted, handler, peerLastZxid,
                   cepochRecv, ackeRecv, ackldRecv, followerVars, epochLeader, committed>>
=============================================================================
