"""What commands print, letter for letter as zkCli prints it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.ops.shell.errors import KeeperError, ShellError
from speckeeper.ops.shell.paths import check_path
from speckeeper.ops.shell.stats_track import StatsTrack
from speckeeper.ops.shell.text import (
    from_base64,
    parse_acl,
    show_acl,
    show_data,
    show_list,
    show_perms,
    show_stat,
    to_bytes,
)
from speckeeper.tree.paths import validate_path
from speckeeper.wire.codes import ErrorCode
from speckeeper.wire.records import ACL, Id, Stat

# Made with Netty's ByteBufUtil.prettyHexDump.
DUMP = """\
         +-------------------------------------------------+
         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |
+--------+-------------------------------------------------+----------------+
|00000000| 68 65 6c 6c 6f 00 0a 20 77 6f 72 6c 64 20 c3 a9 |hello.. world ..|
|00000010| 7f 20 70 6c 75 73 20 6d 6f 72 65 20 74 68 61 6e |. plus more than|
|00000020| 20 73 69 78 74 65 65 6e                         | sixteen        |
+--------+-------------------------------------------------+----------------+"""


@pytest.fixture
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.usefixtures("_utc")
def test_a_stat_has_eleven_lines() -> None:
    stat = Stat(0x5C, 0x60, 1795145762123, 0, 2, 1, 3, -(1 << 63), 2, 4, 0x1_0000_0001)

    assert show_stat(stat).splitlines() == [
        "cZxid = 0x5c",
        "ctime = Fri Nov 20 03:36:02 UTC 2026",
        "mZxid = 0x60",
        "mtime = Thu Jan 01 00:00:00 UTC 1970",
        "pZxid = 0x100000001",
        "cversion = 1",
        "dataVersion = 2",
        "aclVersion = 3",
        "ephemeralOwner = 0x8000000000000000",
        "dataLength = 2",
        "numChildren = 4",
    ]


def test_data_in_three_forms() -> None:
    data = "hello\0\n world é\x7f plus more than sixteen".encode()

    assert show_data(data, "hex") == DUMP
    assert show_data(b"", "hex") == ""
    assert show_data(b"\x00\xff", "base64") == "AP8="
    assert show_data("schön".encode()) == "schön"
    assert show_data(b"\xff") == "�"
    assert show_data(None) == "null"


@given(st.binary(max_size=200))
def test_a_dump_shows_every_byte(data: bytes) -> None:
    rows = [line for line in show_data(data, "hex").splitlines() if line.startswith("|")]

    assert bytes.fromhex("".join(row[10:58] for row in rows)) == data
    assert {len(row) for row in rows} <= {len(DUMP.splitlines()[3])}


def test_data_keeps_bytes_that_were_no_text() -> None:
    typed = b"caf\xe9".decode("utf-8", "surrogateescape")

    assert to_bytes(typed) == b"caf\xe9"
    assert from_base64("AP8=") == b"\x00\xff"
    with pytest.raises(ShellError, match="-b data is not valid base64"):
        from_base64("A*8=")


def test_an_acl_entry_is_a_jute_record_and_letters() -> None:
    assert show_acl(ACL(31, Id("world", "anyone"))) == "'world,'anyone\n: cdrwa"
    assert show_acl(ACL(1, Id("x509", "CN=a,O=b}%"))) == "'x509,'CN=a%2CO=b%7D%25\n: r"
    assert show_perms(0) == ""
    assert show_list([]) == "[]"
    assert show_list(["a", "b"]) == "[a, b]"


def test_acls_are_read_part_by_part() -> None:
    acl, complaints = parse_acl("world:anyone:rz,bogus,digest:u:x:cd,ip:127.0.0.1/8:,a:b")

    assert acl == (
        ACL(1, Id("world", "anyone")),
        ACL(12, Id("digest", "u:x")),
        ACL(0, Id("ip", "127.0.0.1/8")),
    )
    assert complaints == [
        "Unknown perm type: z",
        "bogus does not have the form scheme:id:perm",
        "a:b does not have the form scheme:id:perm",
    ]


@given(st.integers(0, 31), st.text("abc:@", min_size=1))
def test_shown_permissions_are_read_back(perms: int, identity: str) -> None:
    acl, complaints = parse_acl(f"digest:{identity}:{show_perms(perms)}")

    assert (acl, complaints) == ((ACL(perms, Id("digest", identity)),), [])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("", "Path length must be > 0"),
        ("a", "Path must start with / character"),
        ("/a/", "Path must not end with / character"),
        ("//a", 'Invalid path string "//a" caused by empty node name specified @1'),
        ("/a//b", 'Invalid path string "/a//b" caused by empty node name specified @3'),
        ("/a/./b", 'Invalid path string "/a/./b" caused by relative paths not allowed @3'),
        ("/a/..", 'Invalid path string "/a/.." caused by relative paths not allowed @4'),
        ("/a\0", 'Invalid path string "/a\0" caused by null character not allowed @2'),
        ("/a\x07", 'Invalid path string "/a\x07" caused by invalid character @2'),
        ("/a/\ue000", 'Invalid path string "/a/\ue000" caused by invalid character @3'),
    ],
)
def test_a_bad_path_is_explained_in_zookeepers_words(path: str, text: str) -> None:
    with pytest.raises(ShellError) as failure:
        check_path(path)

    assert failure.value.text == text


@given(st.text(st.one_of(st.sampled_from("/.a"), st.characters(codec="utf-8")), max_size=12))
def test_paths_are_judged_as_the_server_judges_them(path: str) -> None:
    if validate_path(path) is None:
        check_path(path)
        return
    with pytest.raises(ShellError, match=r"(?s)^Path |caused by .* @"):
        check_path(path)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (ErrorCode.NO_NODE, "Node does not exist: /x"),
        (ErrorCode.NODE_EXISTS, "Node already exists: /x"),
        (ErrorCode.NOT_EMPTY, "Node not empty: /x"),
        (ErrorCode.NO_CHILDREN_FOR_EPHEMERALS, "Ephemerals cannot have children: /x"),
        (ErrorCode.NO_AUTH, "Insufficient permission : /x"),
        (ErrorCode.BAD_VERSION, "version No is not valid : /x"),
        (ErrorCode.INVALID_ACL, "Acl is not valid : /x"),
        (ErrorCode.QUOTA_EXCEEDED, "Quota has exceeded : /x"),
        (ErrorCode.CONNECTION_LOSS, "KeeperErrorCode = ConnectionLoss for /x"),
        (ErrorCode.NO_WATCHER, "KeeperErrorCode = No such watcher for /x"),
        (-4242, "KeeperErrorCode = Unknown error -4242 for /x"),
    ],
)
def test_errors_of_the_server_have_zkclis_words(code: int, text: str) -> None:
    assert KeeperError(code, "/x").text == text


def test_errors_without_a_path() -> None:
    assert KeeperError(ErrorCode.INVALID_ACL).text == "Acl is not valid : null"
    assert KeeperError(ErrorCode.AUTH_FAILED).text == "KeeperErrorCode = AuthFailed"
    assert KeeperError(ErrorCode.RECONFIG_DISABLED, "").text == (
        "KeeperErrorCode = Reconfig is disabled"
    )


@pytest.mark.parametrize(
    "text",
    [
        "count=5,bytes=-1",
        "count=0,bytes=123",
        "count=-1,bytes=10=;byteHardLimit=-1;countHardLimit=1",
    ],
)
def test_quota_texts_are_written_as_they_were_read(text: str) -> None:
    assert str(StatsTrack.decode(text.encode())) == text


def test_quota_texts_of_any_kind_are_read_or_refused() -> None:
    assert StatsTrack.decode(b"").get("count") == -1
    assert StatsTrack.decode(b"count=,bytes=4").values == {"count": -1, "bytes": 4}
    with pytest.raises(ShellError, match='not a quota: "count=many"'):
        StatsTrack.decode(b"count=many")
