---------------------------- MODULE HalfIsEnough ----------------------------
(***************************************************************************)
(* Half of the servers decide: two quorums need not share a server.        *)
(***************************************************************************)
\* @claim With two servers of four an ensemble survives two failures instead of one.
\* @kind mistake
\* @redefines IsQuorum <- IsHalf
\* @model MCZab MCZabDiscovery.cfg; Server = {s1, s2}
\* @fails Leadership1 Leadership2
\* @strategy minority-serves
\* @core CoreQuorumsApart
EXTENDS Zab

IsHalf(S) == 2 * Cardinality(S) >= Cardinality(Server)
=============================================================================
