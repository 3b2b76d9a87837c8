"""What operators ask servers, and answers without their numbers, for tests that compare kinds."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

WORDS = "conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat wchc wchp wchs"
COMMANDS = (
    "configuration connections connection_stat_reset dirs dump environment get_trace_mask hash "
    "initial_configuration is_read_only last_snapshot monitor observer_connection_stat_reset ruok "
    "server_stats stat_reset stats system_properties voting_view watch_summary watches "
    "watches_by_path leader observers zabstate nonsense"
)


def admin_answer(port: object, command: str) -> dict[str, object]:
    """The JSON of an AdminServer command; its status where that is an error."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/commands/{command}", timeout=20
        ) as answer:
            found: dict[str, object] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        error.close()
        return {"status": error.code}


def masked(text: str) -> list[str]:
    """The lines of an answer without their numbers, paths, dates and versions."""
    text = re.sub(r"(?m)^(Zookeeper version: ).*$", r"\1#", text)
    text = re.sub(r"(?m)^(data(Log)?Dir=).*$", r"\1#", text)
    text = re.sub(r"\w{3} \w{3} \d\d .* \d{4}", "DATE", text)
    # Connections come in any order; the one that asks may be open or not, with its one request.
    text = re.sub(r"\(queued=.*", "(#)", text)
    return re.sub(r"0x[0-9a-f]+|-?\d+(\.\d+)?", "#", text).splitlines()


def shape(value: object) -> object:
    """JSON without its values: keys, and types; of lists the shape of their first item."""
    if isinstance(value, dict):
        if all(re.fullmatch(r"-?\d+|0x[0-9a-f]+", key) for key in value) and value:
            # Of sets of sessions by time, any may be empty at the moment.
            return {"#": shape(next((item for item in value.values() if item != []), []))}
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
