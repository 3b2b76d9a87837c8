"""What the commands `backup`, `restore`, `snapshot verify` and `snapshot rebuild` print."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from speckeeper.ops.backup.rebuild import rebuild
from speckeeper.ops.backup.remote import BackupError, backup, restore
from speckeeper.ops.backup.verify import Verified, verify
from speckeeper.ops.exit_codes import ExitCode
from speckeeper.storage.errors import StorageError

if TYPE_CHECKING:
    import ssl


def run_backup(
    host: str, folder: Path, auth: str | None, tls: "ssl.SSLContext | None" = None
) -> int:
    """Take a backup; return the exit code."""
    try:
        path, verified = backup(host, folder, auth, tls)
    except BackupError as error:
        return _refuse(str(error), ExitCode.UNEXPECTED)
    print(f"{path}: {_told(verified)}")
    return int(ExitCode.OK)


def run_restore(
    host: str, file: Path, auth: str | None, tls: "ssl.SSLContext | None" = None
) -> int:
    """Put a backup back; return the exit code."""
    try:
        zxid = restore(host, file, auth, tls)
    except BackupError as error:
        return _refuse(str(error), ExitCode.UNEXPECTED)
    print(f"{host} serves {file}, as zxid {zxid:#x}")
    return int(ExitCode.OK)


def run_verify(files: Sequence[Path]) -> int:
    """Verify snapshots; return the exit code, 10 if one is of no use."""
    code = ExitCode.OK
    for file in files:
        try:
            print(f"{file}: {_told(verify(file))}")
        except StorageError as error:
            _refuse(str(error), code)
            code = ExitCode.LOG_OR_SNAPSHOT
    return int(code)


def run_rebuild(sources: Sequence[Path], out: Path, zxid: str | None) -> int:
    """Rebuild the data of a point in time; return the exit code."""
    try:
        wanted = None if zxid is None else int(zxid, 16 if zxid.lower().startswith("0x") else 10)
    except ValueError:
        text = f"--zxid {zxid}: not a number; give one as in 0x500000007, or 21474836487"
        return _refuse(text, ExitCode.BAD_INVOCATION)
    try:
        found, written = rebuild(sources, out, wanted)
    except StorageError as error:
        return _refuse(str(error), ExitCode.LOG_OR_SNAPSHOT)
    except OSError as error:
        return _refuse(f"{out}: {(error.strerror or str(error)).lower()}", ExitCode.DATA_DIR)
    print(
        f"{written.path}: {found.tree.count} nodes, {len(found.tree.sessions)} sessions, "
        f"zxid {found.zxid:#x}, from {found.snapshot.path} and the log behind it"
    )
    if found.mismatches:
        print(
            f"speckeeper: {found.mismatches} transactions left a tree that differs from the "
            "digests in the log; compare with a backup of another member",
            file=sys.stderr,
        )
        return int(ExitCode.LOG_OR_SNAPSHOT)
    return int(ExitCode.OK)


def _told(verified: Verified) -> str:
    zxid = "no zxid" if verified.zxid is None else f"zxid {verified.zxid:#x}"
    proof = "its digest is right" if verified.proven else "it is whole, and has no digest"
    return f"{verified.nodes} nodes, {verified.sessions} sessions, {zxid}; {proof}"


def _refuse(text: str, code: ExitCode) -> int:
    print(f"speckeeper: {text}", file=sys.stderr)
    return int(code)
