"""The election port and configuration texts: round trips, versions, fuzz."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.quorum_strategies import configs, initial_messages, notifications
from tests.unit.wire.strategies import mutated

from speckeeper.wire.election import (
    PROTOCOL_V1,
    InitialMessage,
    Notification,
    ServerState,
    decode_initial_message,
    decode_notification,
    encode_initial_message,
    encode_notification,
    frame_notification,
    take_frames,
)
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum_config import QuorumConfig, decode_config, encode_config, parse_server


@given(initial_messages, st.binary(max_size=5))
def test_initial_message(message: InitialMessage, after: bytes) -> None:
    raw = encode_initial_message(message)
    assert decode_initial_message(raw + after) == (message, len(raw))
    for end in range(len(raw)):
        assert decode_initial_message(raw[:end]) is None


def test_bytes_of_an_initial_message() -> None:
    """QuorumCnxManager.startConnection: version, id, length, host:port."""
    raw = encode_initial_message(InitialMessage(3, (("::1", 3888),)))
    assert (
        raw == bytes.fromhex("ffffffffffff0000" + "0000000000000003" + "0000000a") + b"[::1]:3888"
    )


@pytest.mark.parametrize(
    "raw",
    [
        (-2).to_bytes(8, "big", signed=True),
        PROTOCOL_V1.to_bytes(8, "big", signed=True) + bytes(12),
        PROTOCOL_V1.to_bytes(8, "big", signed=True) + bytes(8) + (2049).to_bytes(4, "big"),
        encode_initial_message(InitialMessage(1, (("a", 1),)))[:-3] + b"a:x",
        encode_initial_message(InitialMessage(1, (("a", 1),)))[:-3] + b"\xff:1",
    ],
)
def test_bad_initial_message(raw: bytes) -> None:
    with pytest.raises(WireError):
        decode_initial_message(raw)


@given(notifications)
def test_notification(notification: Notification) -> None:
    assert decode_notification(encode_notification(notification)) == notification


def test_bytes_of_notifications() -> None:
    """FastLeaderElection.buildMsg, both of them, and what peers before 3.4 send."""
    vote = Notification(ServerState.LEADING, 2, 0x300000005, 7, 3, 2, b"version=0")
    raw = encode_notification(vote)
    assert raw[:40] == bytes.fromhex(
        "00000002" "0000000000000002" "0000000300000005" "0000000000000007" "0000000000000003"
        "00000002"
    )  # fmt: skip
    assert raw[40:] == b"\0\0\0\x09version=0"
    plain = vote._replace(version=0, config=b"")
    assert encode_notification(plain) == raw[:36] + b"\0\0\0\1"
    assert decode_notification(raw[:40]) == plain
    assert decode_notification(raw[:28]) == plain


@pytest.mark.parametrize("size", [*range(28), *range(29, 40), 41, 42, 43])
def test_notification_of_another_size_is_refused(size: int) -> None:
    raw = encode_notification(Notification(ServerState.LOOKING, 1, 1, 1, 1))
    with pytest.raises(WireError):
        decode_notification(raw[:size])


@given(st.data())
def test_mutated_bytes_raise_nothing_else(data: st.DataObject) -> None:
    for encoded, decode in (
        (notifications.map(encode_notification), decode_notification),
        (initial_messages.map(encode_initial_message), decode_initial_message),
        (configs().map(encode_config), decode_config),
        (st.lists(st.binary(), max_size=2).map(lambda f: b"".join(map(frame_notification, f))),
         take_frames),
    ):  # fmt: skip
        with contextlib.suppress(WireError):
            decode(data.draw(mutated(encoded)))


@given(st.lists(st.binary(min_size=1), max_size=3), st.integers(0, 8))
def test_frames(contents: list[bytes], missing: int) -> None:
    raw = b"".join(map(frame_notification, contents))
    assert take_frames(raw) == (contents, b"")
    cut = raw[: max(len(raw) - missing, 0)]
    frames, rest = take_frames(cut)
    assert frames == contents[: len(frames)]
    assert b"".join(map(frame_notification, frames)) + rest == cut


@pytest.mark.parametrize("length", [-1, 0, 524289])
def test_bad_frame_length(length: int) -> None:
    with pytest.raises(WireError):
        take_frames(length.to_bytes(4, "big", signed=True))


@given(configs())
def test_config(config: QuorumConfig) -> None:
    assert decode_config(encode_config(config)) == config


def test_text_of_a_config_is_zookeepers() -> None:
    """As Apache 3.9 prints it: role always, client address only where it is said."""
    text = (
        b"server.1=127.0.0.1:2888:3888:participant\n"
        b"server.2=[::1]:2888:3888:observer;0.0.0.0:2181\n"
        b"server.3=c:1:2:participant;;0.0.0.0:2281\n"
        b"version=100000000"
    )
    assert encode_config(decode_config(text)) == text
    short = (
        b"server.1=127.0.0.1:2888:3888\n"
        b"server.2=[::1]:2888:3888:observer;2181\n"
        b"server.3=c:1:2;;2281"
    )
    assert decode_config(short)._replace(version=1 << 32) == decode_config(text)


def test_hierarchical_config() -> None:
    lines = ["server.1=a:1:2", "server.2=b:1:2", "server.3=c:1:2", "group.1=1:2", "group.2=3"]
    config = decode_config("\n".join([*lines, "weight.3=2", "version=1f"]).encode())
    assert (config.version, config.groups, config.weights) == (
        31,
        ((1, (1, 2)), (2, (3,))),
        ((3, 2),),
    )
    assert encode_config(config).decode().splitlines()[3:] == [
        "group.1=1:2", "group.2=3", "weight.1=1", "weight.2=1", "weight.3=2", "version=1f",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "server.1", "server.1=a:1", "server.1=a:1:1", "server.1=a:1:70000", "server.1=a:1:2:boss",
        "server.1=a:1:2;x:y:z", "server.1=a:1:2|b:1:2:observer|c:1:2:participant", "server.x=a:1:2",
        "server.1=a:1:2;1;2;3", "version=0x1", "version=ffffffffffffffff", "color=red",
        "server.1=a:1:2\ngroup.1=2", "server.1=a:1:2\ngroup.1=1\ngroup.2=1",
    ],
)  # fmt: skip
def test_bad_config(text: str) -> None:
    with pytest.raises(WireError):
        decode_config(text.encode())


def test_several_addresses_are_one_server() -> None:
    server = parse_server(1, "b:1:2|a:1:2")
    assert [endpoint.host for endpoint in server.endpoints] == ["a", "b"]
