"""What proofs raise: a text outside of the fragment, with its place."""

from speccheck.tla import meaning as m
from speccheck.tla.errors import TlaError
from speccheck.tla.resolve import error_at


class ProofError(Exception):
    """A proof cannot be tried: an unknown theorem, hints that do not fit. One clear line."""


def outside(place: m.Place, message: str) -> TlaError:
    """Return the error for a text that the prover cannot translate."""
    return error_at(place.path, place.span, message)
