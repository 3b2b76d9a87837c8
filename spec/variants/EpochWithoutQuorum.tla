------------------------- MODULE EpochWithoutQuorum -------------------------
(***************************************************************************)
(* A leader chooses its epoch when it has heard of no acceptedEpoch but    *)
(* its own. Since a server promises an epoch once, no two leaders share    *)
(* one: what is lost is that an epoch is new.                              *)
(***************************************************************************)
\* @claim A server that has accepted a later epoch will refuse anyway.
\* @kind mistake
\* @redefines EpochChosen <- EpochChosenAlone
\* @model MCZab MCZabDiscovery.cfg; Oracle = TRUE
\* @property EpochIsNew
\* @fails EpochIsNew
\* @holds Leadership1 Leadership2 PrefixConsistency
\* @core CoreEpochWithoutQuorum
EXTENDS NewEpochs

EpochChosenAlone(i) == i \in cepochRecv[i]
=============================================================================
