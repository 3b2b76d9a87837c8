"""Records the data directories of this folder with Apache ZooKeeper; run by hand, not by the tests.

    python tests/unit/storage/data/record_apache.py WORKDIR

starts Debian's `zookeeper` (3.8.0) on a free loopback port, each time otherwise set, fills it
through kazoo, writes down what a client sees, kills it with SIGKILL and keeps the directory as
`<name>.tar.gz`: the log's zero padding is cut to 4 KiB, nothing else is touched. `<name>.json`
holds what the client saw.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError, NoNodeError
from kazoo.security import ACL, Id, make_digest_acl

HERE = Path(__file__).parent
MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
JARS = (
    "zookeeper zookeeper-jute slf4j-api slf4j-simple netty-all snappy-java commons-io metrics-core"
)
CLASS_PATH = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS.split())
PADDING_KEPT = 4096


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fill(client: KazooClient, seed: int) -> None:
    """Every kind of transaction that a standalone server writes, with and without errors."""
    base = f"/app{seed}"
    client.create(base, b"root")
    client.create(f"{base}/unicode-žluťoučký-日本", "🐘".encode())
    client.create(f"{base}/empty", b"")
    sequential = [client.create(f"{base}/s-", b"%d" % n, sequence=True) for n in range(5)]
    client.set(base, b"x" * 300)
    client.set(base, b"second")
    client.set_acls(
        f"{base}/empty", [ACL(31, Id("world", "anyone")), make_digest_acl("u", "p", all=True)]
    )
    client.create(
        f"{base}/digest", b"d", acl=[make_digest_acl("bob", "secret", read=True, admin=True)]
    )
    client.delete(sequential[1])
    client.create(f"{base}/ephemeral", b"e", ephemeral=True)
    client.create(f"{base}/gone", b"", ephemeral=True)
    client.delete(f"{base}/gone")
    client.create(f"{base}/a/b/c", b"deep", makepath=True)
    multi = client.transaction()
    multi.create(f"{base}/multi", b"m")
    multi.set_data(f"{base}/multi", b"m2")
    multi.check(f"{base}/multi", 1)
    multi.delete(sequential[2])
    multi.commit()
    failed = client.transaction()
    failed.create(f"{base}/never", b"")
    failed.delete(f"{base}/not-there")
    failed.commit()
    for call in (lambda: client.create(base, b""), lambda: client.delete(f"{base}/nope")):
        with suppress(NodeExistsError, NoNodeError):  # an error transaction is what is wanted
            call()
    client.ensure_path(f"/zookeeper/quota{base}")
    client.create(f"/zookeeper/quota{base}/zookeeper_limits", b"count=100,bytes=-1")
    client.create(f"/zookeeper/quota{base}/zookeeper_stats", b"count=0,bytes=0")
    client.create(f"{base}/after-quota", b"counted")


def seen(client: KazooClient) -> dict[str, Any]:
    """What a client reads: data, Stat and ACL of every node."""
    client.add_auth("digest", "bob:secret")
    nodes: dict[str, Any] = {}
    todo = ["/"]
    while todo:
        path = todo.pop()
        data, stat = client.get(path)
        acl, _ = client.get_acls(path)
        nodes[path] = {
            "data": base64.b64encode(data or b"").decode(),
            "stat": list(stat),
            "acl": [[entry.perms, entry.id.scheme, entry.id.id] for entry in acl],
        }
        todo.extend(f"{path.rstrip('/')}/{child}" for child in client.get_children(path))
    return nodes


def record(name: str, work: Path, properties: dict[str, str], split: bool) -> None:
    data = work / name
    shutil.rmtree(data, ignore_errors=True)
    (data / "data").mkdir(parents=True)
    port = free_port()
    lines = [
        "tickTime=2000",
        f"dataDir={data}/data",
        f"clientPort={port}",
        "admin.enableServer=false",
    ]
    lines += [f"dataLogDir={data}/log"] if split else []
    config = data / "zoo.cfg"
    config.write_text("\n".join(lines) + "\n")
    flags = [f"-Dzookeeper.{key}={value}" for key, value in properties.items()]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["java", "-Xmx128m", *flags, "-cp", CLASS_PATH, MAIN, str(config)],
            stdout=subprocess.DEVNULL,
            stderr=(data / "out").open("ab"),
        )

    server = start()
    leaving = KazooClient(f"127.0.0.1:{port}", timeout=30)
    leaving.start(timeout=30)
    fill(leaving, 1)
    leaving.stop()
    leaving.close()
    os.kill(server.pid, signal.SIGKILL)
    server.wait()

    server = start()
    staying = KazooClient(f"127.0.0.1:{port}", timeout=30)
    staying.start(timeout=30)
    fill(staying, 2)
    expected = {"nodes": seen(staying), "last_zxid": staying.last_zxid}
    expected["session"] = staying.client_id[0]
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    staying.stop()
    staying.close()

    for file in data.rglob("log.*"):
        content = file.read_bytes()
        file.write_bytes(content[: len(content.rstrip(b"\0")) + PADDING_KEPT])
    (data / "out").unlink()
    config.unlink()
    with tarfile.open(HERE / f"{name}.tar.gz", "w:gz") as archive:
        for file in sorted(data.rglob("*")):
            if file.is_file():
                archive.add(file, file.relative_to(data).as_posix())
    (HERE / f"{name}.json").write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")


def main() -> None:
    work = Path(sys.argv[1])
    record("apache-3.8.0-plain", work, {"snapCount": "1000"}, split=False)
    record(
        "apache-3.8.0-snapshots",
        work,
        {"snapCount": "12", "extendedTypesEnabled": "true"},
        split=True,
    )
    record(
        "apache-3.8.0-gzip",
        work,
        {"snapCount": "20", "snapshot.compression.method": "gz"},
        split=False,
    )
    record(
        "apache-3.8.0-no-digest", work, {"snapCount": "20", "digest.enabled": "false"}, split=False
    )


if __name__ == "__main__":
    main()
