"""SpecKeeper: a ZooKeeper server in Python that keeps to its specification."""

__version__ = "0.1.0"
