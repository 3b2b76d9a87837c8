"""The files of a member's configuration that change while it runs.

Beside the static file (zoo.cfg): ``zoo.cfg.dynamic.VERSION`` with the servers of the configuration
in force, to which ``dynamicConfigFile`` of the static file points; ``zoo.cfg.dynamic.next`` with a
configuration that was proposed and is not in force yet; ``zoo.cfg.bak``, the static file as it was
at the last start with the servers in it. Each is replaced in one step, and durable when a method
returns: a crash between any two steps leaves the old configuration, with the proposed one beside it
while there is one, or the new one.

Source: ZooKeeper ``QuorumPeerConfig`` (writeDynamicConfig, editStaticConfig, backupOldConfig,
parse), ``QuorumPeer`` (setLastSeenQuorumVerifier, setQuorumVerifier).
"""

from __future__ import annotations

from pathlib import Path

from speckeeper.storage.epochs import write_atomically
from speckeeper.storage.errors import DiskFailure, StorageError, reading
from speckeeper.storage.interface import FileSystem
from speckeeper.wire.errors import WireError
from speckeeper.wire.properties import PropertiesError, parse_properties, without
from speckeeper.wire.quorum_config import QuorumConfig, decode_config, encode_config

_STATIC_TEXT = "iso-8859-1"
_MOVED = ("server.", "group", "weight", "dynamicConfigFile", "peerType")
_NEXT = ".dynamic.next"


class ConfigFiles:
    """Writes the configuration of one member beside its static file, and reads it again."""

    def __init__(self, static: Path, files: FileSystem, server_id: int) -> None:
        """``static``: zoo.cfg."""
        self._static = static
        self._files = files
        self._server_id = server_id

    @property
    def next_path(self) -> Path:
        """Where a configuration is that was proposed."""
        return self._beside(_NEXT)

    def set_last_seen(self, config: QuorumConfig) -> None:
        """Keep a configuration that was proposed. Raises DiskFailure."""
        write_atomically(self._files, self.next_path, _sorted_text(config, version=True))

    def set(self, config: QuorumConfig) -> None:
        """Let the static file point to a configuration, which is in force. Raises StorageError."""
        dynamic = self._beside(f".dynamic.{config.version:x}")
        write_atomically(self._files, dynamic, _sorted_text(config, version=False))
        write_atomically(self._files, self._static, self._edited(config, dynamic))
        seen = self.last_seen()
        if seen is not None and seen.version <= config.version:
            try:
                self._files.remove(self.next_path)
                self._files.sync_directory(self._static.parent)
            except OSError as error:
                raise DiskFailure.of(self.next_path, "remove", error) from error

    def last_seen(self) -> QuorumConfig | None:
        """Return the configuration that was proposed, None if there is none.

        Raises StorageError for a file that holds none.
        """
        path = self.next_path
        if not self._files.exists(path):
            return None
        return self._read(path)

    def active(self) -> QuorumConfig | None:
        """Return the configuration to which the static file points, None if to none.

        Raises StorageError.
        """
        with reading(self._static):
            text = self._files.read(self._static).decode(_STATIC_TEXT)
        pointers = [p.value for p in parse_properties(text) if p.key == "dynamicConfigFile"]
        if not pointers:
            return None
        path = Path(pointers[-1])
        return self._read(path)._replace(version=version_of(path.name))

    def back_up(self) -> None:
        """Keep the static file as it is now. Raises StorageError."""
        with reading(self._static):
            content = self._files.read(self._static)
        write_atomically(self._files, self._beside(".bak"), content)

    def _edited(self, config: QuorumConfig, dynamic: Path) -> bytes:
        """Return the static file with the servers taken out, and a pointer to where they are now.

        The client port goes too where the server's line has one.
        """
        with reading(self._static):
            text = self._files.read(self._static).decode(_STATIC_TEXT)
        own = config.server(self._server_id)
        moved: tuple[str, ...] = _MOVED
        if own is not None and own.client is not None:
            moved = (*moved, "clientPort")
        if own is not None and own.secure_client is not None:
            moved = (*moved, "secureClientPort")
        kept = without(text, lambda key: key.startswith(moved))
        if kept and not kept.endswith("\n"):
            kept += "\n"
        return f"{kept}dynamicConfigFile={_escaped(str(dynamic))}\n".encode(_STATIC_TEXT)

    def _beside(self, suffix: str) -> Path:
        return self._static.with_name(self._static.name + suffix)

    def _read(self, path: Path) -> QuorumConfig:
        with reading(path):
            text = self._files.read(path)
        try:
            return decode_config(text)
        except (WireError, PropertiesError) as error:
            remedy = "restore it, or remove it if no reconfiguration was under way"
            raise StorageError(path, f"holds no configuration: {error}", remedy) from error


def version_of(name: str) -> int:
    """Return the version at the end of a dynamic file's name, else 0 (getVersionFromFilename)."""
    try:
        return int(name.rpartition(".")[2], 16)
    except ValueError:
        return 0


def _sorted_text(config: QuorumConfig, *, version: bool) -> bytes:
    lines = sorted(encode_config(config).decode().splitlines())
    if not version:
        lines = [line for line in lines if not line.startswith("version=")]
    return "\n".join(lines).encode()


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\")
