"""Runs the TLA+ specifications that Apache ZooKeeper publishes, in speccheck and in TLC.

    python tests/interop/zookeeper_specifications.py CHECKOUT [--only Zab]

CHECKOUT is a work tree of github.com/apache/zookeeper. With small constants, both engines must find
the same distinct states and the same depth. The exit code is 1 if they differ.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_FOLDER = Path("zookeeper-specifications")
_VALUES = "LOOKING FOLLOWING LEADING ELECTION DISCOVERY SYNCHRONIZATION BROADCAST"
_PROPERTIES = (
    "Leadership1 Leadership2 PrefixConsistency Integrity Agreement TotalOrder LocalPrimaryOrder "
    "GlobalPrimaryOrder PrimaryIntegrity"
)
_ZAB = r"""
---- MODULE MCZab ----
EXTENDS Zab
Limits == [MaxTimeoutFailures |-> 2, MaxTransactionNum |-> 2, MaxEpoch |-> 2, MaxRestarts |-> 1]
====
"""
_ZK = r"""
---- MODULE MCZk ----
EXTENDS ZkV3_7_0
Limits == [MaxTimeoutFailures |-> 0, MaxTransactionNum |-> 1, MaxEpoch |-> 1, MaxCrashes |-> 0,
           MaxPartitions |-> 0]
Short == TLCGet("level") < 40
====
"""
_ELECTION = r"""
---- MODULE MCElection ----
EXTENDS FastLeaderElection
Short == TLCGet("level") < 12
====
"""
# Name, folder of its modules, module, what its configuration adds, constants that are themselves.
_MODELS = (
    (
        "MCZab",
        "protocol-spec",
        _ZAB,
        f"SPECIFICATION Spec\nCONSTANT Parameters <- Limits\n"
        f"INVARIANTS ShouldNotBeTriggered {_PROPERTIES}\n",
        f"{_VALUES} CEPOCH NEWEPOCH ACKEPOCH NEWLEADER ACKLD COMMITLD PROPOSE ACK COMMIT",
    ),
    (
        "MCElection",
        "system-spec/zk-3.7",
        _ELECTION,
        "SPECIFICATION SpecL\nCONSTRAINT Short\n",
        "LOOKING FOLLOWING LEADING NOTIFICATION NONE",
    ),
    (
        "MCZk",
        "system-spec/zk-3.7",
        _ZK,
        f"SPECIFICATION Spec\nCONSTANT Parameters <- Limits\nCONSTRAINT Short\n"
        f"INVARIANTS CheckDuringAction {_PROPERTIES}\n",
        f"{_VALUES} NOTIFICATION NONE DIFF TRUNC SNAP FOLLOWERINFO LEADERINFO ACKEPOCH NEWLEADER "
        "ACKLD UPTODATE PROPOSAL ACK COMMIT ONLINE OFFLINE",
    ),
)


def write_models(checkout: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Write models of the published modules into a folder; yield the name and file of each.

    The modules themselves are put beside them as links, since TLC looks there.
    """
    for name, source, text, config, constants in _MODELS:
        for module in (checkout / _FOLDER / source).glob("*.tla"):
            link = folder / module.name
            if not link.exists():
                link.symlink_to(module.resolve())
        path = folder / f"{name}.tla"
        path.write_text(text.lstrip(), "utf-8")
        themselves = "".join(f"  {word} = {word}\n" for word in constants.split())
        servers = "CONSTANTS\n  Server = {s1, s2}\n  NullPoint = NullPoint\n"
        path.with_suffix(".cfg").write_text(
            f"{servers}{themselves}{config}CHECK_DEADLOCK FALSE\n", "utf-8"
        )
        yield name, path


def main() -> int:
    """Run each model in both engines; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, path in write_models(arguments.checkout, Path(folder)):
            if arguments.only not in name:
                continue
            command = [
                sys.executable,
                "-m",
                "speccheck.cli",
                "check",
                str(path),
                "--engine",
                "both",
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            told = [line for line in done.stdout.splitlines() if " distinct, depth " in line]
            print(f"{name}: {'agree' if done.returncode == 0 else 'DIFFER'}; {'; '.join(told)}")
            if done.returncode:
                print(done.stderr, file=sys.stderr)
                failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
