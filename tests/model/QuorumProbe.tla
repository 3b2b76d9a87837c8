---------------------------- MODULE QuorumProbe ----------------------------
(* What a test asks of Quorums.tla: everything about one configuration.    *)
EXTENDS Quorums

VARIABLE config

Legal == IsConfig(config)
Family == Quorums(config)
Meets == QuorumsMeet(config)
=============================================================================
