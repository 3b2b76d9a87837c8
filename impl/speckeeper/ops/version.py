"""The version that the server reports to clients and tools.

Tools read it in `srvr`, `stat`, `envi`, `mntr` and the AdminServer in Apache's shape,
`<version>-<revision>, built on <date>`: kazoo's `server_version()` takes the leading digits and
dots of `envi`, monitoring agents take everything up to the first blank, Java's `Version` splits at
dots and dashes. So the text starts with the Apache release whose behaviour the server keeps, and
the place of the git revision names SpecKeeper and its own version.
"""

from speckeeper import __version__

#: The Apache ZooKeeper release whose client-visible behaviour is kept (docs/deviations.md says
#: where it is not).
COMPATIBLE_WITH = "3.9.5"

#: The day of this SpecKeeper release; a constant, because a Python package has no build step that
#: could stamp it.
RELEASED = "2026-11-21 00:00 UTC"

#: What stands in place of Apache's git revision.
REVISION = f"speckeeper-{__version__}"


def full_version() -> str:
    """The text after `Zookeeper version: `, for example `3.9.5-speckeeper-0.1.0, built on
    2026-11-21 00:00 UTC`.
    """
    return f"{COMPATIBLE_WITH}-{REVISION}, built on {RELEASED}"


def shown_version() -> str:
    """What `speckeeper version` prints."""
    return f"SpecKeeper {__version__} (ZooKeeper {COMPATIBLE_WITH})"
