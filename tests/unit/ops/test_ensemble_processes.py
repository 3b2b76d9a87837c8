"""A server of an ensemble that ends: what the operator is told, and when it is started again."""

import asyncio
from pathlib import Path

import pytest

from speckeeper.ops.ensemble.layout import Place
from speckeeper.ops.ensemble.processes import Child, Processes
from speckeeper.ops.exit_codes import ExitCode

TAKEN = "election port 127.0.0.1:3889: Address already in use; stop what listens there"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (1, f"ended: exit code 1; {TAKEN}; it is started again in 2 s"),
        (-9, "ended: killed by SIGKILL; it is started again in 2 s"),
        (int(ExitCode.DATA_DIR), f"ended: exit code {int(ExitCode.DATA_DIR)}; {TAKEN}"),
    ],
)
def test_reason_is_told_where_a_server_has_given_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, told: str
) -> None:
    place = Place(2, tmp_path, 2182)
    place.log.write_text(f"INFO starting\nspeckeeper: {TAKEN}\n")
    reports: list[str] = []

    async def run() -> None:
        processes = Processes([place], lambda child, text: reports.append(text))

        async def ends(child: Child) -> int:
            return code

        async def is_started_again(pause_s: float) -> None:
            raise asyncio.CancelledError

        monkeypatch.setattr(processes, "_run", ends)
        monkeypatch.setattr("speckeeper.ops.ensemble.processes.asyncio.sleep", is_started_again)
        await asyncio.gather(processes._keep_running(processes.children[0]), return_exceptions=True)

    asyncio.run(run())
    assert reports == [told]
