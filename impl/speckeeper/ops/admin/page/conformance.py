"""How a trace that is being followed stands, as `admin.page.conformance` says where to look.

An address, `http://host:port`, is where `speccheck trace --follow --metrics host:port` tells its
metrics. Anything else is a JSON file that a follower of another kind keeps up to date; the page
shows whatever it holds, `verdict` first. The server makes nothing of it, and asks at most once a
second however many look.
"""

import asyncio
import json
import re
import time
from pathlib import Path

import aiohttp

PATIENCE_S = 2.0
_FRESH_S = 1.0
_MOST_BYTES = 256 << 10
_SAMPLE = re.compile(r"speccheck_trace_(\w+?)(_total)?(?:\{[^}]*\})? ([0-9.eE+-]+)(?: \d+)?")

State = dict[str, object]


class Conformance:
    """Looks there, for everybody who asks."""

    def __init__(self, place: str) -> None:
        """``place``: an address, the path of a file, or empty."""
        self._place = place
        self._asking: asyncio.Task[State] | None = None
        self._asked_at = float("-inf")

    async def view(self) -> State:
        """Return what is told there as `state`, with its age, or `why` there is nothing to show."""
        now = time.monotonic()
        if self._asking is None or (self._asking.done() and now - self._asked_at > _FRESH_S):
            self._asked_at = now
            self._asking = asyncio.create_task(self._look())
        return await asyncio.shield(self._asking)

    async def _look(self) -> State:
        if self._place.startswith("http://"):
            return await _state_told(self._place)
        return await asyncio.to_thread(state_in_file, self._place)


async def _state_told(url: str) -> State:
    """Return the state that metrics tell."""
    text = bytearray()
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            aiohttp.ClientSession() as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                return _nothing(f"{url}: HTTP status {response.status}")
            async for chunk in response.content.iter_chunked(1 << 16):
                text += chunk
                if len(text) > _MOST_BYTES:
                    return _nothing(f"{url}: the answer is too long")
    except TimeoutError:
        return _nothing(f"{url}: no answer within {PATIENCE_S:g} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _nothing(f"{url}: {error}; nothing follows a trace there")
    return state_of_metrics(url, text.decode("utf-8", "replace"))


def state_of_metrics(url: str, text: str) -> State:
    """Return the state that is in the text of Prometheus' exposition."""
    told: dict[str, float] = {}
    for line in text.splitlines():
        sample = _SAMPLE.fullmatch(line.strip())
        if sample is not None and not sample[1].endswith("_created"):
            told[sample[1]] = float(sample[3])
    if "diverged" not in told:
        return _nothing(f"{url}: no metrics of speccheck trace --follow")
    verdict = "diverges" if told.pop("diverged") else "conforms so far"
    whole = {name: int(value) if value.is_integer() else value for name, value in told.items()}
    return {"state": {"verdict": verdict, **whole}, "why": None, "age_s": 0.0}


def state_in_file(file: str) -> State:
    """Return the state that is in a file."""
    if not file:
        return _nothing("no trace is followed: set admin.page.conformance")
    path = Path(file)
    try:
        age_s = max(time.time() - path.stat().st_mtime, 0.0)
        with path.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        return _nothing(f"{file}: {(error.strerror or str(error)).lower()}")
    if len(text) > _MOST_BYTES:
        return _nothing(f"{file} is longer than {_MOST_BYTES} bytes")
    try:
        state = json.loads(text)
    except (ValueError, RecursionError):
        return _nothing(f"{file} is no JSON (any more)")
    if not isinstance(state, dict):
        return _nothing(f"{file} is no JSON object")
    return {"state": state, "why": None, "age_s": round(age_s, 1)}


def _nothing(why: str) -> State:
    return {"state": None, "why": why}
