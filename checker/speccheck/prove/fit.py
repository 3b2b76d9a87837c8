"""Whether a value is of the type that an annotation says: what is assigned has to be."""

from speccheck.prove.types import AtomType, FunctionType, RecordType, SetType, TupleType, Type
from speccheck.prove.values import (
    FunctionValue,
    RecordValue,
    Scalar,
    SetValue,
    TupleValue,
    Unfit,
    Value,
    describe,
)
from speccheck.prove.world import World


def check_fit(world: World, value: Value, type_: Type) -> None:
    """Raise Unfit where a value is not of a type, so that its symbol could not stand for it."""
    match value, type_:
        case Scalar(type=SetType(element=element)), SetType(element=of, name=""):
            fits = _alike(element, of)
        case Scalar(), _:
            fits = _alike(value.type, type_)
        case SetValue(), SetType(element=of, name=""):
            fits = _alike(value.type, of)
        case TupleValue(items=items), TupleType(items=types) if len(items) == len(types):
            for item, one in zip(items, types, strict=True):
                check_fit(world, item, one)
            fits = True
        case RecordValue(fields=fields), RecordType(fields=named) if set(fields) == {
            name for name, _ in named
        }:
            for name, one in named:
                check_fit(world, fields[name], one)
            fits = True
        case FunctionValue(), FunctionType(domain=domain, codomain=codomain):
            fits = value.domain is None or _alike(value.domain.type, domain)
            if fits:
                check_fit(world, value.at(world.bound("x", domain).value), codomain)
        case _:
            fits = False
    if not fits:
        raise Unfit(f"this {describe(value)} is not of the type that the annotation says")


def _alike(one: Type, other: Type) -> bool:
    """Tell whether types are the same, but for the names of aliases of Int."""
    match one, other:
        case TupleType(items=these), TupleType(items=those):
            return len(these) == len(those) and all(map(_alike, these, those))
        case SetType(), SetType():
            return one.name == other.name and _alike(one.element, other.element)
        case FunctionType(), FunctionType():
            return _alike(one.domain, other.domain) and _alike(one.codomain, other.codomain)
        case RecordType(), RecordType():
            mine, its = dict(one.fields), dict(other.fields)
            return set(mine) == set(its) and all(_alike(mine[n], its[n]) for n in mine)
    return type(one) is type(other) and (one == other or not _has_sort_of_its_own(one))


def _has_sort_of_its_own(type_: Type) -> bool:
    return isinstance(type_, AtomType)
