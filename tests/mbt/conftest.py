"""Registers the profile ``deep`` before pytest reads ``--hypothesis-profile``."""

from tests.mbt import profiles

__all__ = ["profiles"]
