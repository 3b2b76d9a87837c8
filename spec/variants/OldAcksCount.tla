---------------------------- MODULE OldAcksCount ----------------------------
(***************************************************************************)
(* A leader that synchronizes a follower again within its epoch keeps      *)
(* counting what the follower acknowledged on the connection before,       *)
(* though a TRUNC has taken it away. Apache ZooKeeper does so.             *)
(***************************************************************************)
\* @claim An acknowledgement is a fact: the transaction was on that disk.
\* @kind question
\* @redefines LeaderSyncFollower <- LeaderSyncFollowerKeepingAcks
\* @model MCZab MCZabRefinement.cfg
\* @fails CommittedIsDurable
\* @strategy acks-survive-resync
\* @core CoreOldAcksCount
EXTENDS Zab

LeaderSyncFollowerKeepingAcks(i, j, mode) ==
    /\ state[i] = LEADING
    /\ ElectionFinished(i)
    /\ handler[i][j] = ACKEPOCH
    /\ MaySync(SyncBase(i), peerLastZxid[i][j], mode)
    /\ msgs' = LeaderWrites(i, {j}, LAMBDA b : SyncPackets(i, peerLastZxid[i][j], mode), {})
    /\ handler' = [handler EXCEPT ![i][j] = NEWLEADER]
    /\ peerLastZxid' = [peerLastZxid EXCEPT ![i][j] = ZeroZxid]
    /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] =
           [k \in DOMAIN @ |-> @[k]]]
    /\ UNCHANGED <<serverVars, cepochRecv, ackeRecv, ackldRecv, followerVars, ghostVars>>
=============================================================================
