"""zoo.cfg of a member: what makes an ensemble, and what no ensemble could work with."""

from pathlib import Path

import pytest

from speckeeper.ops.config.settings import server_settings, storage_settings, zab_settings
from speckeeper.ops.config.zoo_cfg import Config, ConfigError, read_config
from speckeeper.wire.quorum_config import encode_config

THREE = "".join(f"server.{n}=h{n}:2888:3888;2181\n" for n in (1, 2, 3))
LIMITS = "initLimit=10\nsyncLimit=5\n"


def read(folder: Path, text: str, myid: str | None = "2") -> Config:
    if myid is not None:
        (folder / "myid").write_text(myid)
    path = folder / "zoo.cfg"
    path.write_text(f"dataDir={folder}\n{text}")
    return read_config(str(path), [], {})


def refused(folder: Path, text: str, myid: str | None = "2") -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, myid)
    return str(caught.value).replace(str(folder), "DIR")


def test_a_member_of_three(tmp_path: Path) -> None:
    more = "tickTime=2000\ncommitLogCount=7\nfastleader.maxNotificationInterval=900\n"
    config = read(tmp_path, LIMITS + more + THREE)
    assert config.quorum is not None
    assert encode_config(config.quorum) == (
        b"server.1=h1:2888:3888:participant;0.0.0.0:2181\n"
        b"server.2=h2:2888:3888:participant;0.0.0.0:2181\n"
        b"server.3=h3:2888:3888:participant;0.0.0.0:2181\nversion=0"
    )
    assert config.warnings == ()
    zab = zab_settings(config)
    assert (zab.server_id, zab.tick_time_ms, zab.init_limit, zab.sync_limit) == (2, 2000, 10, 5)
    assert (zab.commit_log_count, zab.max_notification_interval_ms) == (7, 900)
    assert zab.connect_ms == zab.init_ms
    assert server_settings(config).server_id == 2
    assert (config.number("clientPort"), config.string("clientPortAddress")) == (2181, "0.0.0.0")


def test_groups_and_weights(tmp_path: Path) -> None:
    text = LIMITS + THREE + "group.1=1:2\ngroup.2=3\nweight.2=3\n"
    config = read(tmp_path, text)
    assert config.quorum is not None
    assert config.quorum.groups == ((1, (1, 2)), (2, (3,)))
    assert config.quorum.weights == ((2, 3),)


def test_the_role_of_the_line_counts(tmp_path: Path) -> None:
    text = LIMITS + THREE + "server.4=h4:2888:3888:observer;2181\n"
    assert read(tmp_path, text + "peerType=observer\n", "4").warnings == ()
    said = ("server.4 says observer, which counts, and not peerType",)
    assert read(tmp_path, text, "4").warnings == said
    said = ("server.2 says participant, which counts, and not peerType",)
    assert read(tmp_path, text + "peerType=observer\n").warnings == said


def test_version_of_a_dynamic_file(tmp_path: Path) -> None:
    dynamic = tmp_path / "zoo.cfg.dynamic.10000000a"
    dynamic.write_text(THREE)
    config = read(tmp_path, f"{LIMITS}dynamicConfigFile={dynamic}\n")
    assert config.quorum is not None
    assert config.quorum.version == 0x10000000A


def test_one_server_can_be_an_ensemble(tmp_path: Path) -> None:
    text = "server.2=h:2888:3888;2181\n"
    assert read(tmp_path, text).quorum is None
    alone = read(tmp_path, f"{LIMITS}standaloneEnabled=false\n{text}").quorum
    assert alone is not None
    assert alone.voters == {2}


def test_what_is_not_served_is_named(tmp_path: Path) -> None:
    text = LIMITS + THREE + "observerMasterPort=1\nserver.4=h4:2888:3888\n"
    warnings = read(tmp_path, text).warnings
    assert warnings[0].startswith("4 participants outlive no more failures")
    assert warnings[1].endswith(":7: observerMasterPort is understood but not served yet")


def test_limits_of_a_member(tmp_path: Path) -> None:
    config = read(tmp_path, LIMITS + THREE)
    assert zab_settings(config).txn_log_sync
    assert zab_settings(config).observer_election_delay_ms == 200
    assert config.values["leaderServes"] is True
    more = "snapshotSizeFactor=-1\nleaderServes=no\ncnxTimeout=70\nobserver.election.DelayMs=9\n"
    config = read(tmp_path, LIMITS + THREE + more + "connectToLearnerMasterLimit=3\n")
    zab = zab_settings(config)
    assert (zab.txn_log_sync, zab.observer_election_delay_ms) == (False, 9)
    assert zab.connect_ms == 3 * zab.tick_time_ms
    assert (config.values["leaderServes"], config.number("cnxTimeout")) == (False, 70)
    assert storage_settings(config).snapshot_size_factor == -1


def test_local_sessions_and_read_only_mode(tmp_path: Path) -> None:
    switches = "localSessionsEnabled=true\nlocalSessionsUpgradingEnabled=true\n"
    config = read(tmp_path, LIMITS + THREE + switches + "readonlymode.enabled=true\n")
    assert config.warnings == ()
    server = server_settings(config)
    assert server.local_sessions_enabled
    assert server.local_sessions_upgrading_enabled
    assert zab_settings(config).read_only_mode
    (warning,) = read(tmp_path, LIMITS + THREE + "readonlymode.enabled=true\n").warnings
    assert "without localSessionsEnabled=true" in warning
    alone = server_settings(read(tmp_path, "clientPort=1\n" + switches))
    assert not alone.local_sessions_enabled  # as Apache's standalone server


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (THREE, "DIR/zoo.cfg: initLimit is not set; add a line such as initLimit=10"),
        (
            "initLimit=5\n" + THREE,
            "DIR/zoo.cfg: syncLimit is not set; add a line such as syncLimit=10",
        ),
        (
            LIMITS + "server.1=h:2888:3888\nserver.2=h:2889:3888\n",
            "DIR/zoo.cfg:5: server.2 and server.1 have the same address h:3888; "
            "give each its own h port",
        ),
        (
            LIMITS + "server.1=h1:2888:3888\nserver.2=h2:2888:3888:observer\n",
            "DIR/zoo.cfg:4: observers beside a single participant, which is a standalone server; "
            "add participants, or set standaloneEnabled=false",
        ),
        (
            LIMITS + THREE + "weight.1=0\nweight.2=0\nweight.3=0\ngroup.1=1:2:3\n",
            "DIR/zoo.cfg:7: no quorum can form: no server has a vote; "
            "give each participant one group and a weight",
        ),
        (
            LIMITS + THREE + "group.1=1:2\n",
            "DIR/zoo.cfg:7: votes cannot be counted: server 3 is not in a group; "
            "give each participant one group and a weight",
        ),
        (
            LIMITS + THREE + "group.1=1:2\ngroup.2=2:3\n",
            "DIR/zoo.cfg:7: votes cannot be counted: server 2 is in more than one group; "
            "give each participant one group and a weight",
        ),
        (
            LIMITS + THREE + "group.1=1:2:3\nweight.1=-1\n",
            "DIR/zoo.cfg:8: server 2 can decide without server 3, and server 3 without server 2: "
            "two leaders could serve at once; give every server a weight of 0 or more",
        ),
        (
            LIMITS + THREE + "group.1=1:2\ngroup.2=3\nweight.1=4\nweight.2=-1\n",
            "DIR/zoo.cfg:10: weight.2 is below 0; give every server a weight of 0 or more",
        ),
        (
            LIMITS + THREE + "group.1=1:2:3\nweight.1=9223372036854775807\n",
            "DIR/zoo.cfg:8: server 1 can decide without server 2, and server 2 without server 1: "
            "two leaders could serve at once; give smaller weights",
        ),
        (
            LIMITS + THREE + "clientPort=2182\n",
            "DIR/zoo.cfg:5: server.2 has client port 2181, clientPort is 2182; "
            "make them equal, or remove one",
        ),
        (
            LIMITS + THREE + "electionAlg=1\n",
            "DIR/zoo.cfg:7: electionAlg: 1 is not available, only 3 is; give a whole number, 3",
        ),
    ],
)
def test_what_stops_the_start(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text) == message


def test_myid(tmp_path: Path) -> None:
    assert refused(tmp_path, LIMITS + THREE, None) == (
        "DIR/myid: the file is missing or cannot be read; "
        "write into it which of the servers 1, 2, 3 this is"
    )
    assert refused(tmp_path, LIMITS + THREE, "7") == (
        "DIR/myid:1: there is no line server.7 for this server; the configuration has 1, 2, 3"
    )
