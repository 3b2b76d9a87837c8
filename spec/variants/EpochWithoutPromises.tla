------------------------ MODULE EpochWithoutPromises ------------------------
(***************************************************************************)
(* A leader starts its epoch without waiting for a quorum to promise it.   *)
(***************************************************************************)
\* @claim A quorum has reported its epochs, which is as good.
\* @kind mistake
\* @redefines ElectionFinished <- ElectionFinishedAlone
\* @model MCZab MCZabDiscovery.cfg
\* @fails Leadership1
EXTENDS Zab

ElectionFinishedAlone(i) == i \in ackeRecv[i]
=============================================================================
