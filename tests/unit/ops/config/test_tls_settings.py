"""What zoo.cfg says of TLS: what comes of it, and what stops the start."""

from pathlib import Path

import pytest

from speckeeper.net.tls.settings import ClientAuth, StoreSettings
from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.settings import policy
from speckeeper.ops.config.tls_settings import (
    admin_tls,
    client_tls,
    dials_with_tls,
    quorum_tls,
)
from speckeeper.ops.config.zoo_cfg import Config, read_config
from speckeeper.tree.schemes import X509Scheme

STORES = "ssl.keyStore.location=/k.jks\nssl.trustStore.location=/t.pem\n"
QUORUM_STORES = STORES.replace("ssl.", "ssl.quorum.")
MEMBERS = "initLimit=5\nsyncLimit=2\n" + "".join(
    f"server.{i}=127.0.0.1:{20000 + i}:{30000 + i}\n" for i in (1, 2, 3)
)


def read(tmp_path: Path, text: str) -> Config:
    (tmp_path / "myid").write_text("1")
    path = tmp_path / "zoo.cfg"
    path.write_text(f"dataDir={tmp_path}\n{text}")
    return read_config(str(path), (), {})


def test_a_port_for_tls_alone(tmp_path: Path) -> None:
    config = read(tmp_path, "secureClientPort=2281\n" + STORES)
    assert config.values["clientPort"] is None
    tls = client_tls(config)
    assert tls is not None
    assert tls.key_store == StoreSettings(Path("/k.jks"), "JKS")
    assert tls.trust_store == StoreSettings(Path("/t.pem"), "PEM")
    assert tls.client_auth is ClientAuth.NEED
    assert tls.protocols == ("TLSv1.2", "TLSv1.3")
    assert not tls.plain_too
    assert isinstance(policy(config).schemes["x509"], X509Scheme)


def test_without_tls_there_is_none_of_it(tmp_path: Path) -> None:
    config = read(tmp_path, "clientPort=2181\n" + STORES)
    assert client_tls(config) is None
    assert quorum_tls(config) is None
    assert "x509" not in policy(config).schemes


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("geheim\n")
    config = read(
        tmp_path,
        "clientPort=2181\nclient.portUnification=true\nclient.certReload=true\n"
        "ssl.keyStore.location=/k\nssl.keyStore.type=pkcs12\nssl.keyStore.password=no\n"
        f"ssl.keyStore.passwordPath={tmp_path}/secret\n"
        "ssl.clientAuth=none\nssl.protocol=TLSv1.2\n"
        "ssl.ciphersuites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n"
        "ssl.clientHostnameVerification=true\nssl.handshakeDetectionTimeoutMillis=700\n"
        "netty.server.outstandingHandshake.limit=5\nauthProvider.x509="
        "org.apache.zookeeper.server.auth.X509AuthenticationProvider\n"
        "X509AuthenticationProvider.superUser=CN=root\n",
    )
    tls = client_tls(config)
    assert tls is not None
    assert tls.key_store == StoreSettings(Path("/k"), "PKCS12", "geheim")
    assert "geheim" not in repr(tls)
    assert (tls.trust_store, tls.client_auth) == (None, ClientAuth.NONE)
    assert (tls.protocols, tls.ciphers) == (
        ("TLSv1.2",),
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",),
    )
    assert tls.verify_client
    assert tls.plain_too
    assert tls.reload
    assert (tls.detection_s, tls.most_handshakes) == (0.7, 5)
    scheme = policy(config).schemes["x509"]
    assert scheme.matches("CN=root", "CN=anybody")


def test_servers_by_tls(tmp_path: Path) -> None:
    config = read(tmp_path, "clientPort=2181\nsslQuorum=true\n" + QUORUM_STORES + MEMBERS)
    tls = quorum_tls(config)
    assert tls is not None
    assert dials_with_tls(config)
    assert tls.verify_server
    assert not tls.verify_client  # as Apache in FIPS mode, its default
    changing = read(tmp_path, "clientPort=2181\nportUnification=true\n" + QUORUM_STORES + MEMBERS)
    tls = quorum_tls(changing)
    assert tls is not None
    assert tls.plain_too
    assert not dials_with_tls(changing)


def test_out_of_fips_mode_addresses_of_servers_are_looked_for(tmp_path: Path) -> None:
    text = "clientPort=2181\nsslQuorum=true\nfips-mode=false\n" + QUORUM_STORES + MEMBERS
    tls = quorum_tls(read(tmp_path, text))
    assert tls is not None
    assert tls.verify_client


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "secureClientPort=2281\n",
            "DIR/zoo.cfg:2: secureClientPort asks for TLS, and ssl.keyStore.location is not set; "
            "name the file with the private key and its certificate",
        ),
        (
            "secureClientPort=2281\nssl.keyStore.location=/k.pem\n",
            "DIR/zoo.cfg:2: ssl.trustStore.location is not set, so that nobody's certificate can "
            "be trusted; name the file with those to trust, or set ssl.clientAuth=none",
        ),
        (
            "secureClientPort=2281\nssl.keyStore.location=/k.store\n",
            "DIR/zoo.cfg:3: ssl.keyStore.location: what kind of store k.store is cannot be told "
            "from its name; set ssl.keyStore.type=JKS, PEM or PKCS12",
        ),
        (
            "secureClientPort=2281\n" + STORES + "ssl.crl=true\n",
            "DIR/zoo.cfg:5: ssl.crl=true: revoked certificates cannot be looked for; "
            "remove it, and take such certificates away",
        ),
        (
            "secureClientPort=2281\n" + STORES + "ssl.enabledProtocols=TLSv1.1\n",
            "DIR/zoo.cfg:5: ssl.enabledProtocols: TLSv1.1 is not available; use TLSv1.2 or TLSv1.3",
        ),
        (
            "secureClientPort=2281\n" + STORES + "ssl.ciphersuites=TLS_NONE_WITH_NOTHING\n",
            "DIR/zoo.cfg:5: ssl.ciphersuites: cipher suite TLS_NONE_WITH_NOTHING is not known; "
            "name others, or remove it",
        ),
        (
            "secureClientPort=2281\n" + STORES + "ssl.keyStore.passwordPath=/none/x\n",
            "DIR/zoo.cfg:5: ssl.keyStore.passwordPath: /none/x: no such file or directory; "
            "name a file with the password alone",
        ),
        (
            "clientPort=2181\nsslQuorum=true\n" + MEMBERS,
            "DIR/zoo.cfg:3: sslQuorum asks for TLS, and ssl.quorum.keyStore.location is not set; "
            "name the file with the private key and its certificate",
        ),
    ],
)
def test_what_stops_the_start(tmp_path: Path, text: str, message: str) -> None:
    config = read(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        quorum_tls(config) if "sslQuorum" in text else client_tls(config)
    assert message in str(raised.value).replace(str(tmp_path), "DIR")


def test_admin_server_has_the_stores_between_servers(tmp_path: Path) -> None:
    config = read(tmp_path, "clientPort=2181\nadmin.forceHttps=true\n" + QUORUM_STORES)
    tls = admin_tls(config)
    assert tls is not None
    assert tls.key_store == StoreSettings(Path("/k.jks"), "JKS")
    assert tls.client_auth is ClientAuth.NONE
    assert not tls.plain_too
    assert not tls.verify_client
    both = "clientPort=2181\nadmin.portUnification=true\nadmin.needClientAuth=true\n"
    tls = admin_tls(read(tmp_path, both + QUORUM_STORES))
    assert tls is not None
    assert tls.plain_too
    assert tls.client_auth is ClientAuth.NEED
    tls = admin_tls(read(tmp_path, both + "admin.forceHttps=true\n" + QUORUM_STORES))
    assert tls is not None
    assert not tls.plain_too
    assert admin_tls(read(tmp_path, "clientPort=2181\n" + QUORUM_STORES)) is None
    off = "clientPort=2181\nadmin.forceHttps=true\nadmin.enableServer=false\n"
    assert admin_tls(read(tmp_path, off)) is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("admin.needClientAuth=true", "which only TLS can show; set admin.forceHttps=true too"),
        ("admin.forceHttps=true", "asks for TLS, and ssl.quorum.keyStore.location is not set"),
        (
            "admin.forceHttps=true\nssl.quorum.keyStore.location=/k.pem",
            "ssl.quorum.trustStore.location is not set",
        ),
    ],
)
def test_admin_server_that_would_be_less_guarded(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        admin_tls(read(tmp_path, f"clientPort=2181\n{lines}\n"))
