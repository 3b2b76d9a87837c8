-------------------------- MODULE Zk4394Coarsely ---------------------------
(***************************************************************************)
(* ZOOKEEPER-4394 in a specification of mixed grain: the broadcast as fine *)
(* as in Zk4394, elections and discovery in one step (CoarseElection).     *)
(***************************************************************************)
\* @claim A long election need not be explored to check a bug of the broadcast.
\* @kind question
\* @model MCZab MCZabBroadcast.cfg
\* @fails CommitsMatch
EXTENDS Zk4394, CoarseElection
=============================================================================
