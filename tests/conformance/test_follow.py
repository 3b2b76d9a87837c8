"""``speccheck trace --follow``: traces that are being written."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.conformance.conftest import CONFIG, SPEC, Line, change
from tests.ports import free_port
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.conform.follow import Follower, Progress
from speccheck.conform.judge import Plan, Verdict

PATIENCE_S = 120.0


def events_in(folder: Path) -> int:
    return sum(len(path.read_bytes().splitlines()) - 1 for path in folder.iterdir())


def grow(source: Path, target: Path, pieces: int = 5) -> Iterator[int]:
    """Write traces as servers do, a bit of all at a time; yield behind each bit."""
    lines = {path: path.read_bytes().splitlines(keepends=True) for path in source.iterdir()}
    times = {path: [json.loads(line)["t"] for line in each[1:]] for path, each in lines.items()}
    latest = max(max(each) for each in times.values())
    for piece in range(1, pieces + 1):
        until = latest * piece / pieces
        for path, each in lines.items():
            count = sum(1 for time_ in times[path] if time_ <= until)
            if count:  # else it has not been started yet
                with (target / path.name).open("ab") as file:
                    written = (target / path.name).read_bytes().count(b"\n")
                    file.write(b"".join(each[written : 1 + count]))
        yield piece


class Following:
    """A follower in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.progress = Progress()
        self.verdict: Verdict | None = None
        self.follower = Follower(folder, Plan(SPEC, CONFIG), 0.3, self._tell)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _tell(self, progress: Progress) -> None:
        self.progress = progress

    def _run(self) -> None:
        self.verdict = self.follower.run()

    def wait(self, events: int) -> None:
        """Wait until so many events are judged, or the traces diverge."""
        until = time.monotonic() + PATIENCE_S
        while self.progress.events < events and self._thread.is_alive():
            assert time.monotonic() < until, self.progress
            time.sleep(0.05)

    def end(self) -> None:
        self.follower.stop()
        self._thread.join()


def test_good_traces_are_followed_to_their_end(simulated: Path, tmp_path: Path) -> None:
    following = Following(tmp_path)
    try:
        for _ in grow(simulated, tmp_path):
            time.sleep(0.5)
        following.wait(events_in(simulated))
    finally:
        following.end()
    assert following.verdict is None
    assert following.progress.events >= events_in(simulated)
    assert following.progress.behind <= 0


def test_a_divergence_is_found_while_the_rest_is_not_written(traces: Path, tmp_path: Path) -> None:
    def rename(event: Line) -> None:
        event["action"] = "LeaderProcessACKLD"

    place = change(traces, lambda event: event["action"] == "LeaderProcessACK", rename)
    live = tmp_path / "live"
    live.mkdir()
    following = Following(live)
    written = []
    try:
        for piece in grow(traces, live, 4):
            written.append(piece)
            wrong = live / Path(place.rsplit(":", 1)[0]).name
            if wrong.is_file() and wrong.read_bytes().count(b"\n") >= int(place.rsplit(":", 1)[1]):
                break
        following.wait(10**9)
    finally:
        following.end()
    assert len(written) < 4
    verdict = following.verdict
    assert verdict is not None
    assert verdict.fault is not None
    file, line = place.rsplit(":", 1)
    assert verdict.fault.event.place == f"{live / Path(file).name}:{line}"
    assert following.progress.rejudged >= 1


@pytest.mark.slow
def test_the_command_raises_its_metric_and_ends_with_the_verdict(
    traces: Path, tmp_path: Path
) -> None:
    def rename(event: Line) -> None:
        event["action"] = "LeaderProcessACKLD"

    change(traces, lambda event: event["action"] == "LeaderProcessACK", rename)
    port = free_port()
    command = [sys.executable, "-c", "from speccheck.cli import main; main()", "trace", "--follow"]
    command += [str(traces), "--spec", str(SPEC), "--lag", "0.3", "--metrics", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + PATIENCE_S
        said = ""
        while "speccheck_trace_diverged 1.0" not in said:
            assert time.monotonic() < until, said
            assert process.poll() is None
            time.sleep(0.1)
            try:
                with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    said = answer.read().decode()
            except OSError:
                continue
        process.send_signal(signal.SIGTERM)
        text, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 1
    assert "diverges at" in text


def test_what_cannot_be_followed(simulated: Path) -> None:
    for arguments, told in (
        (["--follow", str(min(simulated.iterdir()))], "name one folder"),
        (["--follow", str(simulated), "--hide", "history"], "--hide needs"),
        (["--follow", str(simulated), "--metrics", "here"], "write [HOST:]PORT"),
        ([str(simulated), "--metrics", "9142"], "--metrics goes with --follow"),
    ):
        result = CliRunner().invoke(app, ["trace", *arguments, "--spec", str(SPEC)])
        assert result.exit_code == 2
        assert told in result.output
