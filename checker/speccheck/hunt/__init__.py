"""Campaigns of simulated runs: many seeds, the first that breaks a rule, the shortest way to it."""
