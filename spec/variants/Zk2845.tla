------------------------------- MODULE Zk2845 -------------------------------
(***************************************************************************)
(* ZOOKEEPER-2845: a server that has not crashed takes part in the next    *)
(* epoch with the zxid of what it has applied, and forgets that its log    *)
(* has more. What it is synchronized with then does not fit behind its     *)
(* log.                                                                    *)
(***************************************************************************)
\* @kind published
\* @redefines AckEpoch <- AckEpochOfApplied
\* @model MCZab MCZabSync.cfg
\* @fails LogOrder
\* @strategy ZOOKEEPER-2845
EXTENDS Zab

AckEpochOfApplied(i, epoch) == [mtype |-> ACKEPOCH, mzxid |-> lastCommitted[i], mepoch |-> epoch]
=============================================================================
