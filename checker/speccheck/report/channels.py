r"""Where a specification keeps its messages, found by shape or told by an annotation.

Three shapes are known. A *matrix* is a variable ``[S -> [S -> contents]]``; an *inbox* is
``[S -> contents]``, contents being a sequence or a set of messages; a *pool* is a set, bag or
sequence of records that name sender and receiver. A comment in the module, or an option, overrides
what is found:

    \* @channel msgs[from][to]        a matrix; [to][from] if the receiver comes first
    \* @channel inbox[to]             an inbox
    \* @channel network{src, dst}     a pool, with the fields for sender and receiver
    \* @channel none                  nothing is a channel
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from speccheck.evaluate.order import ordered
from speccheck.evaluate.values import SEQUENCES, Fn, ModelValue, Value

_ANNOTATION = re.compile(r"\\\*.*?@channel\s+(?P<text>[^\n]*)")
_CHANNEL = re.compile(
    r"""\s*(?P<name>\w+)\s*
    (?: \[\s*(?P<first>from|to)\s*\]\s*(?:\[\s*(?P<second>from|to)\s*\])?
      | \{\s*(?P<sender>\w*)\s*,\s*(?P<receiver>\w*)\s*\} )?\s*""",
    re.VERBOSE,
)
_NAMES = re.compile(
    r".*(msg|message|network|net$|chan|inbox|mailbox|packet|queue|buffer|wire|in_?transit).*", re.I
)
_SENDER_FIELDS = ("from", "src", "source", "sender", "msource", "mfrom", "msrc", "frm")
_RECEIVER_FIELDS = ("to", "dst", "dest", "destination", "receiver", "mdest", "mto", "mdst")
_LEAST_PROCESSES = 2


class ChannelError(Exception):
    """An option or annotation does not describe a channel; the message says what would."""


class Channel(NamedTuple):
    """A variable with messages.

    ``kind`` is "matrix", "inbox" or "pool". ``sender_first`` is for a matrix, None if that is to
    be found out; the fields are those of its records, "" where there is none.
    """

    variable: str
    kind: str
    sender_first: bool | None = None
    sender: str = ""
    receiver: str = ""


def annotations(text: str) -> list[str]:
    """Return the channels that the comments of a module describe, as text."""
    return [match["text"].strip() for match in _ANNOTATION.finditer(text)]


def parse_channel(text: str) -> Channel | None:
    """Return the channel that a text describes, None for "none". Raises ChannelError."""
    if text.strip() == "none":
        return None
    match = _CHANNEL.fullmatch(text)
    if match is None or (match["first"] is not None and match["first"] == match["second"]):
        wanted = "msgs[from][to], inbox[to], network{src, dst} or none"
        raise ChannelError(f"{text!r} describes no channel; write {wanted}")
    if match["second"] is not None:
        return Channel(match["name"], "matrix", match["first"] == "from")
    if match["first"] is not None:
        return Channel(match["name"], "inbox")
    return Channel(match["name"], "pool", None, match["sender"] or "", match["receiver"] or "")


def find_channels(
    variables: Sequence[str], states: Sequence[Sequence[Value]], processes: frozenset[Value]
) -> list[Channel]:
    """Return the channels among the variables of some states."""
    found: list[Channel] = []
    for position, name in enumerate(variables):
        values = [state[position] for state in states]
        channel = _as_channel(name, values, processes)
        if channel is not None:
            found.append(channel)
    if any(channel.kind != "pool" for channel in found):
        # A set of records beside proper channels is a record of what was sent, unless it says to
        # whom.
        found = [channel for channel in found if channel.kind != "pool" or channel.receiver]
    return found


def _as_channel(name: str, values: Sequence[Value], processes: frozenset[Value]) -> Channel | None:
    if all(_is_matrix(value, processes) for value in values):
        return Channel(name, "matrix")
    is_named = _NAMES.fullmatch(name) is not None
    items = [item for value in values for item in _items(value)]
    if all(isinstance(value, frozenset) or _is_bag(value) for value in values) and items:
        sender, receiver = _field(items, _SENDER_FIELDS), _field(items, _RECEIVER_FIELDS)
        if receiver or sender or (is_named and all(map(_is_record, items))):
            return Channel(name, "pool", None, sender, receiver)
    if all(_is_sequence(value) for value in values) and items:
        sender, receiver = _field(items, _SENDER_FIELDS), _field(items, _RECEIVER_FIELDS)
        if receiver:
            return Channel(name, "pool", None, sender, receiver)
    if all(_is_inbox(value, processes) for value in values):
        held = [item for value in values for part in value.values_ for item in _items(part)]
        if held and (is_named or _field(held, _SENDER_FIELDS) or _field(held, _RECEIVER_FIELDS)):
            return Channel(name, "inbox", None, _field(held, _SENDER_FIELDS))
    return None


def _is_sequence(value: Value) -> bool:
    return isinstance(value, Fn) and value.table is SEQUENCES


def _is_record(value: Value) -> bool:
    return isinstance(value, Fn) and all(isinstance(key, str) for key in value) and bool(value)


def _is_bag(value: Value) -> bool:
    """Tell whether the value counts records."""
    return isinstance(value, Fn) and all(
        _is_record(key) and isinstance(count, int) for key, count in value.items()
    )


def _is_contents(value: Value) -> bool:
    return isinstance(value, frozenset) or _is_sequence(value)


def _is_inbox(value: Value, processes: frozenset[Value]) -> bool:
    return (
        isinstance(value, Fn)
        and bool(processes)
        and value.domain.keyset == processes
        and all(map(_is_contents, value.values_))
    )


def _is_matrix(value: Value, processes: frozenset[Value]) -> bool:
    if not isinstance(value, Fn) or value.domain.keyset != processes or not processes:
        return False
    return all(
        isinstance(row, Fn)
        and row.domain.keyset <= processes
        and len(row) >= len(processes) - 1
        and all(map(_is_contents, row.values_))
        for row in value.values_
    )


def _field(items: Iterable[Value], names: Sequence[str]) -> str:
    """Return the first of the names that every record has as a field, "" if there is none."""
    records = [item for item in items if _is_record(item)]
    for name in names:
        if records and all(name in record for record in records):
            return name
    return ""


def _items(value: Value) -> list[Value]:
    """Return the messages in a sequence, set or bag, in order, each as often as it is there."""
    if isinstance(value, frozenset):
        return list(ordered(value))
    if _is_sequence(value):
        return list(value.values_)
    if _is_bag(value):
        return [key for key in value.domain.keys_ for _ in range(max(0, value[key]))]
    return []


Slot = tuple[Value | None, Value | None]


def contents(channel: Channel, value: Value, sender_first: bool) -> dict[Slot, list[Value]]:
    """Return the messages in a channel by sender and receiver; None where it does not say."""
    found: dict[Slot, list[Value]] = {}
    if channel.kind == "matrix" and isinstance(value, Fn):
        for first, row in value.items():
            for second, part in row.items() if isinstance(row, Fn) else ():
                slot = (first, second) if sender_first else (second, first)
                found[slot] = _items(part)
    elif channel.kind == "inbox" and isinstance(value, Fn):
        for receiver, part in value.items():
            for item in _items(part):
                slot = (_of(item, channel.sender), receiver)
                found.setdefault(slot, []).append(item)
    else:
        for item in _items(value):
            slot = (_of(item, channel.sender), _of(item, channel.receiver))
            found.setdefault(slot, []).append(item)
    return found


def _of(item: Value, name: str) -> Value | None:
    return item.get(name) if name and isinstance(item, Fn) else None


def find_processes(states: Sequence[Sequence[Value]]) -> frozenset[Value]:
    """Return the set that most variables are functions of, as long as it stays the same.

    Functions of model values count most. One from 1..n is a sequence, one from strings a record:
    these are taken only if nothing else is there.
    """
    counts: Counter[frozenset[Value]] = Counter()
    for variable in zip(*states, strict=True):
        if not all(isinstance(value, Fn) for value in variable):
            continue
        keyset = variable[0].domain.keyset
        if len(keyset) < _LEAST_PROCESSES:
            continue
        if any(value.domain.keyset != keyset for value in variable):
            continue
        weight = 100 if all(isinstance(key, ModelValue) for key in keyset) else 1
        counts[keyset] += weight
        if all(isinstance(row, Fn) and row.domain.keyset == keyset for row in variable[0].values_):
            counts[keyset] += weight
    if not counts:
        return frozenset()
    most = max(counts.values())
    return max((keys for keys, count in counts.items() if count == most), key=len)
