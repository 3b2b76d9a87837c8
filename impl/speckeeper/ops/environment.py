"""What `envi` and the admin command `environment` say: version and surroundings of the process.

The keys are Apache's, because tools look for them (kazoo reads `zookeeper.version`); what only a
Java program has is `<NA>`, as Apache prints a property that is not set, and the keys `python.*` are
ours.
"""

import getpass
import os
import platform
import socket
import sys
import tempfile
from functools import lru_cache

from speckeeper.ops.version import full_version

_NOT_AVAILABLE = "<NA>"
_MIB = 1024 * 1024


def environment() -> list[tuple[str, str]]:
    """Return (key, value) in Apache's order (ZooKeeper Environment.list)."""
    free, most, total = _memory_mib()
    return [
        *_fixed(),
        ("user.dir", _working_directory()),
        ("jvm.memory.free", f"{free}MB"),
        ("jvm.memory.max", f"{most}MB"),
        ("jvm.memory.total", f"{total}MB"),
        ("python.version", platform.python_version()),
        ("python.implementation", platform.python_implementation()),
        ("python.executable", sys.executable or _NOT_AVAILABLE),
    ]


@lru_cache(maxsize=1)
def _fixed() -> tuple[tuple[str, str], ...]:
    """What does not change while the process lives; asking for the host's name may take long."""
    system = os.uname()
    java = ("version", "vendor", "home", "class.path", "library.path")
    return (
        ("zookeeper.version", full_version()),
        ("host.name", _host_name()),
        *((f"java.{name}", _NOT_AVAILABLE) for name in java),
        ("java.io.tmpdir", tempfile.gettempdir()),
        ("java.compiler", _NOT_AVAILABLE),
        ("os.name", system.sysname),
        ("os.arch", {"x86_64": "amd64"}.get(system.machine, system.machine)),
        ("os.version", system.release),
        ("user.name", user_name()),
        ("user.home", os.path.expanduser("~")),
    )


def user_name() -> str:
    """Return the name of the user that runs the process, or its number if it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def _host_name() -> str:
    # The kernel's name, not a look-up: the event loop must not wait for a name server.
    return socket.gethostname() or _NOT_AVAILABLE


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return _NOT_AVAILABLE


def _memory_mib() -> tuple[int, int, int]:
    """Return memory free on the machine, memory of the machine, and what the process holds."""
    page = os.sysconf("SC_PAGE_SIZE")
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            resident = int(file.read().split()[1]) * page
    except (OSError, ValueError, IndexError):
        resident = 0
    free = os.sysconf("SC_AVPHYS_PAGES") * page
    return free // _MIB, os.sysconf("SC_PHYS_PAGES") * page // _MIB, resident // _MIB
