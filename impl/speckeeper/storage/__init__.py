"""Transaction log, snapshots and retention on a real disk."""
