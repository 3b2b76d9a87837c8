"""The protocol: election, leader, learner, quorums. Sans I/O; empty until the ensemble exists."""
