"""Purchase codes are as random as their source: none comes twice, and no character is favoured."""

import math
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from terminal.core.ticket_rules import CodeRules
from terminal.tickets.drawing import Symbols
from tests.support.seed import SEED
from tests.tickets.making import BASE_36, codes

ALPHABET = CodeRules().alphabet
MILLION = 10**6
Z = 4.753424  # of the normal distribution: one in a million is beyond it


def limit(freedom: int, z: float = Z) -> float:
    """Return the chi-square that one in a million of fair dice exceeds; by Wilson and Hilferty (1931)."""
    spread = 2 / (9 * freedom)
    return float(freedom * (1 - spread + z * math.sqrt(spread)) ** 3)


def chi_square(text: str, alphabet: str) -> float:
    counts = [text.count(character) for character in alphabet]
    assert sum(counts) == len(text), "a character that is not in the alphabet"
    mean = len(text) / len(alphabet)
    return sum((count - mean) ** 2 for count in counts) / mean


def unfair(texts: Sequence[str], alphabet: str) -> list[str]:
    """Return where the characters of *texts*, all of one length, are not as frequent as each other."""
    length, most = len(texts[0]), limit(len(alphabet) - 1)
    whole = "".join(texts)
    places = {"everywhere": whole, **{f"at {at}": whole[at::length] for at in range(length)}}
    return [place for place, text in places.items() if chi_square(text, alphabet) > most]


@pytest.mark.parametrize(("freedom", "table"), [(9, 27.877), (30, 59.703), (35, 66.619)])
def test_the_limit_is_that_of_the_tables(freedom: int, table: float) -> None:
    """Tables go to one in a thousand."""
    assert limit(freedom, z=3.090232) == pytest.approx(table, rel=1e-2)


def test_a_million_purchases_have_a_million_codes_and_no_favourite_character() -> None:
    made = codes()
    purchases = [made.purchase() for _ in range(MILLION)]
    drawn = [each.code for each in purchases if each]
    assert len(set(drawn)) == MILLION
    assert unfair(drawn, ALPHABET) == []
    assert unfair([each.salt for each in purchases if each], ALPHABET) == []


def test_the_check_sees_what_a_remainder_does() -> None:
    """31 is no divisor of 256: the first eight characters come nine times where the others come eight."""
    dice = random.Random(SEED)
    texts = ["".join(ALPHABET[byte % 31] for byte in dice.randbytes(13)) for _ in range(50_000)]
    assert "everywhere" in unfair(texts, ALPHABET)
    assert len(unfair(texts, ALPHABET)) > 7


def test_the_check_sees_one_bad_place() -> None:
    dice = random.Random(SEED)
    texts = ["".join(dice.choices(ALPHABET, k=13)) for _ in range(20_000)]
    assert unfair(texts, ALPHABET) == []
    spoiled = [text[:5] + (text[5] if dice.random() < 0.9 else "B") + text[6:] for text in texts]
    assert "at 5" in unfair(spoiled, ALPHABET)


@pytest.mark.parametrize("size", range(10, 37))
def test_of_all_bytes_each_character_has_as_many(size: int) -> None:
    """No source can bring a bias in that it has not itself."""
    alphabet = BASE_36[-size:]
    counts = Counter(Symbols(alphabet).of(bytes(range(256))))
    assert set(counts) == set(alphabet)
    assert len(set(counts.values())) == 1
    assert sum(counts.values()) > 256 - size, "and no more bytes are rejected than must be"


def test_a_derived_infix_favours_nothing_either() -> None:
    made = codes(CodeRules(infix="derived"))
    assert unfair([each.salt for _ in range(30_000) if (each := made.purchase())], ALPHABET) == []
