"""What is asked of a variant."""

from dataclasses import dataclass

from speccheck.variants.findings import Method

ALL_METHODS = frozenset(Method)


@dataclass(frozen=True)
class Plan:
    """What is asked for. ``processor_s`` is for each method and model.

    ``seeds`` of the implementation, at most; of these, ``judged`` by the variant's specification.
    """

    methods: frozenset[Method] = ALL_METHODS
    processor_s: float = 60.0
    to_the_end: bool = False
    seed: int = 7
    seeds: int = 1000
    judged: int = 3
    workers: int = 2
