"""The AdminServer by TLS: who gets in, who does not, and what is said of it."""

import http.client
import json
import socket
import ssl
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.net.tls.authority import Authority
from tests.unit.ops.live import COMMAND, PATIENCE_S, Live, free_port, live

pytestmark = pytest.mark.xdist_group("ops-admin-tls")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stores: the server's, a caller's, and one of somebody else's authority."""
    folder = tmp_path_factory.mktemp("stores")
    authority = Authority()
    authority.write(folder / "authority.pem")
    authority.make("server").write(folder / "server.pem")
    authority.make("caller").write(folder / "caller.pem")
    Authority("stranger").make("stranger").write(folder / "stranger.pem")
    return folder


def stores(folder: Path) -> tuple[str, str]:
    return (
        f"ssl.quorum.keyStore.location={folder}/server.pem",
        f"ssl.quorum.trustStore.location={folder}/authority.pem",
    )


def get(
    server: Live, path: str, folder: Path, certificate: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    context = ssl.create_default_context(cafile=folder / "authority.pem")
    if certificate is not None:
        context.load_cert_chain(folder / certificate)
    place = ("127.0.0.1", server.admin_port)
    with closing(
        http.client.HTTPSConnection(*place, timeout=PATIENCE_S, context=context)
    ) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read()


def test_tls_only(folder: Path, tmp_path: Path) -> None:
    with live(tmp_path, "admin.forceHttps=true", *stores(folder)) as server:
        assert f"admin on https://127.0.0.1:{server.admin_port}/commands" in server.banner
        for path in ("/commands/ruok", "/page/", "/page/api/ensemble"):
            status, headers, _ = get(server, path, folder)
            assert status == 200
            assert headers["Strict-Transport-Security"] == "max-age=86400; includeSubDomains"
        with pytest.raises((OSError, http.client.HTTPException)):
            server.http("/commands/ruok")
        place = ("127.0.0.1", server.admin_port)
        with (
            socket.create_connection(place, PATIENCE_S) as sock,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(sock, server_hostname="127.0.0.1")
        _, err = server.stop()
    assert "TLS handshake: http request" in err or "TLS handshake: wrong version" in err


def test_a_certificate_is_wanted(folder: Path, tmp_path: Path) -> None:
    lines = ("admin.forceHttps=true", "admin.needClientAuth=true", *stores(folder))
    with live(tmp_path, *lines) as server:
        assert get(server, "/commands/ruok", folder, "caller.pem")[0] == 200
        for certificate in (None, "stranger.pem"):
            with pytest.raises((OSError, http.client.HTTPException)):
                get(server, "/commands/ruok", folder, certificate)
        _, err = server.stop()
    assert "TLS handshake: peer did not return a certificate" in err


def test_tls_and_plain(folder: Path, tmp_path: Path) -> None:
    lines = ("admin.portUnification=true", "admin.needClientAuth=true", *stores(folder))
    with live(tmp_path, *lines) as server:
        assert get(server, "/commands/ruok", folder, "caller.pem")[0] == 200
        _, headers, body = server.http("/commands/monitor")
        assert json.loads(body)["insecure_admin_count"] == 1
        assert "Strict-Transport-Security" not in headers
        with pytest.raises((OSError, http.client.HTTPException)):
            get(server, "/commands/ruok", folder)
        _, _, body = get(server, "/commands/monitor", folder, "caller.pem")
        assert json.loads(body)["insecure_admin_count"] == 1


def test_changed_stores_are_loaded(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    other = Authority("other")
    other.make("server").write(own)
    lines = (
        "admin.forceHttps=true",
        "sslQuorumReloadCertFiles=true",
        f"ssl.quorum.keyStore.location={own}",
        stores(folder)[1],
    )
    with live(tmp_path, *lines) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            get(server, "/commands/ruok", folder)
        own.write_bytes((folder / "server.pem").read_bytes())
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                assert get(server, "/commands/ruok", folder)[0] == 200
                break
            except ssl.SSLCertVerificationError:
                assert time.monotonic() < deadline
                time.sleep(0.1)


def test_a_snapshot_comes_by_tls(folder: Path, tmp_path: Path) -> None:
    with live(tmp_path, "admin.forceHttps=true", *stores(folder)) as server:
        context = ssl.create_default_context(cafile=folder / "authority.pem")
        place = ("127.0.0.1", server.admin_port)
        with closing(
            http.client.HTTPSConnection(*place, timeout=PATIENCE_S, context=context)
        ) as connection:
            connection.request(
                "GET", "/commands/snapshot", headers={"Authorization": "digest any:body"}
            )
            response = connection.getresponse()
            body = response.read()
        assert response.status == 200
        assert len(body) == int(response.headers["snapshot_size"]) > 0


def test_tree_behind_tls_only_client_ports(folder: Path, tmp_path: Path) -> None:
    """Clients must show a certificate, so the page shows no tree to who has shown none."""
    client = [line.replace("ssl.quorum.", "ssl.") for line in stores(folder)]
    text = "\n".join(
        (
            f"dataDir={tmp_path}/data",
            "secureClientPort=0",
            "secureClientPortAddress=127.0.0.1",
            *client,
            *stores(folder),
            "admin.page=tree",
            "admin.portUnification=true",
            "admin.serverAddress=127.0.0.1",
        )
    )

    port = free_port()
    config = tmp_path / "zoo.cfg"
    config.write_text(f"{text}\nadmin.serverPort={port}\n")
    process = subprocess.Popen(
        [*COMMAND, "serve", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        banner = process.stdout.readline()
        assert "by TLS" in banner
        server = Live(process, banner, 0, port, 0, tmp_path)
        assert server.http("/page/api/ensemble")[0] == 200
        assert server.http("/page/api/node?path=/")[0] == 401
        assert server.http("/page/api/search?text=a", authorization="digest any:body")[0] == 401
        assert get(server, "/page/api/node?path=/", folder)[0] == 401
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)
