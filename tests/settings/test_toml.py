"""TOML is written so that Python's reader reads the same again."""

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.settings import toml

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_PLAIN = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | _TEXT
_VALUES = st.recursive(_PLAIN, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=20)


@given(st.dictionaries(_TEXT, _VALUES))
def test_a_document_comes_back_the_same(document: dict[str, object]) -> None:
    assert tomllib.loads("\n".join(toml.lines(document))) == document


def test_tables_and_lists_of_tables_get_headers() -> None:
    document = {"a": 1, "b": {"c": "x", "d e": {"f": True}}, "g": [{"h": 1}, {"h": 2}], "i": []}
    assert "\n".join(toml.lines(document)) == (
        'a = 1\ni = []\n\n[b]\nc = "x"\n\n[b."d e"]\nf = true\n\n[[g]]\nh = 1\n\n[[g]]\nh = 2'
    )


def test_what_toml_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="TOML has no NoneType"):
        toml.value(None)


def test_infinity_is_written_as_toml_has_it() -> None:
    assert tomllib.loads(f"x = {toml.value(math.inf)}") == {"x": math.inf}
