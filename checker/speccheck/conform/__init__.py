"""Conformance: whether a specification allows what recorded traces tell (traces/README.md)."""
