"""JAAS files and the keys of SASL: what comes of them, and what stops the start."""

from pathlib import Path

import pytest

from speckeeper.net.peer_auth import PeerAuth
from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.jaas import read_jaas
from speckeeper.ops.config.sasl_settings import peer_auth
from speckeeper.ops.config.settings import server_settings
from speckeeper.ops.config.zoo_cfg import Config, read_config
from speckeeper.server.settings import SaslSettings
from speckeeper.tree.schemes import SaslScheme

JAAS = r"""
// what Java takes for a comment
Server {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    user_super="adminsecret"   # and this
    user_bob="bob\"secret";
};
/* Client { nothing };
*/
Client {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    username="bob" password="bobsecret";
};
"""
PROVIDER = "authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider\n"


def read(tmp_path: Path, text: str, jaas: str = JAAS) -> Config:
    (tmp_path / "jaas.conf").write_text(jaas)
    path = tmp_path / "zoo.cfg"
    path.write_text(
        f"dataDir={tmp_path}\nclientPort=2181\n{text}".replace("JAAS", f"{tmp_path}/jaas.conf")
    )
    return read_config(str(path), (), {})


def test_users_of_a_jaas_file(tmp_path: Path) -> None:
    settings = server_settings(
        read(
            tmp_path,
            "java.security.auth.login.config=JAAS\nsuperUser=bob\nsuperUser.2=eve\n"
            "SASLAuthenticationProvider.superPassword=other\nletAnySaslUserDoX=reader\n" + PROVIDER,
        )
    )
    assert settings.sasl == SaslSettings(
        {"super": "other", "bob": 'bob"secret'}, frozenset({"bob", "eve"})
    )
    assert "secret" not in repr(settings)
    scheme = settings.policy.schemes["sasl"]
    assert isinstance(scheme, SaslScheme)
    assert scheme.reader == "reader"
    assert settings.enforce_auth_schemes == ()


def test_without_a_file_there_is_no_sasl(tmp_path: Path) -> None:
    settings = server_settings(read(tmp_path, ""))
    assert settings.sasl is None
    assert "sasl" not in settings.policy.schemes


def test_without_its_section_there_is_no_sasl(tmp_path: Path) -> None:
    text = "java.security.auth.login.config=JAAS\n"
    assert server_settings(read(tmp_path, text, "Client {};\n")).sasl is None


def test_sasl_can_be_required(tmp_path: Path) -> None:
    text = "java.security.auth.login.config=JAAS\nsessionRequireClientSASLAuth=true\n"
    assert server_settings(read(tmp_path, text)).enforce_auth_schemes == ("sasl",)


def test_schemes_can_be_enforced_that_a_provider_brings(tmp_path: Path) -> None:
    text = "enforce.auth.enabled=true\nenforce.auth.schemes=sasl,digest\n" + PROVIDER
    assert server_settings(read(tmp_path, text)).enforce_auth_schemes == ("sasl", "digest")


def test_a_class_that_is_not_there_is_named(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, "authProvider.7=com.example.Auth\n").warnings
    assert warning == (
        "authProvider.7: com.example.Auth is a Java class that is not there, it is ignored"
    )


@pytest.mark.parametrize(
    ("text", "jaas", "message"),
    [
        (
            "sessionRequireClientSASLAuth=true\n",
            JAAS,
            "DIR/zoo.cfg:3: sessionRequireClientSASLAuth=true and java.security.auth.login.config "
            "is not set, so that nobody could be served; name the JAAS file with the users",
        ),
        (
            "java.security.auth.login.config=/none/x\n",
            JAAS,
            "/none/x: no such file or directory; name a readable JAAS file",
        ),
        (
            "java.security.auth.login.config=JAAS\nsasl.serverconfig=Other\n",
            JAAS,
            "DIR/zoo.cfg:3: DIR/jaas.conf has no section Other; "
            "write it, or set sasl.serverconfig to one that is there",
        ),
        (
            "java.security.auth.login.config=JAAS\n",
            "Server {\n  com.sun.security.auth.module.Krb5LoginModule required;\n};\n",
            "DIR/jaas.conf:2: section Server: com.sun.security.auth.module.Krb5LoginModule is not "
            "available; use org.apache.zookeeper.server.auth.DigestLoginModule",
        ),
    ],
)
def test_what_stops_the_start(tmp_path: Path, text: str, jaas: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        server_settings(read(tmp_path, text, jaas))
    assert str(raised.value).replace(str(tmp_path), "DIR") == message


@pytest.mark.parametrize(
    ("jaas", "message"),
    [
        ("Server {\n  X required\n  user=geheim\n}\n", "4: } where an option is expected"),
        ("Server {\n  X needed;\n};\n", "2: needed is no flag; write one of required"),
        ('Server {\n  X required user="geheim\n', "2: a text does not end"),
        ('Server {\n  X required "a" "geheim"\n', "2: a text stands where = is expected"),
        ("Server {\n  X required;\n", "3: the file ends where a login module is expected"),
        ("Server {\n  X required;\n}\n", "4: the file ends where ; is expected"),
    ],
)
def test_what_is_wrong_in_a_jaas_file(tmp_path: Path, jaas: str, message: str) -> None:
    path = tmp_path / "jaas.conf"
    path.write_text(jaas)
    with pytest.raises(ConfigError) as raised:
        read_jaas(str(path))
    assert f"{path}:{message}" in str(raised.value)
    assert "geheim" not in str(raised.value)


ENSEMBLE = (
    "initLimit=5\nsyncLimit=2\n"
    + "".join(f"server.{i}=127.0.0.1:{20000 + i}:{30000 + i}\n" for i in (1, 2, 3))
    + "java.security.auth.login.config=JAAS\n"
)
MODULE = "org.apache.zookeeper.server.auth.DigestLoginModule"
PEERS = (
    f'QuorumServer {{ {MODULE} required user_member="one"; }};\n'
    f'QuorumLearner {{ {MODULE} required username="member" password="one"; }};\n'
)
ENABLED = "quorum.auth.enableSasl=true\n"
CALLS, REQUIRED = "quorum.auth.learnerRequireSasl=true\n", "quorum.auth.serverRequireSasl=true\n"


def member(tmp_path: Path, text: str, jaas: str = PEERS) -> PeerAuth | None:
    (tmp_path / "myid").write_text("1")
    return peer_auth(read(tmp_path, ENSEMBLE + text, jaas))


def test_servers_that_authenticate(tmp_path: Path) -> None:
    users = {"member": "one"}
    assert member(tmp_path, "") is None
    assert member(tmp_path, ENABLED) == PeerAuth(users, None, False)
    assert member(tmp_path, ENABLED + CALLS) == PeerAuth(users, ("member", "one"), False)
    all_of_it = member(tmp_path, ENABLED + CALLS + REQUIRED)
    assert all_of_it == PeerAuth(users, ("member", "one"), True)
    assert "one" not in repr(all_of_it)


@pytest.mark.parametrize(
    ("text", "jaas", "message"),
    [
        (CALLS, PEERS, "learnerRequireSasl=true without quorum.auth.enableSasl=true; set both"),
        (ENABLED + REQUIRED, PEERS, "servers would turn each other away; set quorum.auth.learner"),
        (ENABLED, "", "has no section QuorumServer; write it, or set quorum.auth.server.sasl"),
        (
            ENABLED + CALLS,
            PEERS.replace("username", "name"),
            "jaas.conf:2: section QuorumLearner: username or password is missing; write both",
        ),
    ],
)
def test_what_stops_the_start_of_a_member(
    tmp_path: Path, text: str, jaas: str, message: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        member(tmp_path, text, jaas)
    assert message in str(raised.value)
