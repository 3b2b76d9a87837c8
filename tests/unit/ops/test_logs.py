"""Log lines, and the brake on floods of them."""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.ops.live import live, run

from speckeeper.ops.logs import AUDIT_LOGGER, BURST, FloodFilter, set_up_logs


@pytest.fixture(autouse=True)
def _restore_root_logger() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(log_format: str, level: str = "info") -> str:
    stream = io.StringIO()
    set_up_logs(level, log_format, "3", stream)
    logger = logging.getLogger("speckeeper.net.client_port")
    logger.info("hello %s", "world", extra={"peer": "127.0.0.1:1"})
    logger.debug("unseen")
    logger.warning("two\nlines")
    return stream.getvalue()


def test_text_lines_have_the_layout_of_apache() -> None:
    first, second = logged("text").splitlines()
    pattern = (
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[myid:3\] - INFO  \[client_port\] - hello world"
    )
    assert re.fullmatch(pattern, first)
    assert second.endswith("WARN  [client_port] - two | lines")


def test_json_lines_carry_extra_fields() -> None:
    first, second = map(json.loads, logged("json").splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first == {
        "level": "INFO",
        "myid": "3",
        "logger": "net.client_port",
        "message": "hello world",
        "peer": "127.0.0.1:1",
    }
    assert second["message"] == "two\nlines"


def test_level_decides_what_is_seen() -> None:
    assert "unseen" in logged("text", level="debug")
    assert "hello" not in logged("text", level="warn")


@pytest.mark.parametrize(("level", "log_format"), [("loud", "text"), ("info", "xml")])
def test_unknown_level_or_format(level: str, log_format: str) -> None:
    with pytest.raises(ValueError, match="is n"):
        set_up_logs(level, log_format, "")


def _record(message: str, name: str = "a") -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "", 0, message, None, None)


def test_flood_of_one_template_is_thinned_and_counted() -> None:
    now = [0.0]
    brake = FloodFilter(lambda: now[0])
    passed = [brake.filter(_record("bad frame from %s")) for _ in range(10_000)]
    assert passed.count(True) == BURST
    assert brake.filter(_record("something else"))

    now[0] = 1.5
    record = _record("bad frame from %s")
    assert brake.filter(record)
    assert record.suppressed == 10_000 - BURST  # type: ignore[attr-defined]  # set by the filter
    assert not brake.filter(_record("bad frame from %s"))


def test_audit_log_is_never_thinned() -> None:
    brake = FloodFilter(lambda: 0.0)
    assert all(brake.filter(_record("x", AUDIT_LOGGER)) for _ in range(1000))


def test_number_of_suppressed_records_is_shown() -> None:
    stream = io.StringIO()
    set_up_logs("info", "text", "", stream)
    logging.getLogger("x").warning("dropped %s", 1, extra={"suppressed": 7})
    assert stream.getvalue().endswith("dropped 1 (and 7 more like this before it)\n")


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "server.log"
    with live(tmp_path, arguments=("--log-file", str(file))) as server:
        assert "client port listens on" in file.read_text()
        moved = file.rename(tmp_path / "server.log.1")
        old = moved.read_text()
        code, err = server.stop()
    assert (code, err) == (0, "")
    assert moved.read_text() == old
    assert [line.rpartition(" - ")[2] for line in file.read_text().splitlines()] == [
        "stopping",
        "stopped",
    ]


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "none" / "server.log"
    result = run("serve", "0", str(tmp_path / "data"), "--log-file", str(file))
    assert (result.returncode, result.stdout) == (2, "")
    said = f"speckeeper: --log-file {file}: no such file or directory; "
    assert result.stderr == said + "name a file that can be written\n"
