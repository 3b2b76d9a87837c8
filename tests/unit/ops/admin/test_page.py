"""The page on the admin port over HTTP: who may see and do what, and what is cut off."""

import base64
import hashlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_acl, make_digest_acl
from prometheus_client import CollectorRegistry, Gauge, start_http_server
from tests.unit.ops.live import PATIENCE_S, Live, live

from speckeeper.ops.admin.page import tree_view
from speckeeper.ops.admin.page.conformance import state_of_metrics
from speckeeper.ops.admin.page.figures import Figures, figures_of_commands, figures_of_page, lag_of
from speckeeper.ops.admin.page.guard import KnownHosts
from speckeeper.ops.admin.page.site import FILES, HEADERS

pytestmark = pytest.mark.xdist_group("ops-page")

SECRET = base64.b64encode(hashlib.sha1(b"super:secret").digest()).decode()
SUPER_LINE = f"DigestAuthenticationProvider.superDigest=super:{SECRET}"
EDIT_LINE = "admin.page=edit"
SUPER, ANNA, EVE = "digest super:secret", "digest anna:a b", "digest eve:x"
ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("page"), SUPER_LINE, EDIT_LINE) as running:
        client = KazooClient(running.hosts, timeout=10)
        client.start()
        client.add_auth("digest", "anna:a b")
        hers = make_digest_acl("anna", "a b", all=True)
        readable = make_acl("world", "anyone", read=True)
        client.create("/open", b"data")
        client.create("/anna", b"1", acl=[hers, readable])
        client.create("/anna/below", b"")
        client.create("/hidden", b"", acl=[hers])
        client.create("/hidden/treasure", b"", acl=[hers])
        client.stop()
        client.close()
        yield running


def send(
    server: Live,
    path: str,
    method: str = "GET",
    body: object = None,
    who: str | None = None,
    host: str = "127.0.0.1",
    **headers: str,
) -> tuple[int, dict[str, object]]:
    """Send a request to the page; underscores of header names are dashes."""
    connection = http.client.HTTPConnection(host, server.admin_port, timeout=PATIENCE_S)
    try:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            fields["Authorization"] = who
        if body is not None:
            fields.setdefault("Content-Type", "application/json")
        text = None if body is None else json.dumps(body).encode()
        connection.request(method, f"/page/{path}", text, fields)
        response = connection.getresponse()
        for name, value in HEADERS.items():
            assert response.headers[name] == value
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def send_any(server: Live, path: str, **headers: str) -> int:
    """Ask for something of any kind; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", server.admin_port, timeout=PATIENCE_S)
    try:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", f"/page/{path}", headers=fields)
        return connection.getresponse().status
    finally:
        connection.close()


def change(
    server: Live, who: str | None, op: str, path: str, **more: object
) -> tuple[int, str | None]:
    status, answer = send(server, "api/node", "POST", {"op": op, "path": path, **more}, who)
    error = answer["error"]
    assert error is None or isinstance(error, str)
    return status, error


def test_every_file_is_sent_and_packed(page: Live) -> None:
    folder = ROOT / "impl/speckeeper/ops/admin/page/files"
    assert {each.name for each in folder.iterdir()} == set(FILES)
    for name, kind in FILES.items():
        status, headers, body = page.http(f"/page/{name}")
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, kind)
        assert body == (folder / name).read_bytes()
        for header, value in HEADERS.items():
            assert headers[header] == value
    assert page.http("/page/")[2] == page.http("/page/index.html")[2]
    assert page.http("/")[2] == page.http("/page/")[2]  # led there
    assert send(page, "no.js")[0] == send(page, "..%2fsite.py")[0] == 404


def test_no_file_has_inline_scripts_or_handlers() -> None:
    text = (ROOT / "impl/speckeeper/ops/admin/page/files/index.html").read_text()
    assert text.count("<script") == text.count('<script type="module" src=') == 1
    assert " style=" not in text
    assert " on" not in text.replace(" on ", "").lower().split("<body>")[1].split(">")[0]
    for name in FILES:
        if name.endswith(".js"):
            script = (ROOT / "impl/speckeeper/ops/admin/page/files" / name).read_text()
            for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
                assert word not in script, name


def test_nothing_changes_by_get(page: Live) -> None:
    asked = "api/node?op=delete&path=/open&version=0"
    assert send(page, asked, who=SUPER)[0] == 200
    assert send(page, "api/node?path=/open")[0] == 200
    for method in ("PUT", "DELETE", "PATCH"):
        connection = http.client.HTTPConnection("127.0.0.1", page.admin_port, timeout=PATIENCE_S)
        connection.request(method, "/page/api/node")
        assert connection.getresponse().status == 405
        connection.close()


def test_a_change_must_be_the_pages_own(page: Live) -> None:
    body = {"op": "set", "path": "/open", "data": "eA==", "version": 0}
    host = f"127.0.0.1:{page.admin_port}"
    for status, headers in (
        (403, {"Origin": "http://evil.example"}),
        (403, {"Origin": "null"}),
        (403, {"Origin": f"http://127.0.0.1:{page.admin_port + 1}"}),
        (403, {"Sec_Fetch_Site": "cross-site"}),
        (403, {"Sec_Fetch_Site": "same-site"}),
        (403, {"Host": "rebound.example"}),
        (415, {"Content_Type": "text/plain"}),
        (415, {"Content_Type": "application/x-www-form-urlencoded"}),
    ):
        assert send(page, "api/node", "POST", body, SUPER, **headers)[0] == status, headers
    assert send(page, "api/node", "POST", body)[0] == 401
    # What a browser would keep and send by itself is not what is understood.
    assert send(page, "api/node", "POST", body, "Basic c3VwZXI6c2VjcmV0")[0] == 401
    _, answer = send(page, "api/node?path=/open")
    assert answer["data"] == base64.b64encode(b"data").decode()
    own = {"Origin": f"http://{host}", "Sec_Fetch_Site": "same-origin"}
    assert send(page, "api/node", "POST", body, SUPER, **own)[0] == 200
    assert send(page, "api/node?path=/open")[1]["data"] == "eA=="


def test_no_answer_invites_a_browser_to_keep_a_password(page: Live) -> None:
    status, headers, _ = page.http("/page/api/node?path=/", authorization="Basic eDp5")
    assert status == 401
    assert "WWW-Authenticate" not in headers


def test_what_is_asked_under_a_strange_name_is_not_told(page: Live) -> None:
    for path in ("api/ensemble", "api/node?path=/", "api/search?text=a", "api/self", ""):
        assert send(page, path, Host="rebound.example:8080")[0] == 403
        assert send(page, path, Sec_Fetch_Site="cross-site")[0] == 403


def test_known_hosts() -> None:
    known = KnownHosts(["zk1.example", "0.0.0.0"], ("keeper.example",))
    for header in (
        "127.0.0.1:8080",
        "[::1]:8080",
        "localhost",
        "zk1",
        "zk1.example:1",
        "ZK1.Example.",
        "keeper.example",
        "a.localhost:8080",
    ):
        assert known.knows(header), header
    for header in ("", "evil.example", "zk1.example.evil.example:8080", "[::1", "x@evil.example"):
        assert not known.knows(header), header
    assert KnownHosts([], ("*",)).knows("evil.example")


def test_only_whom_the_acl_names_may_change(page: Live) -> None:
    for who in (None, ANNA, EVE):
        status, _ = change(page, who, "create", "/new", data="")
        assert status == (401 if who is None else 403)  # everybody may, by a client
    assert change(page, EVE, "set", "/anna", data="Mg==", version=0)[0] == 403
    assert change(page, ANNA, "set", "/anna", data="Mg==", version=0) == (200, None)
    assert change(page, ANNA, "create", "/anna/new", data="") == (200, None)
    _, node = send(page, "api/node?path=/anna/new", who=ANNA)
    _, parent = send(page, "api/node?path=/anna", who=ANNA)
    assert node["acl"] == parent["acl"]  # the page opens nothing
    assert node["may"] == {"set": True, "create": True, "delete": True}
    _, node = send(page, "api/node?path=/anna/new", who=EVE)
    assert node["may"] == {"set": False, "create": False, "delete": False}
    assert change(page, ANNA, "delete", "/anna/new", version=0) == (200, None)
    assert change(page, SUPER, "create", "/new", data="") == (200, None)
    assert change(page, SUPER, "delete", "/new", version=0) == (200, None)
    assert "/new" not in str(send(page, "api/node?path=/")[1]["children"])


def test_changes_that_cannot_be(page: Live) -> None:
    for status, op, path, more in (
        (409, "set", "/anna", {"data": "", "version": 77}),
        (409, "create", "/anna", {"data": ""}),
        (409, "delete", "/anna", {"version": -1}),
        (404, "delete", "/nothing/there", {"version": 0}),
        (404, "set", "/nothing", {"data": "", "version": 0}),
        (400, "set", "/", {"data": "", "version": 0}),
        (400, "delete", "/zookeeper", {"version": 0}),
        (400, "set", "/anna", {"data": "no base64", "version": 0}),
        (400, "set", "/anna", {"data": ["x"], "version": 0}),
        (400, "set", "/anna", {"data": "", "version": "0"}),
        (400, "set", "/anna", {"data": "", "version": 1 << 40}),
        (400, "set", "/anna", {"data": ""}),
        (400, "create", "/a//b", {"data": ""}),
        (400, "create", "no slash", {"data": ""}),
        (400, "steal", "/anna", {}),
    ):
        found, error = change(page, SUPER, op, path, **more)
        assert (found, bool(error)) == (status, True), (op, path, more, found, error)
    client = KazooClient(page.hosts, timeout=10)
    client.start()
    client.create("/leaf", b"")
    found, error = change(page, SUPER, "delete", "/leaf", version=7)
    assert (found, "somebody has changed" in str(error)) == (409, True)
    client.delete("/leaf")
    client.stop()
    client.close()
    for body in ([], "x", 5):
        assert send(page, "api/node", "POST", body, SUPER)[0] == 400
    assert send(page, "api/node", "POST", {"data": "x" * 2_000_000}, SUPER)[0] == 413


def test_a_change_is_a_clients_and_leaves_no_session(page: Live) -> None:
    _, _, before = page.http("/commands/monitor")
    assert change(page, SUPER, "create", "/counted", data="") == (200, None)
    assert change(page, SUPER, "delete", "/counted", version=0) == (200, None)
    _, _, after = page.http("/commands/monitor")
    told = [json.loads(text) for text in (before, after)]
    for name in ("global_sessions", "num_alive_connections"):
        assert told[0][name] == told[1][name]
    assert told[1]["op_count_create"] == told[0]["op_count_create"] + 1


def test_what_may_not_be_read_is_not_shown(page: Live) -> None:
    assert send(page, "api/node?path=/hidden")[0] == 403
    assert send(page, "api/node?path=/hidden", who=EVE)[0] == 403
    assert send(page, "api/node?path=/hidden", who=ANNA)[0] == 200
    found = send(page, "api/search?text=TREASURE")[1]
    assert (found["hits"], found["complete"]) == ([], True)
    assert send(page, "api/search?text=TREASURE", who=ANNA)[1]["hits"] == ["/hidden/treasure"]
    assert send(page, "api/search?text=x&under=/hidden")[0] == 403
    # Hashes of passwords are for who administers the node.
    assert "digest:anna:x:cdrwa" in str(send(page, "api/node?path=/anna")[1]["acl"])


def test_questions_that_have_no_answer(page: Live) -> None:
    for status, path in (
        (400, "api/node"),
        (400, "api/node?path=x"),
        (400, "api/node?path=/&offset=x"),
        (404, "api/node?path=/nothing"),
        (400, "api/search?text="),
        (400, f"api/search?text={'x' * 1001}"),
    ):
        assert send(page, path)[0] == status, path
    assert send(page, "api/node?path=/", who="digest nocolon")[0] == 401
    assert send(page, "api/node?path=/", who="digest " + "x:" * 1000)[0] == 401


def raw(server: Live, method: str, path: str, fields: bytes, body: bytes = b"") -> int:
    """Send bytes that no library for clients would send; return the status."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n".encode()
    )
    with socket.create_connection(("127.0.0.1", server.admin_port), PATIENCE_S) as sock:
        sock.sendall(head + b"Connection: close\r\n" + fields + b"\r\n" + body)
        with sock.makefile("rb") as file:
            return int(file.readline().split()[1])


def test_input_that_no_browser_sends(tmp_path: Path) -> None:
    who, strange = b"Authorization: digest a:b\r\n", b"Authorization: digest \xff:\xfe\r\n"
    json_, gzip = b"Content-Type: application/json\r\n", b"Content-Encoding: gzip\r\n"
    with live(tmp_path, EDIT_LINE) as running:
        for status, method, path, fields, body in (
            (200, "GET", "/page/api/node?path=/&offset=99999999999999999999999999", b"", b""),
            (400, "GET", f"/page/api/node?path=/&offset={'9' * 5000}", b"", b""),
            (200, "GET", "/page/api/node?path=/", strange, b""),
            (400, "POST", "/page/api/node", who + json_, b"[" * 100_000),
            (400, "POST", "/page/api/node", who + json_ + gzip, b"rubbish"),
            (200, "GET", "/commands/snapshot", strange, b""),
            (400, "POST", "/commands/shed", who, b"[" * 1024),
            (400, "POST", "/commands/shed", who + gzip, b"rubbish"),
            (500, "POST", "/commands/restore", who + gzip, b"rubbish"),
        ):
            assert raw(running, method, path, fields, body) == status, (method, path, fields)
        for path in ("/page/api/node", "/commands/shed", "/commands/restore"):
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n".encode()
            with socket.create_connection(("127.0.0.1", running.admin_port)) as sock:
                sock.sendall(head + who + json_ + b"\r\nhalf")
        assert running.http("/commands/ruok")[0] == 200  # asked behind those who are gone
        assert "Traceback" not in running.stop()[1]


def test_changes_are_audited_with_the_callers_address(tmp_path: Path) -> None:
    with live(tmp_path, SUPER_LINE, EDIT_LINE, "audit.enable=true") as running:
        assert change(running, SUPER, "create", "/audited", data="") == (200, None)
        _, err = running.stop()
    (line,) = [line for line in err.splitlines() if "znode=/audited" in line]
    assert "ip=127.0.0.1" in line
    assert "operation=create" in line


@pytest.mark.parametrize(
    ("level", "statuses"),
    [
        ("off", (404, 404, 404, 404)),
        ("ensemble", (200, 200, 404, 404)),
        (None, (200, 200, 404, 404)),  # the tree is not shown where nobody has said so
        ("tree", (200, 200, 200, 404)),
        ("edit", (200, 200, 200, 415)),  # there, but what is sent here is no JSON
    ],
)
def test_levels(tmp_path: Path, level: str | None, statuses: tuple[int, ...]) -> None:
    lines = () if level is None else (f"admin.page={level}",)
    with live(tmp_path, SUPER_LINE, *lines) as running:
        assert ("/page/" in running.banner) == (level != "off")
        found = [running.http(path)[0] for path in ("/page/", "/page/api/ensemble")]
        found.append(running.http("/page/api/node?path=/")[0])
        body = b'{"op": "create", "path": "/x", "data": ""}'
        found.append(running.http("/page/api/node", body, SUPER)[0])
        assert tuple(found) == statuses
        assert running.http("/")[0] == (404 if level == "off" else 200)
        assert running.http("/commands/ruok")[0] == 200


def test_enforced_authentication_holds_here_too(tmp_path: Path) -> None:
    lines = ("enforce.auth.enabled=true", "enforce.auth.schemes=digest", SUPER_LINE, EDIT_LINE)
    with live(tmp_path, *lines) as running:
        for path in ("api/node?path=/", "api/search?text=a"):
            assert send(running, path)[0] == 401
            assert send(running, path, who=EVE)[0] == 200
        assert send(running, "api/ensemble")[0] == 200


def test_skipped_acls_do_not_open_the_page(tmp_path: Path) -> None:
    with live(tmp_path, "skipACL=yes", SUPER_LINE, EDIT_LINE) as running:
        assert change(running, EVE, "create", "/x", data="")[0] == 403
        assert change(running, SUPER, "create", "/x", data="") == (200, None)
        client = KazooClient(running.hosts, timeout=10)
        client.start()
        client.create("/anna", b"", acl=[make_digest_acl("anna", "a b", all=True)])
        client.stop()
        client.close()
        assert change(running, EVE, "set", "/anna", data="", version=0)[0] == 403
        assert change(running, ANNA, "set", "/anna", data="", version=0) == (200, None)


def test_what_is_long_is_cut_off_and_says_so(page: Live) -> None:
    client = KazooClient(page.hosts, timeout=10)
    client.start()
    most = tree_view.CHILDREN_PER_PAGE
    client.create("/many")
    batch = client.transaction()
    for i in range(most + 3):
        batch.create(f"/many/child{i:04d}")
    assert all(path == f"/many/child{i:04d}" for i, path in enumerate(batch.commit()))
    client.create("/long", b"x" * (tree_view.MOST_DATA + 1))
    _, node = send(page, "api/node?path=/many")
    children = node["children"]
    assert isinstance(children, list)
    assert (len(children), children[0], node["total"]) == (most, ["child0000", 0], most + 3)
    _, rest = send(page, f"api/node?path=/many&offset={most}")
    assert rest["children"] == [[f"child{most + i:04d}", 0] for i in range(3)]
    _, long = send(page, "api/node?path=/long")
    assert (long["cut"], long["size"]) == (True, tree_view.MOST_DATA + 1)
    assert len(base64.b64decode(str(long["data"]))) == tree_view.MOST_DATA
    _, found = send(page, "api/search?text=child")
    hits = found["hits"]
    assert isinstance(hits, list)
    assert (len(hits), found["complete"]) == (tree_view.MOST_HITS, False)
    client.delete("/many", recursive=True)
    client.stop()
    client.close()


def test_state_of_a_followed_trace(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with live(tmp_path, f"admin.page.conformance={file}") as running:

        def why() -> object:
            time.sleep(1.1)  # it looks once a second
            status, answer = send(running, "api/conformance")
            assert status == 200
            return answer["why"]

        assert why() == f"{file}: no such file or directory"
        for text, said in (
            (b"{", f"{file} is no JSON (any more)"),
            (b"\xff", f"{file} is no JSON (any more)"),
            (b"[]", f"{file} is no JSON object"),
            (b" " * (1 << 20), f"{file} is longer than 262144 bytes"),
        ):
            file.write_bytes(text)
            assert why() == said
        file.write_text('{"verdict": "conforms"}')
        time.sleep(1.1)
        _, answer = send(running, "api/conformance")
        assert answer["state"] == {"verdict": "conforms"}


METRICS = """\
# HELP speccheck_trace_events_total Events that the specification allows
# TYPE speccheck_trace_events_total counter
speccheck_trace_events_total 48213.0
# TYPE speccheck_trace_events_created gauge
speccheck_trace_events_created 1.7958559e+09
speccheck_trace_events_behind 3.0
speccheck_trace_rejudged_total 0.0
speccheck_trace_diverged {}
other_total 5.0
"""


@pytest.mark.parametrize(("diverged", "verdict"), [("0.0", "conforms so far"), ("1.0", "diverges")])
def test_state_that_metrics_tell(diverged: str, verdict: str) -> None:
    told = state_of_metrics("http://x", METRICS.format(diverged))
    state = {"verdict": verdict, "events": 48213, "events_behind": 3, "rejudged": 0}
    assert told == {"state": state, "why": None, "age_s": 0.0}
    assert state_of_metrics("http://x", "other 1")["state"] is None


def test_metrics_of_a_follower_are_asked_for(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    Gauge("speccheck_trace_diverged", "", registry=registry)
    http_server, thread = start_http_server(0, "127.0.0.1", registry)
    place = f"http://127.0.0.1:{http_server.server_port}"
    try:
        with live(tmp_path, f"admin.page.conformance={place}") as running:
            _, answer = send(running, "api/conformance")
            assert answer["state"] == {"verdict": "conforms so far"}
            http_server.shutdown()
            http_server.server_close()
            time.sleep(1.1)
            _, answer = send(running, "api/conformance")
            assert answer["state"] is None
            assert "nothing follows a trace there" in str(answer["why"])
    finally:
        http_server.shutdown()
        thread.join()


def test_a_link_may_lead_here(page: Live) -> None:
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert send_any(page, "", **link) == 200
    assert send_any(page, "api/node?path=/", **link) == 403
    assert send_any(page, "", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors") == 403


def test_who_comes_to_another_address_than_clients_sees_no_tree(tmp_path: Path) -> None:
    lines = ("admin.serverAddress=127.0.0.2", "clientPortAddress=127.0.0.1", SUPER_LINE)
    with live(tmp_path, *lines, EDIT_LINE) as running:
        for path, who, status in (
            ("api/ensemble", None, 200),
            ("api/node?path=/", None, 401),
            ("api/search?text=a", EVE, 401),
            ("api/node?path=/", SUPER, 200),
        ):
            assert send(running, path, who=who, host="127.0.0.2")[0] == status, path


def test_command_url_of_the_page_is_taken(tmp_path: Path) -> None:
    said = r"the page has the URLs below /page; choose another"
    with pytest.raises(AssertionError, match=said), live(tmp_path, "admin.commandURL=/page/x"):
        pass
    with live(tmp_path, "admin.commandURL=/page", "admin.page=off") as running:
        assert running.http("/page/ruok")[0] == 200


def test_lag() -> None:
    leader = Figures(zxid="0x200000010")
    assert lag_of(Figures(zxid="0x20000000c"), leader) == 4
    assert lag_of(Figures(zxid="0x200000011"), leader) == 0  # asked a moment later
    assert lag_of(Figures(zxid="0x100000011"), leader) is None  # nobody has counted that epoch
    assert lag_of(Figures(zxid="0x300000000"), leader) == 0
    assert lag_of(Figures(zxid="rubbish"), leader) is None
    assert lag_of(Figures(), leader) is lag_of(Figures(zxid="0x1"), None) is None


def test_of_others_only_figures_are_taken() -> None:
    told = {"server_id": 2, "role": "x" * 5000, "zxid": ["0x1"], "sessions": "<b>", "evil": 1}
    figures = figures_of_page(told)
    assert figures == Figures(server_id=2, role="x" * 200)
    apache = figures_of_commands(
        {"server_id": 1},
        {"server_state": "follower", "watch_count": 7, "sum_readlatency": 9, "uptime": "12"},
        {"server_stats": {"last_processed_zxid": 0x100000002}},
    )
    assert apache == Figures(
        server_id=1, role="follower", watches=7, reads_ms=9, uptime_ms=12, zxid="0x100000002"
    )
