"""A space-time diagram as SVG: a lane for each process, time downward, arrows for messages.

Colours and line styles are classes: the page that it stands in decides, by day and by night. All
text is escaped; there are no scripts, styles or references within.
"""

from html import escape

from speccheck.evaluate.show import show
from speccheck.report.messages import Diagram, Message
from speccheck.report.trace import Trace

_ROW, _LANE, _LEFT, _TOP = 46, 150, 70, 56
_RADIUS = 6
_LABEL_WIDTH = 330


def spacetime_svg(trace: Trace, diagram: Diagram) -> str:
    """Return the diagram of a trace; each event is a link to ``#step-N`` of its step."""
    picture = _Picture(trace, diagram)
    return "\n".join(picture.parts())


class _Picture:
    def __init__(self, trace: Trace, diagram: Diagram) -> None:
        self._trace = trace
        self._diagram = diagram
        self._lanes = {process: n for n, process in enumerate(diagram.processes)}
        self._width = _LEFT + _LANE * len(diagram.processes) + _LABEL_WIDTH
        self._height = _TOP + _ROW * len(trace.steps) + 16

    def parts(self) -> list[str]:
        """Return the lines of the picture."""
        count = len(self._trace.steps)
        processes = ", ".join(show(process) for process in self._diagram.processes)
        title = escape(f"Space-time diagram of {count} states; processes {processes}")
        return [
            f'<svg class="spacetime" role="group" aria-label="{title}" '
            f'width="{self._width}" height="{self._height}" '
            f'viewBox="0 0 {self._width} {self._height}" xmlns="http://www.w3.org/2000/svg">',
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
            'markerHeight="8" orient="auto-start-reverse">'
            '<path class="tip" d="M0 0L10 5L0 10z"/></marker></defs>',
            *self._lane_lines(),
            *self._loop(),
            *(line for message in self._diagram.messages for line in self._arrow(message)),
            *(line for index in range(count) for line in self._event(index)),
            "</svg>",
        ]

    def _x(self, process: object) -> float:
        return _LEFT + _LANE * (self._lanes[process] + 0.5)

    @staticmethod
    def _y(index: int) -> float:
        return _TOP + _ROW * (index + 0.5)

    def _lane_lines(self) -> list[str]:
        lines: list[str] = []
        for process in self._diagram.processes:
            x = self._x(process)
            lines.append(f'<text class="lane-name" x="{x}" y="28">{escape(show(process))}</text>')
            lines.append(
                f'<line class="lane" x1="{x}" y1="{_TOP - 14}" x2="{x}" y2="{self._height - 8}"/>'
            )
        return lines

    def _event(self, index: int) -> list[str]:
        step, y = self._trace.steps[index], self._y(index)
        actor = self._diagram.actors[index]
        label = escape(step.label)
        details = escape("\n".join([step.label, *map(str, step.changes)]))
        side = self._width - _LABEL_WIDTH + 8
        if actor is not None:
            mark = f'<circle class="event" cx="{self._x(actor)}" cy="{y}" r="{_RADIUS}"/>'
        else:
            last = _LEFT + _LANE * len(self._diagram.processes)
            mark = f'<line class="everywhere" x1="{_LEFT}" y1="{y}" x2="{last}" y2="{y}"/>'
        return [
            f'<a class="step" href="#step-{step.number}" data-step="{step.number}">'
            f"<title>{details}</title>",
            f'<rect class="row" x="0" y="{y - _ROW / 2}" width="{self._width}" height="{_ROW}"/>',
            f'<text class="number" x="56" y="{y + 4}">{step.number}</text>',
            mark,
            f'<text class="label" x="{side}" y="{y + 4}">{label}</text></a>',
        ]

    def _arrow(self, message: Message) -> list[str]:
        sender, receiver = message.sender, message.receiver
        if sender not in self._lanes:
            return []
        x1, y1 = self._x(sender), self._y(message.sent)
        end = message.received if message.received is not None else message.lost
        kind = "received" if message.received is not None else "lost"
        if end is None:
            kind, end = "waiting", message.sent + 1
        if receiver not in self._lanes:
            x2 = x1 + _LANE * 0.3
        elif kind == "waiting":
            # It points to where it would arrive, and does not get there.
            x2 = x1 + (self._x(receiver) - x1) * 0.35
        else:
            x2 = self._x(receiver)
        y2 = y1 + _ROW * 0.6 if kind == "waiting" else self._y(end)
        if receiver == sender:
            path = f"M{x1} {y1}C{x1 + 46} {y1} {x1 + 46} {y2} {x2} {y2}"
        else:
            path = f"M{x1} {y1}L{_short(x1, x2)} {y2}"
        at = 0.3 if kind == "received" else 0.55
        tx, ty = x1 + (x2 - x1) * at, y1 + (y2 - y1) * at - 5
        whole = escape(f"{show(message.content)}\n{show(sender)} to {_named(receiver)}: {kind}")
        lines = [f'<g class="message {kind}"><title>{whole}</title>']
        if self._diagram.actors[message.sent] != sender:
            lines.append(f'<circle class="bystander" cx="{x1}" cy="{y1}" r="{_RADIUS - 2}"/>')
        lines += [
            f'<path d="{path}" marker-end="url(#tip)"/>',
            f'<text x="{tx}" y="{ty}">{escape(message.label)}</text>',
        ]
        if kind == "lost":
            lines.append(f'<text class="cross" x="{x2}" y="{y2 + 5}">✕</text>')
        return [*lines, "</g>"]

    def _loop(self) -> list[str]:
        loop = self._trace.loop
        if loop is None:
            return []
        top, bottom = self._y(loop), self._y(len(self._trace.steps) - 1)
        if loop == len(self._trace.steps) - 1:
            path = f"M32 {bottom + 4}C2 {bottom + 26} 2 {bottom - 26} 32 {bottom - 4}"
        else:
            path = f"M32 {bottom}C2 {bottom} 2 {top} 32 {top}"
        title = escape(self._trace.ending or "")
        return [
            f'<g class="loop"><title>{title}</title><path d="{path}" marker-end="url(#tip)"/></g>'
        ]


def _short(x1: float, x2: float) -> float:
    """Return where an arrow ends: at the edge of the dot that it points to."""
    return x2 - _RADIUS if x2 > x1 else x2 + _RADIUS


def _named(process: object) -> str:
    return "nobody in particular" if process is None else show(process)
