"""What evaluation raises."""

from speccheck.tla.meaning import Place


class EvaluationError(Exception):
    """An expression has no value; ``places`` leads from the innermost one outward."""

    def __init__(self, message: str, places: tuple[Place, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.places = places

    def __str__(self) -> str:
        if not self.places:
            return self.message
        return f"{self.places[0]}: {self.message}"
