----------------------- MODULE ProposeToAcknowledged ------------------------
(***************************************************************************)
(* The ZAB paper lets a leader propose "to all followers in Q". Read as    *)
(* those that have acknowledged NEWLEADER: a follower that is being        *)
(* synchronized misses what is proposed meanwhile, and gets a COMMIT for   *)
(* it. (Apache's specification, issue 1.)                                  *)
(***************************************************************************)
\* @claim Who has not acknowledged the history cannot follow it.
\* @kind paper
\* @redefines IsForwarding <- HasAcknowledged
\* @model MCZab MCZabFirstEpoch.cfg
\* @fails CommitsMatch
EXTENDS Zab

HasAcknowledged(i, j) == handler[i][j] \in {ACKLD, UPTODATE}
=============================================================================
