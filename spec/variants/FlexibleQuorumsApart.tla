------------------------ MODULE FlexibleQuorumsApart ------------------------
(***************************************************************************)
(* Flexible quorums the wrong way round: a large one commits, a small one  *)
(* elects. Each quorum of elections meets each of the broadcast, but two   *)
(* of elections need not meet, so that two leaders can start one epoch. In *)
(* Flexible Paxos, where a ballot has the name of its leader, this is      *)
(* allowed; a ZAB epoch has no name.                                       *)
(***************************************************************************)
\* @claim Only the two kinds of quorums have to meet each other, as in Flexible Paxos.
\* @kind question
\* @redefines IsBroadcastQuorum <- IsLarge
\* @redefines IsElectionQuorum <- IsSmall
\* @model MCZab MCZabDiscovery.cfg
\* @fails Leadership1 Leadership2
EXTENDS FlexibleQuorums

IsLarge(S) == Cardinality(S) > Cardinality(Server) - Cardinality(Server) \div 2
IsSmall(S) == Cardinality(S) >= Cardinality(Server) \div 2
=============================================================================
