"""Faults drawn from a seed: who is killed, paused, restarted or cut off, how, and for how long."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from fault_ensemble import FaultEnsemble
from links import Link, Passage


class Fault(NamedTuple):
    """One thing that is done. ``dwell_s``: how long it lasts after the service is back, if it can
    be. ``stack``: whether the next fault comes on top of it.
    """

    text: str
    do: Callable[[], None]
    dwell_s: float
    stack: bool


def faults(ensemble: FaultEnsemble, seed: int) -> Iterator[Fault]:
    """Yield faults without end. Who leads is asked when one is drawn; all else is the seed's."""
    rng = random.Random(seed)
    kinds = (_kill, _kill, _kill_several, _restart, _pause, _pause, _isolate, _isolate, _one_way)
    kinds += (_split, _one_link)
    while True:
        draw = rng.choice(kinds)
        text, do = draw(ensemble, rng)
        yield Fault(text, do, rng.choice((0.0, 0.1, 0.5, 1.5, 3.0)), rng.random() < 0.3)


_Drawn = tuple[str, Callable[[], None]]


def _somebody(ensemble: FaultEnsemble, rng: random.Random) -> int:
    """Draw a member: the leader every second time."""
    anybody, leads = rng.choice(ensemble.ids), rng.random() < 0.5
    leader = ensemble.leader() if leads else None
    return anybody if leader is None else leader


def _kill(ensemble: FaultEnsemble, rng: random.Random) -> _Drawn:
    sid = _somebody(ensemble, rng)
    return f"kill {sid}", lambda: ensemble.kill(sid)


def _kill_several(ensemble: FaultEnsemble, rng: random.Random) -> _Drawn:
    victims = rng.sample([*ensemble.ids], rng.randint(2, len(ensemble.ids)))
    return f"kill {victims}", lambda: [ensemble.kill(sid) for sid in victims] and None


def _restart(ensemble: FaultEnsemble, rng: random.Random) -> _Drawn:
    sid = _somebody(ensemble, rng)
    return f"stop {sid}", lambda: ensemble.stop(sid)


def _pause(ensemble: FaultEnsemble, rng: random.Random) -> _Drawn:
    sid = _somebody(ensemble, rng)
    return f"pause {sid}", lambda: ensemble.pause(sid)


def _passage(rng: random.Random) -> Passage:
    return rng.choice((Passage.CUT, Passage.HELD))


def _put(ensemble: FaultEnsemble, links: list[Link], how: Passage) -> Callable[[], None]:
    return lambda: ensemble.network.put(links, how)


def _isolate(ensemble: FaultEnsemble, rng: random.Random) -> _Drawn:
    sid, how = _somebody(ensemble, rng), _passage(rng)
    links = [pair for pair in _pairs(ensemble) if sid in pair]
    return f"all links of {sid} {how.value}", _put(ensemble, links, how)


def _one_way(ensemble: FaultEnsemble, rng: random.Random) -> _Drawn:
    """Somebody is heard no more, or hears no more."""
    sid, end = _somebody(ensemble, rng), rng.choice((0, 1))
    links = [pair for pair in _pairs(ensemble) if pair[end] == sid]
    text = f"all links {('from', 'to')[end]} {sid} held"
    return text, _put(ensemble, links, Passage.HELD)


def _split(ensemble: FaultEnsemble, rng: random.Random) -> _Drawn:
    """Two parts; one of them has the majority."""
    ids = [*ensemble.ids]
    part, how = sorted(rng.sample(ids, rng.randint(1, len(ids) // 2))), _passage(rng)
    links = [(a, b) for a, b in _pairs(ensemble) if (a in part) != (b in part)]
    return f"{part} apart, links {how.value}", _put(ensemble, links, how)


def _one_link(ensemble: FaultEnsemble, rng: random.Random) -> _Drawn:
    link, how = rng.choice(_pairs(ensemble)), _passage(rng)
    both = [link, link[::-1]] if rng.random() < 0.5 else [link]
    return f"links {both} {how.value}", _put(ensemble, both, how)


def _pairs(ensemble: FaultEnsemble) -> list[Link]:
    return [(a, b) for a in ensemble.ids for b in ensemble.ids if a != b]
