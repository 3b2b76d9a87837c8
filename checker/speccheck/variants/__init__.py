"""Variants of a protocol: small modules that redefine a few operators, and what each does to it."""
