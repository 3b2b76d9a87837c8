"""SpecKeeper for tests: servers as pytest fixtures, and clients that are recorded."""

from speckeeper.testing.servers import Ensemble, Member, NotServing

__all__ = ["Ensemble", "Member", "NotServing"]
