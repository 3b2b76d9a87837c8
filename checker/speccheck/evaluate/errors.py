"""What evaluation raises."""

from typing import NamedTuple

from speccheck.tla.meaning import Place


class Frame(NamedTuple):
    """A place that evaluation was at, and in which definition ("" if in none by name).

    ``values`` are those of the bound names and parameters that are known there.
    """

    place: Place
    operator: str = ""
    values: tuple[tuple[str, object], ...] = ()


class EvaluationError(Exception):
    """An expression has no value; ``frames`` lead from the innermost place outward."""

    def __init__(self, message: str, frames: tuple[Frame, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.frames = frames

    @property
    def places(self) -> tuple[Place, ...]:
        """The places of ``frames``."""
        return tuple(frame.place for frame in self.frames)

    def __str__(self) -> str:
        if not self.frames:
            return self.message
        return f"{self.frames[0].place}: {self.message}"
