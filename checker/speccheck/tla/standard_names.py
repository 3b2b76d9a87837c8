"""Names in the standard modules, in the order in which TLC comes across them.

TLC puts strings in the order in which it first met them, as names in a module or else as strings,
and reads the standard modules as it reads others. Each has its names as they first appear in the
module's text in the TLC of 2020, parameters included, and the modules that it reads.

Shown by ``tests/unit/checker/test_tlc.py``, against TLC.
"""

from typing import NamedTuple


class Names(NamedTuple):
    """What a module extends and instantiates, and the names in it."""

    extends: tuple[str, ...]
    instances: tuple[str, ...]
    names: tuple[str, ...]


def _names(names: str, *, extends: str = "", instances: str = "") -> Names:
    return Names(tuple(extends.split()), tuple(instances.split()), tuple(names.split()))


STANDARD_NAMES = {
    "Naturals": _names(
        "Naturals Nat a b n",
    ),
    "Integers": _names(
        "Integers Naturals Int a",
        extends="Naturals",
    ),
    "Reals": _names(
        "Reals Integers Real a b m Infinity i r",
        extends="Integers",
    ),
    "Sequences": _names(
        "Sequences Naturals Seq S n Nat Len s t i Append e Head Tail SubSeq m SelectSeq Test F",
        instances="Naturals",
    ),
    "FiniteSets": _names(
        "FiniteSets Naturals Sequences IsFiniteSet S seq Seq s n Len Cardinality CS T x",
        instances="Naturals Sequences",
    ),
    "TLC": _names(
        "TLC Naturals Sequences FiniteSets Print out val PrintT Assert v JavaTime n Nat "
        "TLCGet i TLCSet d e x f g Permutations S w SortSeq s Op Perm p Len j RandomElement "
        "Any ToString a b TLCEval",
        instances="Naturals Sequences FiniteSets",
    ),
    "Bags": _names(
        "Bags TLC Naturals IsABag B n Nat BagToSet SetToBag S e BagIn EmptyBag B1 B2 d Sum f "
        "DSum elt BagUnion SubBag RemoveFromDom x y Combine BagSet i Biggest Range r s RSB BB "
        "BagOfAll F BagCardinality CopiesIn",
        extends="TLC",
        instances="Naturals",
    ),
    "Randomization": _names(
        "Randomization Naturals FiniteSets RandomSubset k S T Cardinality RandomSetOfSubsets "
        "n TestRandomSetOfSubsets i",
        instances="Naturals FiniteSets",
    ),
    "RealTime": _names(
        "RealTime Reals now RTBound A v D E TNext t Timer MaxTime MinTime RTnow NowNext r Real",
        extends="Reals",
    ),
}
