"""JSON of Onslip's entities, at random, made from the models' own types: as the server could send it."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec.inspect as kinds
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from terminal.backends.onslip.json import write_json
from terminal.backends.onslip.models import Model, Patch, plainly
from terminal.backends.onslip.models_values import Base64, Money, Number, Word

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
MOMENTS = st.integers(0, 4 * 10**12).map(
    lambda ms: datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
EXTRAS = st.dictionaries(
    st.sampled_from(["_x-tx", "_x-demo-custom", "new-field", "(others)"]), JSON, max_size=2
)


@cache
def objects(model: type[Model], depth: int = 3) -> SearchStrategy[dict[str, Any]]:
    """Every required field, any of the others, and what nobody knows beside them."""
    info = kinds.type_info(model)
    assert isinstance(info, kinds.StructType)
    known = [field for field in info.fields if field.name != "others"]
    needed = {field.encode_name: values(field.type, depth - 1) for field in known if field.required}
    optional = [field for field in known if depth > 0 and not field.required]
    others = {field.encode_name: values(field.type, depth - 1) for field in optional}
    inner = st.fixed_dictionaries(needed, optional=others)
    return st.builds(lambda extras, own: extras | own, EXTRAS, inner)


def values(kind: kinds.Type, depth: int) -> SearchStrategy[Any]:
    match kind:
        case kinds.Metadata(inner):
            return values(inner, depth)
        case kinds.UnionType(types):
            return st.one_of(*(values(each, depth) for each in types if not isinstance(each, kinds.NoneType)))
        case kinds.StructType(cls):
            return objects(cls, depth)
        case kinds.VarTupleType(inner):
            return st.lists(values(inner, depth), max_size=2 if depth > 0 else 0)
        case kinds.TupleType(inner):
            return st.tuples(*(values(each, depth) for each in inner)).map(list)
        case kinds.CustomType(cls):
            return custom(cls)
        case kinds.IntType(ge=least, le=most):
            return st.integers(least, most)
        case kinds.DictType():
            return st.dictionaries(TEXTS, JSON, max_size=2)
        case kinds.BoolType():
            return st.booleans()
        case kinds.DateTimeType():
            return MOMENTS
        case kinds.StrType():
            return TEXTS
    raise AssertionError(kind)


def custom(cls: type) -> SearchStrategy[Any]:
    if issubclass(cls, Money):
        return st.decimals(-(10**9), 10**9, places=3)
    if issubclass(cls, Number):
        return st.decimals(-(10**6), 10**6, places=6) | st.integers(-(10**6), 10**6).map(Decimal)
    if issubclass(cls, Base64):
        return st.binary(max_size=6).map(lambda raw: str(Base64.of(raw)))
    return (st.sampled_from(sorted(cls.KNOWN)) | TEXTS) if issubclass(cls, Word) else TEXTS


def wire(value: Model | Patch) -> bytes:
    """Return *value* as it is sent."""
    return write_json(plainly(value))
