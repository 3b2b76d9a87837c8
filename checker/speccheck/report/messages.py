"""The messages of a counterexample: who sent what to whom, in which step, and who received it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from speccheck.evaluate.order import ordered
from speccheck.evaluate.show import show
from speccheck.evaluate.values import Fn, Value
from speccheck.report.channels import (
    Channel,
    Slot,
    contents,
    find_channels,
    find_processes,
    parse_channel,
)
from speccheck.report.trace import Step, Trace

_TYPE_FIELDS = ("type", "mtype", "kind", "mkind", "t")
_LONGEST_LABEL = 28


@dataclass(slots=True, eq=False)
class Message:
    """A message; steps are indices into the trace, None for what did not happen in it.

    It was ``received`` by the receiver, or ``lost`` when it went away without the receiver's doing.
    """

    content: Value
    sender: Value | None
    receiver: Value | None
    sent: int
    received: int | None = None
    lost: int | None = None

    @property
    def label(self) -> str:
        """A short text: the message's type if it has one."""
        if isinstance(self.content, Fn):
            for name in _TYPE_FIELDS:
                if name in self.content:
                    kind = self.content[name]
                    return kind if isinstance(kind, str) else show(kind)
        text = show(self.content)
        return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"


@dataclass(slots=True)
class Diagram:
    """Processes, which of them acted in each step (None: none or unknown), and messages."""

    processes: list[Value]
    actors: list[Value | None]
    messages: list[Message] = field(default_factory=list)


def diagram_of(trace: Trace, described: Sequence[str] = ()) -> Diagram | None:
    """Return who acted and who sent what, None for a specification without processes.

    ``described`` are channels as text, see :mod:`speccheck.report.channels`; without any they are
    found by shape. Raises ChannelError.
    """
    if not trace.steps:
        return None
    states = [step.state for step in trace.steps]
    told = [parse_channel(text) for text in described]
    processes = find_processes(states)
    channels = [channel for channel in told if channel is not None]
    if not told:
        channels = find_channels(trace.variables, states, processes)
    if not processes:
        processes = _named(trace, channels)
    if not processes:
        return None
    names = frozenset(channel.variable for channel in channels)
    diagram = Diagram(list(ordered(processes)), _actors(trace, processes, names))
    for channel in channels:
        if channel.variable in trace.variables:
            _follow(trace, channel, diagram)
    diagram.messages.sort(key=lambda message: message.sent)
    return diagram


def _named(trace: Trace, channels: Sequence[Channel]) -> frozenset[Value]:
    """Return the senders and receivers that messages name."""
    found: set[Value] = set()
    for channel in channels:
        if channel.variable not in trace.variables:
            continue
        position = trace.variables.index(channel.variable)
        for step in trace.steps:
            for slot in contents(channel, step.state[position], True):
                found.update(name for name in slot if name is not None)
    return frozenset(found)


# --- who acts ------------------------------------------------------------------------------------


def _actors(
    trace: Trace, processes: frozenset[Value], channels: frozenset[str]
) -> list[Value | None]:
    actors: list[Value | None] = [None]
    for before, step in pairwise(trace.steps):
        actors.append(_actor(trace.variables, before, step, processes, channels))
    return actors


def _actor(
    variables: Sequence[str],
    before: Step,
    step: Step,
    processes: frozenset[Value],
    channels: frozenset[str],
) -> Value | None:
    """Return the process whose own variables changed, else the first that the action names."""
    changed: set[Value] = set()
    for name, old, new in zip(variables, before.state, step.state, strict=True):
        if name in channels or not isinstance(old, Fn) or not isinstance(new, Fn):
            continue
        if old.domain is new.domain and old.domain.keyset == processes:
            changed.update(key for key in processes if old[key] != new[key])
    values = step.move.values if step.move is not None else []
    named = [value for value in values if value in processes]
    if len(changed) == 1 and (not named or changed <= set(named)):
        return changed.pop()
    return named[0] if named else None


# --- what is sent --------------------------------------------------------------------------------


def _follow(trace: Trace, channel: Channel, diagram: Diagram) -> None:
    position = trace.variables.index(channel.variable)
    values = [step.state[position] for step in trace.steps]
    sender_first = channel.sender_first
    if sender_first is None:
        sender_first = channel.kind != "matrix" or _sender_comes_first(values, channel, diagram)
    held = [contents(channel, value, sender_first) for value in values]
    on_the_way: list[Message] = []
    for slot, items in held[0].items():
        on_the_way.extend(Message(item, *slot, 0) for item in items)
    diagram.messages.extend(on_the_way)
    for index, (old, new) in enumerate(pairwise(held), 1):
        actor = diagram.actors[index]
        gone = _apart(old, new)
        for slot, item in gone:
            _arrive(on_the_way, slot, item, index, actor)
        taken = [item for _, item in gone]
        for message in _seen_by_name(trace.steps[index], on_the_way):
            if message.content in taken:
                continue
            diagram.messages.append(
                Message(message.content, message.sender, actor, message.sent, index)
            )
        for slot, item in _apart(new, old):
            sender, receiver = slot
            made = Message(item, actor if sender is None else sender, receiver, index)
            on_the_way.append(made)
            diagram.messages.append(made)
    _drop_what_was_seen(diagram)


def _apart(
    left: dict[Slot, list[Value]], right: dict[Slot, list[Value]]
) -> list[tuple[Slot, Value]]:
    """Return what is in ``left`` beyond what is in ``right``."""
    found: list[tuple[Slot, Value]] = []
    for slot, items in left.items():
        others = list(right.get(slot, ()))
        for item in items:
            if item in others:
                others.remove(item)
            else:
                found.append((slot, item))
    return found


def _arrive(
    on_the_way: list[Message], slot: Slot, item: Value, index: int, actor: Value | None
) -> None:
    """Note that a message has left its channel."""
    for message in on_the_way:
        in_slot = slot[1] == message.receiver and slot[0] in {None, message.sender}
        if in_slot and message.content == item:
            is_received = actor is None or message.receiver in {None, actor}
            if is_received:
                message.received = index
                message.receiver = message.receiver if message.receiver is not None else actor
            else:
                message.lost = index
            on_the_way.remove(message)
            return


def _seen_by_name(step: Step, on_the_way: list[Message]) -> list[Message]:
    """Return the messages that stay where they are but are an argument of the action."""
    if step.move is None:
        return []
    values = [value for value in step.move.values if isinstance(value, Fn)]
    return [message for message in on_the_way if message.content in values]


def _drop_what_was_seen(diagram: Diagram) -> None:
    """Leave out a message without a receiver where copies of it were received."""
    copies = [
        (message.content, message.sent)
        for message in diagram.messages
        if message.received is not None
    ]
    diagram.messages = [
        message
        for message in diagram.messages
        if message.received is not None
        or message.lost is not None
        or (message.content, message.sent) not in copies
    ]


def _sender_comes_first(values: Sequence[Value], channel: Channel, diagram: Diagram) -> bool:
    """Tell which index of a matrix is the sender's: the one that acts when something is added."""
    votes = 0
    held = [contents(channel, value, True) for value in values]
    for index, (old, new) in enumerate(pairwise(held), 1):
        actor = diagram.actors[index]
        if actor is None:
            continue
        for sign, apart in ((1, _apart(new, old)), (-1, _apart(old, new))):
            for (first, second), _ in apart:
                if first != second:
                    votes += sign * ((first == actor) - (second == actor))
    return votes >= 0
