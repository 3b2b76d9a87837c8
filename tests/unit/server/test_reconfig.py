"""What a reconfig request makes of a configuration, and why it is refused."""

import pytest

from speckeeper.server.reconfig import Reconfigurer
from speckeeper.wire.codes import ErrorCode
from speckeeper.wire.quorum_config import QuorumConfig, decode_config
from speckeeper.wire.request_records import ReconfigRequest
from speckeeper.zab.membership import Membership

ONE, TWO, THREE = (f"server.{n}=h{n}:1:2:participant;0.0.0.0:3" for n in (1, 2, 3))
CONFIG = decode_config(f"{ONE}\n{TWO}\n{THREE}\nversion=a".encode())


class Ensemble:
    def __init__(self, membership: Membership, synced: bool = True) -> None:
        self.membership = membership
        self._synced = synced

    def is_quorum_synced(self, config: QuorumConfig) -> bool:
        return self._synced


def ask(
    joining: str | None = None,
    leaving: str | None = None,
    members: str | None = None,
    version: int = -1,
    ensemble: Ensemble | None = None,
    standalone: bool = True,
    under_way: bool = False,
) -> str | ErrorCode:
    reconfigurer = Reconfigurer(
        ensemble or Ensemble(Membership(CONFIG)), lambda: under_way, standalone
    )
    found = reconfigurer.prepare(ReconfigRequest(joining, leaving, members, version), 0xB)
    return found if isinstance(found, ErrorCode) else found.decode()


def test_servers_join_change_and_leave() -> None:
    four = "server.4=h4:5:6:observer;7"
    assert ask(joining=f" {four} ,server.2=h2:1:2:observer;3", leaving="9", version=10) == (
        f"{ONE}\nserver.2=h2:1:2:observer;0.0.0.0:3\n{THREE}\n"
        "server.4=h4:5:6:observer;0.0.0.0:7\nversion=b"
    )
    assert ask(joining=four, leaving="3") == (
        f"{ONE}\n{TWO}\nserver.4=h4:5:6:observer;0.0.0.0:7\nversion=b"
    )


def test_whole_configuration_may_have_groups() -> None:
    groups = "group.1=1:2,group.2=3,weight.1=2,weight.2=1,weight.3=1"
    text = ask(members=f"{ONE},{TWO},{THREE},{groups}")
    assert isinstance(text, str)
    assert text.endswith("group.1=1:2\ngroup.2=3\nweight.1=2\nweight.2=1\nweight.3=1\nversion=b")


@pytest.mark.parametrize(
    ("joining", "leaving", "members", "error"),
    [
        ("some thing", None, None, ErrorCode.BAD_ARGUMENTS),
        ("server.4=h4:5:6", None, None, ErrorCode.BAD_ARGUMENTS),  # no client port
        ("server.4=h4:5:5;7", None, None, ErrorCode.BAD_ARGUMENTS),
        ("server.4=h1:1:9;7", None, None, ErrorCode.BAD_ARGUMENTS),  # taken by server 1
        ("server.x=h4:5:6;7", None, None, ErrorCode.MARSHALLING_ERROR),
        (None, "one", None, ErrorCode.MARSHALLING_ERROR),
        (None, "1,2", None, ErrorCode.BAD_ARGUMENTS),
        (None, None, ONE, ErrorCode.BAD_ARGUMENTS),
        (None, None, f"{ONE},server.2=h2:1:2:observer;3", ErrorCode.MARSHALLING_ERROR),
        (None, None, f"{ONE},{TWO},x=1", ErrorCode.BAD_ARGUMENTS),
        (None, None, f"{ONE},{TWO},group.1=1", ErrorCode.BAD_ARGUMENTS),
        (None, None, f"{ONE},{TWO},group.1=1:2,weight.1=0,weight.2=0", ErrorCode.BAD_ARGUMENTS),
    ],
)
def test_bad_requests(
    joining: str | None, leaving: str | None, members: str | None, error: ErrorCode
) -> None:
    assert ask(joining, leaving, members) is error


def test_one_participant_is_enough_without_standalone() -> None:
    assert ask(leaving="1,2", standalone=False) == f"{THREE}\nversion=b"
    assert ask(leaving="1,2,3", standalone=False) is ErrorCode.BAD_ARGUMENTS


def test_incremental_change_needs_majorities() -> None:
    grouped = decode_config(f"{ONE}\n{TWO}\ngroup.1=1:2".encode())
    ensemble = Ensemble(Membership(grouped))
    assert ask(leaving="1", ensemble=ensemble) is ErrorCode.BAD_ARGUMENTS


def test_one_reconfiguration_at_a_time_and_only_of_the_version_that_was_meant() -> None:
    seen = Ensemble(Membership(CONFIG, CONFIG._replace(version=0xC)))
    assert ask(leaving="1", ensemble=seen) is ErrorCode.RECONFIG_IN_PROGRESS
    assert ask(leaving="1", under_way=True) is ErrorCode.RECONFIG_IN_PROGRESS
    assert ask(leaving="1", version=9) is ErrorCode.BAD_VERSION
    assert isinstance(ask(leaving="1", version=10), str)


def test_quorum_of_the_new_configuration_must_be_there() -> None:
    ensemble = Ensemble(Membership(CONFIG), synced=False)
    assert ask(leaving="1", ensemble=ensemble) is ErrorCode.NEW_CONFIG_NO_QUORUM
