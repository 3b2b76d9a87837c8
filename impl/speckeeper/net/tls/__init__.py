"""TLS: keys and certificates from the stores that ZooKeeper takes, contexts, connections."""
