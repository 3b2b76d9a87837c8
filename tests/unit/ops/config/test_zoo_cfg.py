"""zoo.cfg as a whole: precedence, warnings, rules between keys, error messages."""

import base64
from pathlib import Path

import pytest

from speckeeper.ops.config.settings import server_settings
from speckeeper.ops.config.zoo_cfg import Config, ConfigError, read_config, standalone_config
from speckeeper.ops.four_letter import unknown_words


def read(
    tmp_path: Path,
    text: str,
    *options: str,
    basics: bool = True,
    environment: dict[str, str] | None = None,
) -> Config:
    path = tmp_path / "zoo.cfg"
    start = f"dataDir={tmp_path}\nclientPort=2181\n" if basics else ""
    path.write_text(start + text, encoding="iso-8859-1")
    return read_config(str(path), options, environment or {})


def refused(tmp_path: Path, text: str, *options: str, basics: bool = True) -> str:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text, *options, basics=basics)
    return str(caught.value).replace(str(tmp_path), "DIR")


def test_the_file_that_apache_ships(tmp_path: Path) -> None:
    config = read(tmp_path, "tickTime=2000\ninitLimit=10\nsyncLimit=5\n")
    assert config.number("tickTime") == 2000
    assert config.number("minSessionTimeout") == 4000
    assert config.number("maxSessionTimeout") == 40000
    assert config.string("dataLogDir") == str(tmp_path)
    assert config.members == ()


def test_initial_configuration_is_the_text_of_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, "# a comment\n")
    assert config.text == (tmp_path / "zoo.cfg").read_text()


def test_keys_and_values_are_trimmed(tmp_path: Path) -> None:
    assert read(tmp_path, "  tickTime  :  1500  \n").number("tickTime") == 1500


def test_unknown_key_warns_with_a_suggestion(tmp_path: Path) -> None:
    warnings = read(tmp_path, "maxClientCnxn=3\nfrobnicate=1\n").warnings
    assert warnings[0].endswith(
        "zoo.cfg:3: unknown key maxClientCnxn, did you mean maxClientCnxns?"
    )
    assert warnings[1].endswith("zoo.cfg:4: unknown key frobnicate, it is ignored")


def test_duplicate_key_warns_and_the_last_one_counts(tmp_path: Path) -> None:
    config = read(tmp_path, "tickTime=1000\ntickTime=1500\n")
    assert config.number("tickTime") == 1500
    assert "tickTime was already set" in config.warnings[0]


def test_later_keys_warn_only_when_they_differ_from_the_default(tmp_path: Path) -> None:
    config = read(
        tmp_path, "admin.httpVersion=20\nsslQuorum=false\ntcpKeepAlive=false\ninitLimit=5\n"
    )
    assert [warning.split(": ", 1)[1] for warning in config.warnings] == [
        "admin.httpVersion is understood but not served yet (TLS)"
    ]


def test_system_properties_with_and_without_prefix(tmp_path: Path) -> None:
    config = read(tmp_path, "zookeeper.snapCount=5\nforceSync=no\njute.maxbuffer=0x200000\n")
    assert config.number("snapCount") == 5
    assert config.values["forceSync"] is False
    assert config.number("jute.maxbuffer") == 2 * 1024 * 1024


def test_keys_of_the_first_group_have_no_prefix(tmp_path: Path) -> None:
    assert "unknown key zookeeper.tickTime" in read(tmp_path, "zookeeper.tickTime=5\n").warnings[0]


def test_apache_names_of_throttle_properties_are_aliases(tmp_path: Path) -> None:
    config = read(tmp_path, "connection_throttle_tokens=7\n")
    assert config.section("server")["connection_max_tokens"] == 7


def test_options_count_unless_the_file_has_the_key(tmp_path: Path) -> None:
    config = read(
        tmp_path, "snapCount=9\n", "zookeeper.snapCount=5", "zookeeper.4lw.commands.whitelist=*"
    )
    assert config.number("snapCount") == 9
    assert config.values["4lw.commands.whitelist"] == ("*",)
    assert "sets snapCount too, and the file counts" in config.warnings[0]


def test_jvm_flags_of_the_environment(tmp_path: Path) -> None:
    environment = {
        "SERVER_JVMFLAGS": "-Xmx1g -Dzookeeper.snapCount=11 '-Dzookeeper.ensembleAuthName=a, b'",
        "JVMFLAGS": "-Dzookeeper.snapCount=12 -Djava.net.preferIPv4Stack=true",
    }
    config = read(tmp_path, "", environment=environment)
    assert config.number("snapCount") == 12
    assert config.values["ensembleAuthName"] == ("a", "b")
    assert config.warnings == ()
    config = read(tmp_path, "", "zookeeper.snapCount=13", environment=environment)
    assert config.number("snapCount") == 13


def test_zkserver_switch_against_creating_directories(tmp_path: Path) -> None:
    environment = {"ZOO_DATADIR_AUTOCREATE_DISABLE": "1"}
    assert read(tmp_path, "", environment=environment).values["datadir.autocreate"] is False


def test_unknown_zookeeper_property_warns_and_foreign_ones_do_not(tmp_path: Path) -> None:
    environment = {"JVMFLAGS": "-Dzookeeper.snapcount=1 -Dcom.sun.management.jmxremote"}
    assert read(tmp_path, "", environment=environment).warnings == (
        "JVMFLAGS -Dzookeeper.snapcount: unknown key zookeeper.snapcount, did you mean snapCount?",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "tickTime=abc",
            "DIR/zoo.cfg:3: tickTime: 'abc' is not a whole number; "
            "give a whole number of ms, at least 1",
        ),
        (
            "\nsyncEnabled=yes",
            "DIR/zoo.cfg:4: syncEnabled: 'yes' is neither true nor false; give true or false",
        ),
        (
            "minSessionTimeout=9\nmaxSessionTimeout=8",
            "DIR/zoo.cfg:3: minSessionTimeout 9 is larger than maxSessionTimeout 8; swap them",
        ),
        (
            "tickTime=2000\nmaxSessionTimeout=1000",
            "DIR/zoo.cfg:4: minSessionTimeout 4000 is larger than maxSessionTimeout 1000 "
            "(minSessionTimeout is not set: 2 * tickTime 2000); "
            "set it to 4000 or more, or set both",
        ),
        (
            "tickTime=2000\nminSessionTimeout=50000",
            "DIR/zoo.cfg:4: minSessionTimeout 50000 is larger than maxSessionTimeout 40000 "
            "(maxSessionTimeout is not set: 20 * tickTime 2000); "
            "set it to 40000 or less, or set both",
        ),
        (
            "secureClientPortAddress=localhost",
            "DIR/zoo.cfg:3: secureClientPortAddress is set but secureClientPort is not; "
            "set secureClientPort too",
        ),
        (
            "server.1=a:2888:2888",
            "DIR/zoo.cfg:3: server.1: the quorum port and the election port must differ; "
            "write host:quorumPort:electionPort[:participant|:observer]"
            "[;[clientHost:]clientPort]",
        ),
        (
            "server.1=a:2888:3888:observer",
            "DIR/zoo.cfg:3: no server.N line has the role participant; "
            "add a participant, or leave all server.N lines out",
        ),
        (
            "server.1=a:2888:3888;2182",
            "DIR/zoo.cfg:3: server.1 has client port 2182, clientPort is 2181; "
            "make them equal, or remove one",
        ),
        (
            "enforce.auth.enabled=true",
            "DIR/zoo.cfg:3: enforce.auth.enabled=true but enforce.auth.schemes is not set; "
            "list schemes, such as digest",
        ),
        (
            "enforce.auth.enabled=true\nenforce.auth.schemes=digest, x509",
            "DIR/zoo.cfg:4: enforce.auth.schemes: scheme x509 is not available; "
            "use digest, ip, world, ensemble",
        ),
        (
            "emulate353TTLNodes=true",
            "DIR/zoo.cfg:3: emulate353TTLNodes=true: TTL nodes as 3.5.3 wrote them cannot be "
            "read; let Apache ZooKeeper delete them first",
        ),
        (
            "DigestAuthenticationProvider.digestAlg=RipeMD1600",
            "DIR/zoo.cfg:3: DigestAuthenticationProvider.digestAlg: there is no hash RipeMD1600; "
            "use SHA1, SHA-256, SHA-512 or SHA3-256",
        ),
        (
            "server.x=a:1:2",
            "DIR/zoo.cfg:3: server.x: the id of a member is not a number; "
            "write server.N with a whole number N",
        ),
        (
            "server.1=a:1:2\ndynamicConfigFile=x",
            "DIR/zoo.cfg:3: server.1 stands beside dynamicConfigFile; move it to x",
        ),
        (
            "a=\\u12",
            "DIR/zoo.cfg:3: malformed escape \\u12; write four hexadecimal digits after \\u",
        ),
    ],
)
def test_what_stops_the_start(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text + "\n") == message


def test_data_dir_and_client_port_must_be_set(tmp_path: Path) -> None:
    assert refused(tmp_path, "clientPort=2181\n", basics=False) == (
        "DIR/zoo.cfg: dataDir is not set; add a line such as dataDir=/var/lib/zookeeper"
    )
    assert refused(tmp_path, "dataDir=/x\n", basics=False) == (
        "DIR/zoo.cfg: clientPort is not set; add a line such as clientPort=2181"
    )


def test_bad_options_name_the_option(tmp_path: Path) -> None:
    assert refused(tmp_path, "", "zookeeper.snapCount=x") == (
        "-Dzookeeper.snapCount: 'x' is not a whole number; give a whole number"
    )
    assert refused(tmp_path, "", "zookeeper.snapCount") == (
        "-Dzookeeper.snapCount: a value is missing; write -Dname=value"
    )


def test_missing_file_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config("/no/such/zoo.cfg", [], {})
    assert str(caught.value) == (
        "/no/such/zoo.cfg: no such file or directory; name a readable configuration file"
    )


def test_one_server_line_runs_standalone_on_its_client_address(tmp_path: Path) -> None:
    text = f"dataDir={tmp_path}\nserver.1=localhost:2888:3888;127.0.0.1:2191\n"
    config = read(tmp_path, text, basics=False)
    assert config.number("clientPort") == 2191
    assert config.string("clientPortAddress") == "127.0.0.1"
    assert config.warnings == ("only one server.N line (server.1): running standalone",)


def test_the_configuration_of_the_docker_image(tmp_path: Path) -> None:
    (tmp_path / "myid").write_text("1\n")
    text = (
        f"dataDir={tmp_path}\ndataLogDir={tmp_path}/log\ntickTime=2000\ninitLimit=5\nsyncLimit=2\n"
        "autopurge.snapRetainCount=3\nautopurge.purgeInterval=0\nmaxClientCnxns=60\n"
        "standaloneEnabled=true\nadmin.enableServer=true\nserver.1=localhost:2888:3888;2181\n"
    )
    config = read(tmp_path, text, basics=False)
    assert (config.number("clientPort"), config.string("clientPortAddress")) == (2181, "0.0.0.0")
    assert config.server_id == 1


def test_dynamic_configuration_file(tmp_path: Path) -> None:
    dynamic = tmp_path / "zoo.cfg.dynamic.100000000"
    dynamic.write_text("server.1=localhost:2888:3888:participant;0.0.0.0:2181\n")
    config = read(tmp_path, f"dynamicConfigFile={dynamic}\n")
    assert [member.id for member in config.members] == [1]
    dynamic.write_text("server.1=localhost:2888:3888\ntickTime=5\n")
    assert refused(tmp_path, f"dynamicConfigFile={dynamic}\n") == (
        "DIR/zoo.cfg.dynamic.100000000:2: unrecognised parameter tickTime; "
        "keep only server.N, group.N and weight.N in a dynamic file"
    )


def test_myid_must_be_a_number(tmp_path: Path) -> None:
    (tmp_path / "myid").write_text("one\n")
    assert refused(tmp_path, "") == (
        "DIR/myid:1: 'one' is not a number; write the server's number, 1 to 255, into it"
    )
    (tmp_path / "myid").write_text("255\n")
    assert "is above 254" in refused(tmp_path, "extendedTypesEnabled=true\n")


def test_too_few_snapshots_to_keep_become_three(tmp_path: Path) -> None:
    config = read(tmp_path, "autopurge.snapRetainCount=1\nautopurge.purgeInterval=2\n")
    assert config.section("purge") == {"interval_ms": 2 * 3600 * 1000}
    assert config.section("storage")["snap_retain_count"] == 3
    assert "autopurge.snapRetainCount 1 is too small" in config.warnings[0]


def test_relative_paths_warn_unless_they_begin_with_a_dot(tmp_path: Path) -> None:
    text = "clientPort=2181\ndataDir=data\ndataLogDir=./log\n"
    warnings = read(tmp_path, text, basics=False).warnings
    assert warnings == ("dataDir data is relative; write ./data if that is meant",)


def test_sizes_are_scaled_to_bytes_and_switches_are_not(tmp_path: Path) -> None:
    config = read(tmp_path, "snapSizeLimitInKb=64\n")
    assert config.section("server")["snap_size_limit_bytes"] == 64 * 1024
    config = read(tmp_path, "snapSizeLimitInKb=-1\n")
    assert config.section("server")["snap_size_limit_bytes"] == -1


@pytest.mark.parametrize(
    ("text", "address"), [("[::1]", "::1"), ("::1", "::1"), ("", "127.0.0.1"), ("h.x", "h.x")]
)
def test_addresses_as_java_reads_them(tmp_path: Path, text: str, address: str) -> None:
    config = read(tmp_path, f"clientPortAddress={text}\n")
    assert config.string("clientPortAddress") == address


def test_standalone_arguments() -> None:
    config = standalone_config(["2182", "/data", "1000", "5"], [], {})
    assert config.number("clientPort") == 2182
    assert config.string("dataDir") == "/data"
    assert config.number("tickTime") == 1000
    assert config.number("maxClientCnxns") == 5


def test_standalone_arguments_have_apache_defaults() -> None:
    config = standalone_config(["2182", "/data"], [], {})
    assert config.number("tickTime") == 3000
    assert config.number("maxClientCnxns") == 0  # ServerConfig, as opposed to the 60 of a file


def test_no_arguments_at_all() -> None:
    config = standalone_config([], [], {})
    assert config.number("clientPort") == 2181
    assert config.string("dataDir") == "./var/data"
    assert config.number("maxClientCnxns") == 60


@pytest.mark.parametrize("arguments", [["2181"], ["1", "2", "3", "4", "5"]])
def test_wrong_number_of_arguments(arguments: list[str]) -> None:
    with pytest.raises(ConfigError, match="wrong number of arguments"):
        standalone_config(arguments, [], {})


def test_bad_standalone_argument() -> None:
    with pytest.raises(ConfigError) as caught:
        standalone_config(["99999", "/data"], [], {})
    assert str(caught.value) == (
        "command line: clientPort: 99999 is out of range; give a whole number, 0 to 65535"
    )


def test_limits_that_apache_takes_as_none(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "autopurge.purgeInterval=-1\nmaxClientCnxns=-1\nmaxCnxns=-1\nglobalOutstandingLimit=0\n",
    )
    settings = server_settings(config)
    assert (settings.max_client_cnxns, settings.max_cnxns) == (0, 0)
    assert settings.global_outstanding_limit == 0
    assert config.warnings == ()


def test_the_least_snap_count_is_two(tmp_path: Path) -> None:
    config = read(tmp_path, "snapCount=1\n")
    assert config.number("snapCount") == 2
    assert config.warnings == ("snapCount 1 is too small, it counts as 2",)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("server.1=localhost:2888", "server.1: 'localhost:2888' is not host:quorumPort:elec"),
        ("DigestAuthenticationProvider.superDigest=super:secret", "no SHA1 hash in base64; make"),
        (
            "tickTime=99999999999",
            "tickTime: 99999999999 is out of range, the largest is 2147483647",
        ),
        ("electionAlg=0", "electionAlg: 0 is not available, only 3 is"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, line: str, part: str) -> None:
    assert part in refused(tmp_path, line)


def test_a_super_digest_of_another_hash(tmp_path: Path) -> None:
    digest = base64.b64encode(bytes(32)).decode()
    name = "DigestAuthenticationProvider.superDigest"
    lines = f"{name}=super:{digest}\nDigestAuthenticationProvider.digestAlg=SHA3-256\n"
    assert read(tmp_path, lines).values[name] == f"super:{digest}"
    error = refused(tmp_path, lines.replace("SHA3-256", "SHA-512"))
    assert "openssl dgst -sha512 -binary" in error


def test_a_byte_order_mark_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bom.cfg"
    path.write_bytes(b"\xef\xbb\xbfdataDir=/data\nclientPort=1\n")
    with pytest.raises(ConfigError, match="byte order mark"):
        read_config(str(path))


def test_a_line_without_a_key(tmp_path: Path) -> None:
    assert "the key before =x is empty" in read(tmp_path, "=x\n").warnings[0]


def test_unknown_words_on_the_whitelist(tmp_path: Path) -> None:
    config = read(tmp_path, "4lw.commands.whitelist=ruok, srvrr, *, qqqqq\n")
    assert list(unknown_words(config)) == [
        "4lw.commands.whitelist: there is no word srvrr, did you mean srvr?",
        "4lw.commands.whitelist: there is no word qqqqq, it is ignored",
    ]
