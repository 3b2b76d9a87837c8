"""Shops to be driven by Stock.tla: a good one, and others with one mistake each."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from speccheck.evaluate.values import SEQUENCES, Value, function_of


class Shop:
    """Delivers whenever it likes: here, when somebody looks and two orders wait."""

    internal: ClassVar[frozenset[str]] = frozenset({"Deliver"})
    often: ClassVar[frozenset[str]] = frozenset({"Sell"})
    weights: ClassVar[Mapping[str, float]] = {}
    usual: ClassVar[Mapping[str, Any]] = {}
    left_out: ClassVar[Mapping[str, str]] = {"Close": "the shop is always open"}

    def start(self, state: Mapping[str, Value]) -> None:
        """Open with nothing in stock."""
        self.stock = {"ham": 0, "jam": 0}
        self.waiting: list[tuple[str, int]] = []
        self.sold = state["sold"]

    def order(self, item: str, number: int) -> None:
        """Take an order."""
        self.waiting.append((item, number))
        if len(self.waiting) == 2:
            self.deliver()

    def deliver(self) -> None:
        """Deliver all that waits."""
        for item, number in self.waiting:
            self.stock[item] = min(self.stock[item] + number, 3)
        self.waiting.clear()

    def sell(self, item: str) -> None:
        """Sell one."""
        self.stock[item] -= 1
        self.sold += 1

    def discount(self) -> None:
        """Take back two if there are as many."""
        self.sold -= 2 if self.sold >= 2 else 1

    def observe(self) -> Mapping[str, Value]:
        """Show the shelves and the till; orders are nobody's business."""
        return {"stock": function_of(dict(self.stock)), "sold": self.sold}

    def notes(self) -> Iterable[str]:
        """Say whether anything is left."""
        return () if any(self.stock.values()) else ("sold out",)

    def close(self) -> None:
        """Go home."""


class Greedy(Shop):
    """Puts more on the shelf than there is room for."""

    def deliver(self) -> None:
        for item, number in self.waiting:
            self.stock[item] += number
        self.waiting.clear()


class Careless(Shop):
    """Forgets what it has sold once it has sold three."""

    def sell(self, item: str) -> None:
        super().sell(item)
        if self.sold > 3:
            self.sold = 0


class Generous(Shop):
    """Gives more discount than the specification allows."""

    def discount(self) -> None:
        self.sold -= 2


class Broken(Shop):
    """Breaks down."""

    def sell(self, item: str) -> None:
        raise RuntimeError("the till is stuck")


class Open(Shop):
    """Shows the orders too: then everything that the specification says can be told."""

    internal: ClassVar[frozenset[str]] = frozenset()

    def order(self, item: str, number: int) -> None:
        self.waiting.append((item, number))

    def deliver(self) -> None:
        item, number = self.waiting.pop(0)
        self.stock[item] = min(self.stock[item] + number, 3)

    def observe(self) -> Mapping[str, Value]:
        waiting = SEQUENCES[tuple(SEQUENCES[pair] for pair in self.waiting)]
        return {**super().observe(), "ordered": waiting}
