"""Progress: what an estimate says, and when lines are printed."""

from io import StringIO

from rich.console import Console

from speccheck.explore.result import Result
from speccheck.report.progress import Progress, Sample, estimate


def test_a_shrinking_queue_has_an_end() -> None:
    # 1,000 explored in ten seconds led to 500 new ones; 2,000 wait: 4,000 more at 100 a second.
    first, last = Sample(0, 0, 3000, 2500), Sample(10, 0, 3500, 2000)
    assert estimate(first, last) == "queue shrinking, about 40 s left at 0.50 new states for each"


def test_a_growing_queue_has_none() -> None:
    first, last = Sample(0, 0, 100, 50), Sample(1, 0, 300, 150)
    assert estimate(first, last) == "queue growing, 2.00 new states for each explored"


def test_nothing_is_said_too_early() -> None:
    assert estimate(Sample(0, 0, 5, 5), Sample(0, 0, 5, 5)) == ""


def test_plain_lines_come_every_ten_seconds() -> None:
    times = iter(n / 2 for n in range(200))
    out = StringIO()
    with Progress(Console(file=out), clock=lambda: float(next(times))) as progress:
        for count in range(35):
            progress(Result(generated=100 * count, distinct=50 * count, queued=10, depth=3))
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("10 s: ")
    assert "100/s" in lines[0]


def test_simulation_counts_behaviours() -> None:
    out = StringIO()
    times = iter([0.0, 0.0, 20.0, 20.0])
    with Progress(Console(file=out), clock=lambda: next(times)) as progress:
        progress(Result(mode="simulate", generated=1000, traces=70))
    assert out.getvalue() == "20 s: 1,000 states, 50/s, 70 behaviours\n"
