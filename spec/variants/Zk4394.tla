------------------------------- MODULE Zk4394 -------------------------------
(***************************************************************************)
(* ZOOKEEPER-4394: a follower does not expect a COMMIT between the ACK of  *)
(* NEWLEADER and UPTODATE. Apache failed with a NullPointerException; here *)
(* the COMMIT is dropped, and the next one does not match what waits.      *)
(***************************************************************************)
\* @kind published
\* @redefines FollowerProcessCOMMITInSync <- FollowerProcessCOMMITInSyncDropping
\* @model MCZab MCZabBroadcast.cfg
\* @fails CommitsMatch
\* @strategy ZOOKEEPER-4394
EXTENDS Zab

FollowerProcessCOMMITInSyncDropping(i, j) ==
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
       ELSE /\ packetsCommitted' = IF learnerStage[i] = ACKLD THEN packetsCommitted
                ELSE [packetsCommitted EXCEPT ![i] = Append(@, msgs[j][i][1].mzxid)]
            /\ UNCHANGED <<packetsNotLogged, database>>
    /\ msgs' = Discard(i, j)
    /\ UNCHANGED <<serverVars, leaderVars, leader, learnerStage, syncMode, ghostVars>>
=============================================================================
