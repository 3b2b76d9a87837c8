"""Recorded traces: what a server did, in the words of its specification (traces/README.md)."""
