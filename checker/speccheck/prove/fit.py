"""Whether a value is of the type that an annotation says: what is assigned has to be."""

from speccheck.prove.types import FunctionType, RecordType, SetType, TupleType, Type, alike
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
            fits = alike(element, of)
        case Scalar(), _:
            fits = alike(value.type, type_)
        case SetValue(), SetType(element=of, name=""):
            fits = alike(value.type, of)
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
            fits = value.domain is None or alike(value.domain.type, domain)
            if fits:
                check_fit(world, value.at(world.bound("x", domain).value), codomain)
        case _:
            fits = False
    if not fits:
        raise Unfit(f"this {describe(value)} is not of the type that the annotation says")
