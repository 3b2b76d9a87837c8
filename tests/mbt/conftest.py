"""Registers the profile ``deep`` before pytest reads ``--hypothesis-profile``."""

from tests import hypothesis_profile
from tests.mbt import profiles

__all__ = ["hypothesis_profile", "profiles"]
