"""What members and clients recorded while faults went on, judged by the specifications.

The members' connections lead through a :class:`links.Network`, so that what a connection is called
at its two ends differs; the network knows which two names are one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from speccheck.testing.folders import Findings, Judging
from speckeeper.history.kazoo_clients import finish

_NAME = re.compile(rb'"(127\.0\.0\.1:\d+-127\.0\.0\.1:\d+)"')


class Records:
    """Where members and clients of one ensemble record."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.traces = folder / "traces" / "ensemble"
        self.histories = folder / "histories" / "clients"

    def judge(self, names: Mapping[str, str]) -> Findings:
        """Judge all that was recorded. Members must have ended.

        ``names``: what the learner's end calls a connection, by its name at the leader's.
        """
        finish(self.histories)
        known = {ours.encode(): learners.encode() for ours, learners in names.items()}
        for path in self.traces.glob("*.ndjson"):
            text = path.read_bytes()
            path.write_bytes(_NAME.sub(lambda m: b'"%b"' % known.get(m[1], m[1]), text))
        return Judging().judge(self._folder)
