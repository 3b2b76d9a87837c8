"""Liveness: what infinite behaviours do, under fairness, on the graph of all states."""
