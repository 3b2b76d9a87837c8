"""The shell by TLS, against a server that wants certificates of its clients."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    pkcs12,
)
from tests.ports import free_port
from tests.unit.net.tls.authority import Authority
from tests.unit.ops.live import live, run

from speckeeper.ops.shell import main
from speckeeper.ops.tls_trouble import HUNG_UP

KEEPER = Path(__file__).parents[2] / "net" / "tls" / "data"


@dataclass
class World:
    """A server with a secure port, and what a client needs for it."""

    folder: Path
    authority: Authority
    port: int
    plain_port: int

    def key_store(self, name: str, authority: Authority | None = None) -> str:
        """Return the line that names a certificate."""
        made = (authority or self.authority).make(name)
        path = made.write(self.folder / f"{name}.pem")
        return f"zookeeper.ssl.keyStore.location={path}"

    @property
    def trusted(self) -> str:
        return f"zookeeper.ssl.trustStore.location={self.folder / 'trusted.pem'}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("tls")
    authority, port = Authority(), free_port()
    key_store = authority.make("server", addresses=()).write(folder / "server.pem")
    trusted = authority.write(folder / "trusted.pem")
    with live(
        folder,
        f"secureClientPort={port}",
        "secureClientPortAddress=127.0.0.1",
        f"ssl.keyStore.location={key_store}",
        f"ssl.trustStore.location={trusted}",
    ) as server:
        yield World(folder, authority, port, server.port)


@pytest.fixture
def shell(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Any:
    """Run the shell with lines of a client configuration; return exit code, output and errors."""

    def run_shell(
        *lines: str,
        command: str = "whoami",
        host: str = "localhost",
        port: int = 0,
        wait: bool = True,
        timeout_ms: int = 10_000,
        script: str = "",
    ) -> tuple[int, str, str]:
        file = tmp_path / "cc.props"
        file.write_text("\n".join(("zookeeper.client.secure=true", *lines, "")))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(script.encode())))
        server = f"{host}:{port or world.port}"
        code = main.run(server, timeout_ms, False, wait, str(file), command.split())
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run_shell


def test_the_certificate_says_who_the_session_is(world: World, shell: Any) -> None:
    code, out, err = shell(world.key_store("alice"), world.trusted)
    assert (code, err) == (0, "")
    assert "x509: CN=alice,O=org" in out


def test_a_pkcs12_store_with_a_password_from_a_file(world: World, shell: Any) -> None:
    made = world.authority.make("bob")
    store = world.folder / "bob.p12"
    store.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"bob", made.key, made.certificate, None, BestAvailableEncryption(b"pw")
        )
    )
    secret = world.folder / "secret"
    secret.write_text("pw\n")
    lines = (
        "zookeeper.clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty",
        f"zookeeper.ssl.keyStore.location={store}",
        f"zookeeper.ssl.keyStore.passwordPath={secret}",
        world.trusted,
    )
    code, out, _ = shell(*lines)
    assert code == 0
    assert "x509: CN=bob,O=org" in out


def test_replies_that_come_at_once_are_all_read(world: World, shell: Any) -> None:
    """Replies in one record: without a look into OpenSSL the next would wait for the ping."""
    script = "create /many\n" + "".join(f"create /many/{n}\n" for n in range(200))
    script += "ls /many\naddWatch /many\ndeleteall /many\nls /\nquit\n"
    begin = time.monotonic()
    code, out, err = shell(
        world.key_store("alice"), world.trusted, command="", script=script, timeout_ms=40_000
    )
    assert time.monotonic() - begin < 10  # the first ping is due after 13 s
    assert code == 0, err
    assert out.count("NodeDeleted") == 201
    assert "[zookeeper]" in out


REFUSED = {
    "no certificate": (
        lambda world: [world.trusted],
        {},
        HUNG_UP,
    ),
    "a stranger's": (
        lambda world: [world.key_store("eve", Authority("stranger")), world.trusted],
        {},
        HUNG_UP,
    ),
    "a server of another authority": (
        lambda world: [world.key_store("alice")],
        {},
        "; name the authority by zookeeper.ssl.trustStore.location",
    ),
    "another name": (
        lambda world: [world.key_store("alice"), world.trusted],
        {"host": "127.0.0.1"},
        "use a name that it is for, or zookeeper.ssl.hostnameVerification=false",
    ),
}


@pytest.mark.parametrize(("lines", "where", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_who_is_refused_is_told_why(
    world: World, shell: Any, lines: Any, where: dict[str, Any], said: str
) -> None:
    code, _, err = shell(*lines(world), wait=False, **where)
    assert code == 1
    assert said in err


def test_the_plain_port_is_told_apart(world: World, shell: Any) -> None:
    lines = world.key_store("alice"), world.trusted
    code, _, err = shell(*lines, port=world.plain_port, wait=False)
    assert code == 1
    assert "speaks no TLS" in err


def test_without_verification_any_name_will_do(world: World, shell: Any) -> None:
    lines = (world.key_store("alice"), world.trusted, "zookeeper.ssl.hostnameVerification=false")
    assert shell(*lines, host="127.0.0.1")[0] == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("zookeeper.ssl.keyStore.location=/no.pem", ":2: /no.pem: no such file or directory; "),
        ("zookeeper.ssl.trustStore.location=/no.jks", ":2: /no.jks: no such file or directory; "),
        ("zookeeper.ssl.keyStore.location=/x", ":2: zookeeper.ssl.keyStore.location: what kind "),
        (f"zookeeper.ssl.keyStore.location={KEEPER / 'keeper.jks'}", "cannot be read as JKS"),
        ("zookeeper.ssl.crl=true", ":2: zookeeper.ssl.crl=true: revoked certificates cannot be "),
        ("zookeeper.ssl.enabledProtocols=TLSv1", ":2: zookeeper.ssl.enabledProtocols: TLSv1 is "),
        ("zookeeper.ssl.ciphersuites=nonsense", ":2: zookeeper.ssl.ciphersuites: none of the "),
        ("zookeeper.ssl.context.supplier.class=X", ":2: zookeeper.ssl.context.supplier.class: "),
        ("zookeeper.client.secure=1", ":2: zookeeper.client.secure: "),
    ],
)
def test_what_cannot_be_used_is_named(shell: Any, line: str, said: str) -> None:
    code, _, err = shell(line)
    assert code == 2
    assert err.count("\n") == 1
    assert said in err


def test_a_slip_is_pointed_out(world: World, shell: Any) -> None:
    lines = (world.key_store("alice"), world.trusted, "zookeeper.ssl.trustStore.locatoin=/x")
    code, _, err = shell(*lines)
    assert code == 0
    assert ":4: unknown key zookeeper.ssl.trustStore.locatoin, did you mean" in err


def test_status_and_its_refusals_by_tls(world: World, tmp_path: Path) -> None:
    file = tmp_path / "cc.props"
    own = (world.key_store("alice"), world.trusted)
    for lines, host, code, said in (
        (own, "localhost", 0, "standalone"),
        (own, "127.0.0.1", 1, "zookeeper.ssl.hostnameVerification=false"),
        (own[1:], "localhost", 1, "TLS: the server hung up after the handshake; "),
    ):
        file.write_text("\n".join(("zookeeper.client.secure=true", *lines, "")))
        asked = f"{host}:{world.port}"
        done = run("status", "--client-configuration", str(file), asked)
        assert (done.returncode, done.stderr) == (code, "")
        assert said in done.stdout
    file.write_text("zookeeper.client.secure=perhaps\n")
    done = run("status", "--client-configuration", str(file), "localhost")
    assert done.returncode == 2
    assert done.stderr.startswith(f"speckeeper: {file}:1: zookeeper.client.secure: ")


def test_backup_from_an_admin_port_that_wants_a_certificate(tmp_path: Path) -> None:
    authority = Authority()
    trusted = authority.write(tmp_path / "trusted.pem")
    own = authority.make("server").write(tmp_path / "server.pem")
    file = tmp_path / "cc.props"
    secure = "zookeeper.client.secure=true", f"zookeeper.ssl.trustStore.location={trusted}"
    alice = authority.make("alice").write(tmp_path / "alice.pem")
    with live(
        tmp_path,
        "admin.forceHttps=true",
        "admin.needClientAuth=true",
        f"ssl.quorum.keyStore.location={own}",
        f"ssl.quorum.trustStore.location={trusted}",
        "DigestAuthenticationProvider.superDigest=super:lK75jTNcA+U9vtVEw5vB51mj/w4=",
    ) as server:
        url = f"https://localhost:{server.admin_port}/commands"
        call = "backup", url, str(tmp_path / "kept"), "--auth", "digest super:secret"
        unknown = run(*call)
        file.write_text("\n".join((*secure, f"zookeeper.ssl.keyStore.location={alice}")))
        done = run(*call, "--client-configuration", str(file))
        asked = run("status", "--client-configuration", str(file), url)
    assert unknown.returncode == 1
    assert "name the authority by zookeeper.ssl.trustStore.location" in unknown.stderr
    assert (done.returncode, done.stderr) == (0, "")
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["snapshot.0"]
    assert (asked.returncode, "standalone" in asked.stdout) == (0, True)


def test_stores_of_jks(tmp_path: Path, shell: Any) -> None:
    port = free_port()
    with live(
        tmp_path,
        f"secureClientPort={port}",
        "secureClientPortAddress=127.0.0.1",
        f"ssl.keyStore.location={KEEPER / 'keeper.p12'}",
        "ssl.keyStore.password=secret1",
        f"ssl.trustStore.location={KEEPER / 'keeper.jks'}",
        "ssl.trustStore.password=secret1",
    ):
        code, out, err = shell(
            f"zookeeper.ssl.keyStore.location={KEEPER / 'keeper.jks'}",
            "zookeeper.ssl.keyStore.password=secret1",
            f"zookeeper.ssl.trustStore.location={KEEPER / 'keeper.jks'}",
            "zookeeper.ssl.trustStore.password=secret1",
            "zookeeper.ssl.hostnameVerification=false",
            port=port,
        )
    assert code == 0, err
    assert "x509: CN=" in out
