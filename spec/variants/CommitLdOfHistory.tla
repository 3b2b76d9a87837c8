------------------------- MODULE CommitLdOfHistory --------------------------
(***************************************************************************)
(* The ZAB paper does not say which zxid COMMIT-LD carries. Read as that   *)
(* of the history which the follower has acknowledged, while COMMITs go to *)
(* those that have acknowledged it: what was committed in between is never *)
(* committed there. (Apache's specification, issue 3.)                     *)
(***************************************************************************)
\* @claim COMMIT-LD answers ACK-LD, so it has its zxid.
\* @kind paper
\* @redefines LeaderTryToCommit <- LeaderTryToCommitToAcknowledged
\* @model MCZab MCZabBroadcast.cfg
\* @fails CommitsMatch
EXTENDS Zab

LeaderTryToCommitToAcknowledged(i, proposals, from) ==
    LET n     == Committable(proposals)
        zxids == [k \in 1..n |-> proposals[k].txn.zxid]
    IN  /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] =
               SubSeq(proposals, n + 1, Len(proposals))]
        /\ lastCommitted' = IF n = 0 THEN lastCommitted
                            ELSE [lastCommitted EXCEPT ![i] = zxids[n]]
        /\ committed' = IF n = 0 THEN committed ELSE CommittedWith(Upto(Log(i), zxids[n]))
        /\ msgs' = LeaderWrites(i, {j \in Server : handler[i][j] \in {ACKLD, UPTODATE}},
                       LAMBDA j : [k \in 1..n |-> Packet(COMMIT, zxids[k])], from)
=============================================================================
