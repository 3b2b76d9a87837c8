"""Fixtures of the server's tests."""

import pytest
from tests.unit.server.world import World


@pytest.fixture
def world():
    """A server with default settings, and no connection yet."""
    return World()
