"""What the page of one of ours shows of Apache's members: by their admin commands, or by `srvr`."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.request
from pathlib import Path

import pytest
from peers import APACHE_39, SPECKEEPER
from tests.ports import free_port
from tests.unit.net.tls.authority import Authority
from trio import Trio

PATIENCE_S = 30.0


@pytest.mark.parametrize("source", ["commands", "srvr"])
def test_members_of_the_other_kind_are_shown(tmp_path: Path, source: str) -> None:
    ports = {sid: free_port() for sid in (1, 2, 3)}
    listed = ",".join(f"{sid}=127.0.0.1:{port}" for sid, port in ports.items())
    config = {"admin.serverAddress": "127.0.0.1", "4lw.commands.whitelist": "*"}
    own = {
        sid: {
            "admin.serverPort": port,
            "admin.enableServer": str(sid == 1 or source == "commands").lower(),
            **({"admin.page.members": listed} if sid == 1 else {}),
        }
        for sid, port in ports.items()
    }
    with Trio([SPECKEEPER, APACHE_39, APACHE_39], tmp_path, config, own=own) as trio:
        if source == "srvr":
            # By the lines that servers share, it is known where clients are served.
            for peer in trio.members.values():
                for sid, other in trio.members.items():
                    peer.config[f"server.{sid}"] = f"{peer.config[f'server.{sid}']};{other.address}"
        trio.start()
        view = _view(ports[1])
        deadline = time.monotonic() + PATIENCE_S
        while any(each["source"] not in ("self", source) for each in view.values()):
            assert time.monotonic() < deadline, view
            time.sleep(0.5)
            view = _view(ports[1])
        assert sorted(str(each["role"]) for each in view.values()) == [
            "follower",
            "follower",
            "leader",
        ]
        for sid, each in view.items():
            assert each["error"] is None
            assert each["role"] == trio.mode(sid)
            assert str(each["zxid"]).startswith("0x")
            if source == "commands" or sid == 1:
                assert isinstance(each["watches"], int)
                assert isinstance(each["uptime_ms"], int)


def test_a_word_is_not_taken_for_another_members(tmp_path: Path) -> None:
    """All on one host, and nobody says where the others serve clients: who answers is ourselves."""
    port = free_port()
    own = {1: {"admin.enableServer": "true", "admin.serverPort": port}}
    with Trio(SPECKEEPER, tmp_path, {"admin.serverAddress": "127.0.0.1"}, own=own).start():
        view = _view(port)
    assert view[1]["error"] is None
    for sid in (2, 3):
        assert view[sid]["role"] is None
        assert "server 1 answers there; set admin.page.members" in str(view[sid]["error"])
        assert "where it serves clients is not in the configuration" in str(view[sid]["error"])


def test_members_ask_each_other_by_tls(tmp_path: Path) -> None:
    """TLS only, a certificate wanted: members show theirs to each other, and look at the names."""
    authority = Authority()
    trust = authority.write(tmp_path / "authority.pem")
    key = authority.make("member").write(tmp_path / "member.pem")
    ports = {sid: free_port() for sid in (1, 2, 3)}
    config = {
        "admin.enableServer": "true",
        "admin.serverAddress": "127.0.0.1",
        "admin.forceHttps": "true",
        "admin.needClientAuth": "true",
        "admin.page.members": ",".join(f"{sid}=127.0.0.1:{port}" for sid, port in ports.items()),
        "ssl.quorum.keyStore.location": key,
        "ssl.quorum.trustStore.location": trust,
    }
    own = {sid: {"admin.serverPort": port} for sid, port in ports.items()}
    context = ssl.create_default_context(cafile=trust)
    context.load_cert_chain(key)
    with Trio(SPECKEEPER, tmp_path / "ensemble", config, own=own).start():
        view = _view(ports[1], context)
        deadline = time.monotonic() + PATIENCE_S
        while any(each["source"] not in ("self", "page") for each in view.values()):
            assert time.monotonic() < deadline, view
            time.sleep(0.5)
            view = _view(ports[1], context)
        assert [each["accepted_epoch"] for each in view.values()] == [1, 1, 1]
        with pytest.raises((OSError, http.client.HTTPException)):
            _view(ports[1])
        with pytest.raises((OSError, http.client.HTTPException)):
            _view(ports[1], ssl.create_default_context(cafile=trust))


def _view(port: int, tls: ssl.SSLContext | None = None) -> dict[int, dict[str, object]]:
    url = f"{'http' if tls is None else 'https'}://127.0.0.1:{port}/page/api/ensemble"
    with urllib.request.urlopen(url, timeout=PATIENCE_S, context=tls) as answer:
        servers = json.load(answer)["servers"]
    return {each["id"]: each for each in servers}
