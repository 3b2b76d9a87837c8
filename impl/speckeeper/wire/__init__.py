"""Bytes to records and back: jute, client protocol, transactions, log and snapshot records."""
