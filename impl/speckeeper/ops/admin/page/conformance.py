"""How a trace that is being followed stands: a small JSON file that the follower keeps up to date.

`admin.page.conformance` names it. The page shows whatever it holds, `verdict` first, and how old it
is; the server makes nothing of it.
"""

import json
import time
from pathlib import Path

_MOST_BYTES = 256 << 10


def conformance_state(file: str) -> dict[str, object]:
    """Return what the file says as `state`, with its age, or `why` there is nothing to show."""
    if not file:
        return {"state": None, "why": "no trace is followed: set admin.page.conformance"}
    path = Path(file)
    try:
        age_s = max(time.time() - path.stat().st_mtime, 0.0)
        with path.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        return {"state": None, "why": f"{file}: {(error.strerror or str(error)).lower()}"}
    if len(text) > _MOST_BYTES:
        return {"state": None, "why": f"{file} is longer than {_MOST_BYTES} bytes"}
    try:
        state = json.loads(text)
    except ValueError:
        return {"state": None, "why": f"{file} is no JSON (any more)"}
    if not isinstance(state, dict):
        return {"state": None, "why": f"{file} is no JSON object"}
    return {"state": state, "why": None, "age_s": round(age_s, 1)}
