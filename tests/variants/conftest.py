"""Loads the settings of Hypothesis before any test is made."""

from tests import hypothesis_profile

__all__ = ["hypothesis_profile"]
