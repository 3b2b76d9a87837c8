----------------------- MODULE ResyncForgetsCommitted -----------------------
(***************************************************************************)
(* A leader that synchronizes a follower again within its epoch takes the  *)
(* transaction that was committed last for one that is still outstanding,  *)
(* though it is no longer among those it will send: the follower is made   *)
(* to forget what the commit rests on.                                     *)
(***************************************************************************)
\* @claim The last COMMIT may not have arrived yet, so nothing is lost if the follower is cut back behind it.
\* @kind mistake
\* @redefines SyncBase <- SyncBaseButTheLast
\* @model MCZab MCZabRefinement.cfg
\* @fails CommittedIsDurable
\* @core CoreResyncForgetsCommitted
EXTENDS Zab

SyncBaseButTheLast(i) ==
    LET delivered == Upto(Log(i), lastCommitted[i])
    IN  IF zabState[i] = BROADCAST /\ LastZxid(delivered)[1] = newEpoch[i]
        THEN SubSeq(delivered, 1, Len(delivered) - 1)
        ELSE IF zabState[i] = BROADCAST THEN delivered ELSE history[i]
=============================================================================
