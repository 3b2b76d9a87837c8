"""A pytest plugin for kazoo's suite under xdist: each worker has a cluster on ports of its own."""

import os

_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
_base = int(os.environ.get("ZOOKEEPER_PORT_OFFSET", "20000"))
os.environ["ZOOKEEPER_PORT_OFFSET"] = str(_base + 30 * int(_worker.removeprefix("gw")))
