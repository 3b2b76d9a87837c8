"""`speckeeper backup` and `speckeeper restore`: a snapshot from a running server's admin port to a
file, and back (ZooKeeper's admin commands ``snapshot`` and ``restore``).

What is printed is one line; what goes wrong is one line on stderr, exit code 1 (2 for a bad call).
"""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, TYPE_CHECKING

from speckeeper.ops.backup.verify import Verified, verify
from speckeeper.storage.errors import StorageError
from speckeeper.storage.names import snapshot_name

if TYPE_CHECKING:
    import ssl

DEFAULT_PORT = 8080
_TIMEOUT_S = 600
_CHUNK = 1 << 20


class BackupError(Exception):
    """A backup was not taken, or not put back; one line."""


def admin_url(host: str) -> str:
    """Return the address of the admin commands of `host[:port]`, or of `http://host:port/path`."""
    if "://" in host:
        return host.rstrip("/")
    bare = host if host.rpartition(":")[2].isdigit() and ":" in host else f"{host}:{DEFAULT_PORT}"
    return f"http://{bare}/commands"


def backup(
    host: str, folder: Path, auth: str | None, tls: "ssl.SSLContext | None" = None
) -> tuple[Path, Verified]:
    """Fetch a snapshot into a folder, verify it, and only then give it its name.

    `auth` is what the header `Authorization` says, as in `digest super:secret`; `tls` is what to
    connect with where the address is https, None for the system's defaults. Raises BackupError.
    """
    url = f"{admin_url(host)}/snapshot?streaming=true"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _open(url, auth, tls, None) as answer:
            zxid = int(answer.headers.get("last_zxid") or "", 16)
            part = folder / f"{snapshot_name(zxid)}.part"
            try:
                with part.open("wb") as file:
                    size = 0
                    while chunk := answer.read(_CHUNK):
                        size += file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                expected = int(answer.headers.get("snapshot_size") or size)
                if size != expected:
                    raise BackupError(f"{url}: {size} of {expected} bytes came; try again")
                verified = verify(part)
                done = folder / snapshot_name(zxid)
                part.rename(done)
            finally:
                part.unlink(missing_ok=True)
    except ValueError:
        raise BackupError(f"{url}: the answer is no snapshot; is it an AdminServer?") from None
    except StorageError as error:
        raise BackupError(f"what came is of no use: {error}") from None
    except OSError as error:
        raise BackupError(f"{folder}: {(error.strerror or str(error)).lower()}") from None
    return done, verified


def restore(host: str, file: Path, auth: str | None, tls: "ssl.SSLContext | None" = None) -> int:
    """Verify a snapshot, and have a server serve it; return the zxid. Raises BackupError."""
    url = f"{admin_url(host)}/restore"
    try:
        verify(file)
        with file.open("rb") as body, _open(url, auth, tls, body, file.stat().st_size) as answer:
            return int(json.load(answer)["last_zxid"])
    except (ValueError, KeyError, TypeError):
        raise BackupError(f"{url}: the answer says nothing of a restore") from None
    except StorageError as error:
        raise BackupError(str(error)) from None
    except OSError as error:
        raise BackupError(f"{file}: {(error.strerror or str(error)).lower()}") from None


def _open(
    url: str, auth: str | None, tls: "ssl.SSLContext | None", body: IO[bytes] | None, size: int = 0
) -> "urllib.response.addinfourl":
    request = urllib.request.Request(url, body, method="GET" if body is None else "POST")
    if auth is not None:
        request.add_header("Authorization", auth)
    if body is not None:
        request.add_header("Content-Length", str(size))
        request.add_header("Content-Type", "application/octet-stream")
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=tls)  # type: ignore[no-any-return]
    except urllib.error.HTTPError as error:
        raise BackupError(f"{url}: {_why(error)}") from None
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        if type(reason).__module__ == "ssl":
            from speckeeper.ops.tls_trouble import tls_trouble

            raise BackupError(f"{url}: {tls_trouble(reason)}") from None  # type: ignore[arg-type]  # by its module
        text = getattr(reason, "strerror", None) or str(reason)
        raise BackupError(
            f"{url}: {text.lower()}; name the admin port (admin.serverPort)"
        ) from None


_REMEDIES = {
    401: "say who you are, as in --auth 'digest super:secret'",
    403: "use --auth with somebody who has every permission on /",
    429: "try again later (admin.rateLimiterIntervalInMS)",
    503: "ask a server that serves, and that allows it (admin.snapshot.enabled)",
}


def _why(error: urllib.error.HTTPError) -> str:
    try:
        said = json.load(error).get("error")
    except (ValueError, AttributeError, OSError):
        said = None
    remedy = _REMEDIES.get(error.code, "see its log")
    return f"{said or error.reason} (HTTP {error.code}); {remedy}"
