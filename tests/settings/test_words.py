"""What is allowed and what was found, in words."""

import enum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from terminal.settings import words


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Table(msgspec.Struct):
    id: str
    price: int


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (bool, "true or false"),
        (int, "a whole number"),
        (Annotated[int, Meta(ge=0, le=10_000_000)], "a whole number from 0 to 10000000"),
        (Annotated[int, Meta(gt=0)], "a whole number of at least 1"),
        (Annotated[int, Meta(lt=10)], "a whole number of at most 9"),
        (Annotated[int, Meta(ge=0, multiple_of=5)], "a whole number of at least 0 that is a multiple of 5"),
        (Annotated[float, Meta(gt=0, le=1)], "a number of at most 1 above 0"),
        (str, "a text"),
        (Annotated[str, Meta(max_length=40)], "a text of at most 40 characters"),
        (Annotated[str, Meta(min_length=1, max_length=2)], "a text of 1 to 2 characters"),
        (Annotated[str, Meta(pattern="^a")], "a text that fits ^a"),
        (Annotated[str, Meta(pattern="^a", extra={"expected": "an a"})], "an a"),
        (Annotated[Annotated[str, Meta(extra={"expected": "an a"})], Meta(description="x")], "an a"),
        (Literal["vending", "topup"], '"topup" or "vending"'),
        (Literal[1, 2, 3], "one of 1, 2, 3"),
        (Colour, '"red" or "blue"'),
        (list[int], "a list; each item a whole number"),
        (Annotated[tuple[str, ...], Meta(min_length=1)], "a list of at least 1; each item a text"),
        (dict[str, Annotated[int, Meta(ge=1)]], "a table; each value a whole number of at least 1"),
        (Table, "a table with id, price"),
        (int | None, "a whole number"),
        (int | str, "a whole number or a text"),
    ],
)
def test_every_kind_of_type_has_words(kind: Any, expected: str) -> None:
    assert words.allowed(kind) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (-5, "-5"),
        (1.5, "1.5"),
        ('a "b"', '"a \\"b\\""'),
        ("x" * 100, '"' + "x" * 39 + '…"'),
        ({"token": "abc"}, "a table"),
        (["abc"], "a list"),
        ([], "an empty list"),
    ],
)
def test_what_was_found_is_shown_as_toml_and_never_at_length(value: object, expected: str) -> None:
    assert words.found(value) == expected


@given(st.recursive(st.integers() | st.text() | st.booleans() | st.dates(), st.lists))
def test_what_was_found_is_always_short(value: object) -> None:
    assert 0 < len(words.found(value)) <= 6 * words.SHOWN + 2  # six: an escaped control character


def test_a_near_word_is_suggested_and_a_far_one_is_not() -> None:
    assert words.did_you_mean("vendign", ["vending", "topup"]) == 'did you mean "vending"?'
    assert words.did_you_mean("Vending", ["vending", "topup"]) == 'did you mean "vending"?'
    assert words.did_you_mean("espresso", ["vending", "topup"]) == ""


@pytest.mark.parametrize("key", ["token", "password", "secret", "api_key", "API-KEY", "apikey", "db_password"])
def test_names_of_secrets_are_known(key: str) -> None:
    assert words.is_secret_name(key)


@pytest.mark.parametrize(
    "key", ["token_file", "credential", "max_per_token_h", "unknown_tokens", "key_file", "broken"]
)
def test_other_names_are_no_secrets(key: str) -> None:
    assert not words.is_secret_name(key)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "nothing: there is none"),
        (["a"], '"a"'),
        (["a", "b"], '"a" or "b"'),
        (["a", "b", "c"], 'one of "a", "b", "c"'),
    ],
)
def test_choices_read_like_a_sentence(options: list[str], expected: str) -> None:
    assert words.choices(options) == expected
