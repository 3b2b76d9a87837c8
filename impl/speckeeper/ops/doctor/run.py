"""`speckeeper doctor`: run all checks and print what they find."""

import json as json_format
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from speckeeper.ops.config.sasl_settings import peer_auth, sasl_settings
from speckeeper.ops.config.zoo_cfg import Config, ConfigError, read_config, standalone_config
from speckeeper.ops.doctor.disk import check_disk
from speckeeper.ops.doctor.finding import Finding, Level, ok, warning, wrong
from speckeeper.ops.doctor.machine import check_machine
from speckeeper.ops.doctor.network import check_peers, check_ports
from speckeeper.ops.doctor.tls import check_tls
from speckeeper.ops.exit_codes import ExitCode

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.WRONG: "bold red"}
_CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (
    check_disk,
    check_machine,
    check_ports,
    check_peers,
    check_tls,
)


def run(file: str | None, as_json: bool) -> int:
    """Check the server of a zoo.cfg, of `speckeeper serve` alone if there is none.

    Return the exit code: 0, also with warnings; 1 if something is wrong; 2 for a bad file.
    """
    try:
        config = read_config(file) if file else standalone_config([])
    except ConfigError as error:
        print(f"speckeeper: {error}", file=sys.stderr)
        return int(ExitCode.BAD_INVOCATION)
    findings = list(examine(config))
    if as_json:
        print(json_format.dumps([_plain(each) for each in findings], indent=2, ensure_ascii=False))
    else:
        _print(findings)
    bad = any(each.level is Level.WRONG for each in findings)
    return int(ExitCode.UNEXPECTED if bad else ExitCode.OK)


def examine(config: Config) -> Iterator[Finding]:
    """Run every check."""
    yield from _configuration(config)
    for check in _CHECKS:
        yield from check(config)


def _configuration(config: Config) -> Iterator[Finding]:
    """Quorums were looked at when the file was read: it would have been refused."""
    what = "a standalone server"
    if config.quorum is not None:
        what = f"server {config.server_id} of {len(config.quorum.servers)}, whose quorums intersect"
    yield ok("configuration", f"{config.source}: {what}")
    for text in config.warnings:
        yield warning("configuration", text, "correct it, or take it out")
    for settings_of in (sasl_settings, peer_auth):
        try:
            settings_of(config)
        except ConfigError as error:
            yield wrong("SASL", f"{error.file}: {error.text}", error.remedy)


def _plain(finding: Finding) -> dict[str, str]:
    return {**finding._asdict(), "level": finding.level.value}


def _print(findings: list[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for level, subject, text, remedy in findings:
        style = _STYLES[level]
        table.add_row(f"[{style}]{level.value}[/]", subject, text)
        if remedy:
            table.add_row("", "", f"-> {remedy}")
    Console().print(table)
    counts = {level: sum(each.level is level for each in findings) for level in Level}
    print(
        f"{counts[Level.OK]} checks are fine, {counts[Level.WARNING]} warnings, "
        f"{counts[Level.WRONG]} wrong"
    )
