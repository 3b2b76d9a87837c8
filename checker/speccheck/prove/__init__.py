"""Proofs for any size: the typed fragment of TLA+ in Z3, and what has to be proved of a module."""
