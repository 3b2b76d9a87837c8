"""Judging traces: from files to a verdict."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from speccheck.conform.blame import Blame, Conjunct
from speccheck.conform.causal import causal_past, sent_before
from speccheck.conform.connections import Connections
from speccheck.conform.dialect import DIALECTS, Dialect
from speccheck.conform.folding import FOLDINGS
from speccheck.conform.merge import Merge, Stall
from speccheck.conform.observation import Difference, Observer, decoded_arguments
from speccheck.conform.reading import Event, Track, Unusable, read_tracks
from speccheck.conform.replay import Divergence, Inferred, Replay
from speccheck.conform.specification import State, specification_of
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.forgetting import Forgetting, no_collection
from speccheck.evaluate.show import show
from speccheck.explore.exercise.findings import Branch
from speccheck.explore.model import Model

_PAST = 400
"""How many events are remembered, to find those in the past of one that diverges."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to judge. ``spec`` None: ``spec/<module>.tla``. ``every``: so often invariants.

    ``library``: folders with more modules, beside that of ``spec``.
    """

    spec: Path | None = None
    config: Path | None = None
    hidden: tuple[str, ...] = ()
    every: int = 1000
    library: tuple[Path, ...] = ()


class Closest(NamedTuple):
    """An action that the specification allows where it does not allow what was told."""

    action: str
    arguments: str
    differences: tuple[Difference, ...]


class Fault(NamedTuple):
    """Why traces do not conform. ``past``: the events that led to it, itself last.

    ``sent_before``: how many messages had been sent before the past, by connection and sender.
    """

    event: Event
    reason: str
    conjunct: Conjunct | None
    differences: tuple[Difference, ...]
    closest: Closest | None
    past: tuple[Event, ...]
    candidates: int
    sent_before: Mapping[tuple[str, Any], int] = {}
    violated: str = ""
    """The invariant that does not hold, if it is that."""


@dataclass(slots=True)
class Verdict:
    """What became of some traces. ``notes``: what was left out, or had to be found out."""

    module: str
    servers: list[Any]
    events: int = 0
    checked: int = 0
    fault: Fault | None = None
    taken: Counter[str] = field(default_factory=Counter)
    actions: list[str] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    inferred: list[Inferred] = field(default_factory=list)
    invariants: list[str] = field(default_factory=list)
    invariant_states: int = 0
    candidates: int = 1
    notes: list[str] = field(default_factory=list)

    @property
    def conforms(self) -> bool:
        """Whether the specification allows all that was told."""
        return self.fault is None


def judge(
    paths: Iterable[Path], plan: Plan, tell: Callable[[int], None] = lambda _: None
) -> Verdict:
    """Return the verdict on the files of one ensemble; ``tell`` hears how many events are done.

    Raises Unusable where there is none.
    """
    tracks = read_tracks(paths)
    header = tracks[0].parts[0].header
    spec, config = find_spec(plan.spec, header.spec), find_config(plan, header.spec)
    model = specification_of(header, spec, config, library=plan.library)
    return judge_tracks(tracks, model, plan, tell)


def find_spec(given: Path | None, module: str) -> Path:
    """Return the file of the specification. Raises Unusable."""
    path = given or Path("spec") / f"{module}.tla"
    if not path.is_file():
        raise Unusable(f"{path}: there is no such file; name the specification by --spec")
    return path


def find_config(plan: Plan, module: str) -> Path | None:
    """Return the configuration with the invariants, None if there is none. Raises Unusable."""
    if plan.config is not None:
        if not plan.config.is_file():
            raise Unusable(f"{plan.config}: there is no such file")
        return plan.config
    beside = find_spec(plan.spec, module).parent / "traces" / f"{module}.cfg"
    return beside if beside.is_file() else None


def judge_tracks(
    tracks: Sequence[Track],
    model: Model,
    plan: Plan,
    tell: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Return the verdict on tracks that were read. Raises Unusable."""
    header = tracks[0].parts[0].header
    dialect = DIALECTS.get(header.spec, Dialect())
    connections = Connections(tracks, dialect)
    if not connections.events:
        raise Unusable(
            f"{tracks[0].parts[0].path}: there is no event in any file, nothing to check"
        )
    positions = {name: index for index, name in enumerate(model.variables)}
    hidden_variables = [name for name in plan.hidden if name in positions]
    hidden_actions = [name for name in plan.hidden if name not in positions]
    folding = FOLDINGS.get(header.spec)
    replay = Replay(
        model,
        dialect,
        Observer(model.variables, header.untold, hidden_variables),
        plan.every,
        hidden_actions,
        folding(positions).fold if folding is not None and not hidden_variables else None,
        connections if not plan.hidden else None,
    )
    for name in hidden_actions:
        if name not in replay.steps.ways:
            raise Unusable(f"--hide {name}: the specification has no such variable or action")
    verdict = Verdict(header.spec, [track.server for track in tracks], connections.events)
    missing = _missing(replay, tracks)
    is_complete = not missing and all(track.ended is None for track in tracks)
    merge = Merge(tracks, connections, dialect, complete=is_complete)
    past: deque[Event] = deque(maxlen=_PAST)
    for server in missing:
        verdict.notes.append(f"server {server}: there is no trace of it")
    try:
        _run(replay, merge, past, tell)
    except Divergence as found:
        verdict.fault = _fault(found, replay, past)
    except Stall as stall:
        if stall.cut_off:
            verdict.notes.append(
                f"{stall.event.place}: from here on server {stall.event.server}, and what depends "
                f"on it, was not checked: it waits for {stall.reason}, and who should have sent it "
                "has no trace from there"
            )
        else:
            reason = f"it waits for {stall.reason}"
            led = causal_past(stall.event, past)
            verdict.fault = Fault(
                stall.event, reason, None, (), None, led, 0, sent_before(led, past)
            )
    except EvaluationError as error:
        raise Unusable(str(error)) from None
    _notes(verdict, tracks)
    _finish(verdict, replay, merge, model)
    return verdict


def _run(replay: Replay, merge: Merge, past: deque[Event], tell: Callable[[int], None]) -> None:
    event: Event | None = None
    take, remember = replay.take, past.append
    forgetting = Forgetting()
    with no_collection():
        for event in merge:
            take(event)
            remember(event)
            if not replay.checked % 1000:
                tell(replay.checked)
                if forgetting.may_forget():
                    forgetting.forget()
    if event is not None:
        replay.check_invariants(event)


def _missing(replay: Replay, tracks: Sequence[Track]) -> list[Any]:
    """Return the servers of the specification that have no track."""
    given = {track.server for track in tracks}
    return [server for server in replay.model_servers(replay.states[0]) if server not in given]


def _notes(verdict: Verdict, tracks: Sequence[Track]) -> None:
    for track in tracks:
        verdict.notes += track.gaps
        if track.ended is not None:
            verdict.notes.append(
                f"{track.ended}: from here on server {track.server} does what the specification "
                "has not (observers, reconfiguration), and what it records later is left out"
            )
        for path in track.torn:
            verdict.notes.append(f"{path}: the last line is torn and was left out")


def _finish(verdict: Verdict, replay: Replay, merge: Merge, model: Model) -> None:
    verdict.checked = replay.checked
    verdict.taken = replay.taken
    verdict.actions = list(replay.steps.ways)
    verdict.branches = model.marks.branches() if model.marks is not None else []
    verdict.inferred = replay.inferred
    verdict.invariants = [invariant.name for invariant in model.invariants]
    verdict.invariant_states = replay.invariant_states
    verdict.candidates = replay.most_candidates
    for event in merge.skipped:
        verdict.notes.append(f"{event.place}: a connection that no leader has taken was left out")


def _fault(found: Divergence, replay: Replay, past: Iterable[Event]) -> Fault:
    event = found.event
    arguments = decoded_arguments(event)
    state = found.before[0]
    blame = Blame(replay.model)
    conjunct: Conjunct | None = None
    differences: tuple[Difference, ...] = ()
    if found.violated:
        reason = f"invariant {found.violated} is violated behind it"
    elif found.after:
        differences = tuple(found.after[0][1])
        names = ", ".join(difference.variable for difference in differences)
        reason = f"the action leads elsewhere: {names}"
        if differences:
            conjunct = blame.assigning(event.action, arguments, differences[0].variable, state)
        elif found.message:
            reason = f"it reads another message than the one that comes next: {found.message}"
    else:
        reason = "the action is not possible"
        conjunct = blame.false_conjunct(event.action, arguments, state)
    if event.untold:
        names = ", ".join(difference.variable for difference in differences)
        reason = f"nothing that the disk may have done leads to what the next start found: {names}"
    if found.message and event.recv is not None and found.after:
        reason = f"it reads another message than comes next on the channel: {found.message}"
        differences = (Difference("message", _shown(event.recv[2]), found.message),)
    led = causal_past(event, past)
    return Fault(
        event,
        reason,
        conjunct,
        differences,
        _closest(event, state, replay),
        led,
        len(found.before),
        sent_before(led, past),
        found.violated,
    )


def _shown(data: Any) -> str:
    return str(data).replace("'", "")


def _closest(event: Event, state: State, replay: Replay) -> Closest | None:
    """Return the step of the same server that has most in common with what was told."""
    best: Closest | None = None
    fewest = float("inf")
    for name in replay.steps.ways:
        try:
            steps = replay.steps.every(name, event.server, state)
        except Exception:  # noqa: BLE001  # An action that cannot be evaluated is not close.
            continue
        for arguments, after in steps[:200]:
            if name == event.action and list(arguments) == decoded_arguments(event):
                continue
            found = replay.observer.differences(event, state, after, all_of_them=True)
            score = len(found) - (name == event.action) * 0.5
            if score < fewest:
                fewest = score
                shown = ", ".join(show(argument) for argument in arguments)
                best = Closest(name, shown, tuple(found))
    return best
