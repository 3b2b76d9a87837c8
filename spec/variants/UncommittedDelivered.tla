------------------------ MODULE UncommittedDelivered ------------------------
(***************************************************************************)
(* A follower that reads UPTODATE delivers all that it was sent, proposals *)
(* without COMMIT too.                                                     *)
(***************************************************************************)
\* @claim The leader will commit them: it is the leader who has proposed them.
\* @kind mistake
\* @redefines FollowerProcessUPTODATE <- FollowerProcessUPTODATEDeliveringAll
\* @model MCZab MCZabRefinementAlone.cfg
\* @property Refinement
\* @fails Refinement
\* @strategy uncommitted-served
\* @core CoreDeliverUncommitted
EXTENDS Zab

FollowerProcessUPTODATEDeliveringAll(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = ACKLD
    /\ Pending(j, i, UPTODATE)
    /\ LET n == Len(packetsCommitted[i])
       IN  lastCommitted' = [lastCommitted EXCEPT ![i] =
               LastZxid(history[i] \o packetsNotLogged[i])]
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = @ \o packetsNotLogged[i]]
    /\ packetsNotLogged' = [packetsNotLogged EXCEPT ![i] = << >>]
    /\ packetsCommitted' = [packetsCommitted EXCEPT ![i] = << >>]
    /\ learnerStage' = [learnerStage EXCEPT ![i] = UPTODATE]
    /\ zabState' = [zabState EXCEPT ![i] = BROADCAST]
    /\ msgs' = Reply(i, j, <<Packet(ACK, <<newEpoch[i], 0>>)>>)
    /\ UNCHANGED <<durableVars, status, state, newEpoch, leaderVars, leader, syncMode, database,
                   ghostVars>>
=============================================================================
