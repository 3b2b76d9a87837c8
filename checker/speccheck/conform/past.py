"""The causal past of an event as a space-time diagram: for terminals, and as SVG for pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from speccheck.conform.data import label
from speccheck.conform.reading import Event
from speccheck.evaluate.values import FALSE
from speccheck.report.itf import ItfError, decode
from speccheck.report.messages import Diagram, Message
from speccheck.report.spacetime import spacetime_svg
from speccheck.report.trace import Move, Step, Trace


def past_lines(past: Sequence[Event], servers: Sequence[object]) -> Iterator[str]:
    """Yield a line for each event: a column for each server, then what happened."""
    width = max(len(str(server)) for server in servers) + 4
    yield "  ".join(str(server).center(width) for server in servers)
    for event in past:
        marks = [("*" if server == event.server else "|").center(width) for server in servers]
        told = label(event)
        if event.recv is not None:
            told += f"  <- {event.recv[2].get('mtype', 'message')} on {event.recv[0]}"
        if event.sent:
            told += "  -> " + ", ".join(event.sent)
        yield f"{'  '.join(marks)}  {event.n:>6}  {told}"


def past_svg(
    past: Sequence[Event],
    servers: Sequence[object],
    before: Mapping[tuple[str, object], int] | None = None,
) -> str:
    """Return the diagram; messages whose sending is not in the past come from outside of it.

    ``before``: what :func:`sent_before` gives. Of a connection that it does not know, the first
    event that sends is taken to have sent one message.
    """
    steps = []
    for number, event in enumerate(past, 1):
        move = Move(
            event.action, None, tuple((str(k), _value(v)) for k, v in enumerate(event.args))
        )
        steps.append(Step(number, move, (), {}))
    diagram = Diagram([*servers], [event.server for event in past])
    counts = dict(before or {})
    sends: dict[tuple[str, object, int], int] = {}
    for index, event in enumerate(past):
        if event.recv is not None:
            name, k, content = event.recv
            for server in servers:
                sent = sends.get((name, server, k))
                if server != event.server and sent is not None:
                    diagram.messages.append(
                        Message(_value(content), server, event.server, sent, index)
                    )
        for name, count in (event.sent or {}).items():
            key = name, event.server
            for k in range(counts.get(key, count - 1) + 1, count + 1):
                sends[name, event.server, k] = index
            counts[key] = count
    return spacetime_svg(Trace(("action",), steps), diagram)


def _value(data: object) -> object:
    try:
        return decode(data)
    except ItfError:
        return FALSE
