"""Words what diverges, and what a verdict does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from speccheck.conform.history import values as v
from speccheck.conform.history.answers import Answers
from speccheck.conform.history.client import Client
from speccheck.conform.history.records import Reply, fields
from speccheck.conform.history.verdict import Diverged, Divergence, Verdict
from speccheck.conform.history.world import World
from speccheck.evaluate.values import Fn, Value

if TYPE_CHECKING:
    from speccheck.conform.history.judge import Judge


class Reports:
    """Makes a divergence, with all that a person needs to act on it."""

    def __init__(self, answers: Answers, world: World, verdict: Verdict) -> None:
        self._answers = answers
        self._world = world
        self._verdict = verdict

    def diverged(
        self,
        client: Client,
        line: int,
        record: Reply | None,
        operator: str,
        reason: str,
        expected: Any = None,
        seen: Any = None,
        closest: int | None = None,
    ) -> Diverged:
        """Return what is to be raised; ``expected`` and ``seen`` are values, or plain data."""
        module, spec_line = self._answers.operators.place(operator)
        request = fields(bytes(record.request)) if record is not None else {}
        return Diverged(
            Divergence(
                reason,
                client.path,
                line,
                client.session,
                record.type if record is not None else "watch event",
                request,
                record.zxid if record is not None else self._world.zxid,
                operator,
                module,
                spec_line,
                _plain(expected),
                _plain(seen),
                closest,
            )
        )

    def backwards(self, client: Client, line: int, record: Reply) -> Diverged:
        """Report a zxid that goes back in a session."""
        return self.diverged(
            client,
            line,
            record,
            "ZxidsNeverGoBack",
            "the zxid of the reply goes back in its session",
            {"zxid": f"at least {client.last_zxid:#x}"},
            {"zxid": f"{record.zxid:#x}"},
        )

    def unexplained(self, count: int, client: Client) -> Diverged:
        """Report transactions that nobody can have made, where all clients were recorded."""
        return self.diverged(
            client,
            1,
            None,
            "ZxidsRise",
            f"{count} zxids up to {self._verdict.last_zxid:#x} belong to nothing that was asked",
            {"transactions": "each asked for by a client that was recorded"},
            {"transactions of nobody": count},
        )

    def wrong_answer(
        self,
        client: Client,
        line: int,
        record: Reply,
        expected: Fn,
        seen: Fn,
        closest: int | None = None,
    ) -> Diverged:
        """Report a reply that is not what the specification answers."""
        by_error = expected["err"] != seen["err"]
        if record.type in _WRITES_WITH_APPLY and not by_error:
            operator = self._answers.applier_of(record.type)
        else:
            operator = self._answers.action_of(record.type)
        if by_error:
            reason = f"answered {seen['err']} where {expected['err']} is due"
        else:
            different = [
                name
                for name in sorted({*expected, *seen})
                if name not in expected or name not in seen or expected[name] != seen[name]
            ]
            reason = f"the answer is wrong in {', '.join(different)}"
        return self.diverged(client, line, record, operator, reason, expected, seen, closest)

    def notes(self, judge: Judge) -> None:
        """Say what is not known, and what was supposed."""
        survey, verdict = judge.survey, self._verdict
        if not judge.world.is_whole:
            verdict.notes.append(
                "the tree was not empty when the history begins: what nobody had read yet was "
                "learned from the first reply that shows it"
            )
        if judge.learning.others:
            verdict.notes.append(
                f"{judge.learning.others} transactions, at least, are those of clients that were "
                "not recorded: what they may have changed was learned anew"
            )
        if survey.cut:
            names = ", ".join(path.name for path in survey.cut[:3])
            verdict.notes.append(f"cut off before the recorder ended: {names}")
        if judge.learning.supposed_acls:
            verdict.notes.append(
                f"the ACLs of {judge.learning.supposed_acls} nodes were not known and taken as open"
            )
        if judge.writes.behind:
            verdict.notes.append(
                f"{judge.writes.behind} writes are right only on what was before a setACL or the "
                "end of a session that was still on its way, as ZooKeeper prepares them (Behind)"
            )
        if judge.writes.placed:
            verdict.notes.append(
                f"{judge.writes.placed} transactions that nobody was told of were inferred "
                "(lost requests, expired sessions, swept nodes)"
            )


_WRITES_WITH_APPLY = frozenset(
    {"create", "create2", "createContainer", "createTTL", "delete", "setData", "setACL", "multi"}
)


def _plain(value: Value) -> Any:
    return v.plain(value) if isinstance(value, Fn | frozenset) else value
