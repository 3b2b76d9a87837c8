"""What commands print: Stat lines, dates, identities, permissions, data in three forms.

Source: ZooKeeper ``StatPrinter``, ``ZKUtil.getPermString``, jute's ``ToStringOutputArchive``, the
output formatters of ``org.apache.zookeeper.cli``; Java's ``Date.toString``; Netty's
``ByteBufUtil``.
"""

import base64
import binascii
import time
from collections.abc import Iterable

from speckeeper.ops.shell.errors import ShellError
from speckeeper.wire.codes import Perms
from speckeeper.wire.records import ACL, Id, Stat

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PERMS = {
    "c": Perms.CREATE,
    "d": Perms.DELETE,
    "r": Perms.READ,
    "w": Perms.WRITE,
    "a": Perms.ADMIN,
}
# What jute escapes in a string that it prints; the percent sign goes first because the others bring
# one.
_ESCAPES = (("%", "%25"), ("\0", "%00"), ("\n", "%0A"), ("\r", "%0D"), (",", "%2C"), ("}", "%7D"))


def to_bytes(text: str) -> bytes:
    """Return data as the user typed it: UTF-8, and bytes that were not UTF-8 as they came."""
    return text.encode("utf-8", "surrogateescape")


def from_base64(text: str) -> bytes:
    """Return the bytes that ``text`` stands for; raise ShellError where it is no base64."""
    try:
        return base64.b64decode(to_bytes(text), validate=True)
    except binascii.Error as error:
        raise ShellError(f"-b data is not valid base64: {error}") from None


def show_data(data: bytes | None, form: str = "plain") -> str:
    """Return data as text: ``plain``, ``base64`` or ``hex``; a node without data shows as null."""
    data = b"null" if data is None else data
    if form == "base64":
        return base64.b64encode(data).decode("ascii")
    return _hex_dump(data) if form == "hex" else data.decode("utf-8", "replace")


def _hex_dump(data: bytes) -> str:
    if not data:
        return ""
    rule = "+" + "-" * 49 + "+"
    bottom = "+" + "-" * 8 + rule + "-" * 16 + "+"
    columns = "".join(f"  {column:x}" for column in range(16))
    lines = [" " * 9 + rule, " " * 9 + f"|{columns} |", bottom]
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        codes = "".join(f" {byte:02x}" for byte in row)
        shown = "".join(chr(byte) if 0x1F < byte < 0x7F else "." for byte in row)
        lines.append(f"|{start:08x}|{codes:<48} |{shown:<16}|")
    return "\n".join([*lines, bottom])


def show_date(time_ms: int) -> str:
    """Return a time in milliseconds since the epoch in the local zone, as Java prints a Date."""
    at = time.localtime(time_ms // 1000)
    clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    day = f"{_DAYS[at.tm_wday]} {_MONTHS[at.tm_mon - 1]} {at.tm_mday:02}"
    return f"{day} {clock} {at.tm_zone} {at.tm_year:04}"


def show_stat(stat: Stat) -> str:
    """Return the eleven lines of a Stat."""
    return "\n".join(
        (
            f"cZxid = {_hex(stat.czxid)}",
            f"ctime = {show_date(stat.ctime)}",
            f"mZxid = {_hex(stat.mzxid)}",
            f"mtime = {show_date(stat.mtime)}",
            f"pZxid = {_hex(stat.pzxid)}",
            f"cversion = {stat.cversion}",
            f"dataVersion = {stat.version}",
            f"aclVersion = {stat.aversion}",
            f"ephemeralOwner = {_hex(stat.ephemeral_owner)}",
            f"dataLength = {stat.data_length}",
            f"numChildren = {stat.num_children}",
        )
    )


def _hex(number: int) -> str:
    return f"0x{number & 0xFFFFFFFFFFFFFFFF:x}"


def show_acl(entry: ACL) -> str:
    """Return an ACL entry as getAcl prints it: the identity, as a jute record, ends its line."""
    return f"{_escape(entry.id.scheme)},{_escape(entry.id.id)}\n: {show_perms(entry.perms)}"


def _escape(text: str) -> str:
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return f"'{text}"


def show_perms(perms: int) -> str:
    """Return permission bits as letters out of ``cdrwa``."""
    return "".join(letter for letter, bit in _PERMS.items() if perms & bit)


def show_list(items: Iterable[str]) -> str:
    """Return names as ``[a, b]``."""
    return f"[{', '.join(items)}]"


def parse_acl(text: str) -> tuple[tuple[ACL, ...], list[str]]:
    """Read ``scheme:id:perms[,...]``; return the entries, and a complaint for each bad part.

    A part without two colons is left out and an unknown letter grants nothing, as in ZooKeeper
    ``AclParser``: what remains is what the server judges.
    """
    entries, complaints = [], []
    for part in text.split(","):
        scheme, colon, rest = part.partition(":")
        identity, last_colon, letters = rest.rpartition(":")
        if not colon or not last_colon:
            complaints.append(f"{part} does not have the form scheme:id:perm")
            continue
        complaints += [f"Unknown perm type: {letter}" for letter in letters if letter not in _PERMS]
        perms = 0
        for letter in letters:
            perms |= _PERMS.get(letter, 0)
        entries.append(ACL(int(perms), Id(scheme, identity)))
    return tuple(entries), complaints
