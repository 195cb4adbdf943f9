"""The text of a Qibixx adapter's cashless device, line by line; and what no line may make of money."""

import random

import pytest

from drivers.mdb import cashless_text
from drivers.mdb.amounts import Scale
from drivers.mdb.cashless import (
    Approve,
    Asked,
    Begin,
    Deny,
    Doubtful,
    End,
    Grant,
    NotDispensed,
    NotTaken,
    RevalueAsked,
    State,
    Status,
    Succeeded,
    Unreadable,
    WasReset,
    Withdrawn,
)
from drivers.mdb.lines import parse

LINES = {
    "c,STATUS,INACTIVE": Status(State.INACTIVE),
    "c,STATUS,DISABLED": Status(State.DISABLED),
    "c,STATUS,ENABLED": Status(State.ENABLED),
    "c,STATUS,IDLE": Status(State.IDLE),
    "c,STATUS,IDLE,99.99": Status(State.IDLE),
    "c,STATUS,VEND,1.00,5": Asked(100, "5", "1.00"),
    "c,STATUS,VEND,0.05,12": Asked(5, "12", "0.05"),
    "c,STATUS,VEND,1": Asked(100, "", "1"),
    "c,STATUS,REVALUE,5.00": RevalueAsked(500),
    "c,VEND,SUCCESS": Succeeded(),
    "c,VEND,SUCCESS,5": Succeeded("5"),
    "c,ERR,VEND 1": Withdrawn(),
    'c,ERR,"VEND 1"': Withdrawn(),
    "c,ERR,VEND 3": NotDispensed(),
    "c,ERR,VEND 5": WasReset(),
    'c,ERR,"VEND -2"': NotTaken(start=False, wrong=True),
    'c,ERR,"VEND -3"': NotTaken(start=False),
    'c,ERR,"START -3"': NotTaken(start=True),
    'c,ERR,"cashless is on"': None,
    "c,ERR,-3": None,
    "c,1": None,
    "c,0": None,
    "c,SET,OK": None,
    "r,ACK": None,
    "c": None,
    "c,STATUS": None,
    "c,STATUS,NEW": None,
    "C,VEND,SUCCESS": None,
    "d,STATUS,IDLE": None,
}


@pytest.mark.parametrize(("text", "meaning"), LINES.items())
def test_lines(text, meaning):
    assert cashless_text.heard(parse(text.encode()), "decimal") == meaning


@pytest.mark.parametrize("price", ["", "-1", "1.005", "abc", "1e2", "99999999999"])
def test_a_price_that_cannot_be_read_is_denied(price):
    meaning = cashless_text.heard(parse(f"c,STATUS,VEND,{price},5".encode()), "decimal")
    assert isinstance(meaning, Unreadable)
    assert "amounts" in meaning.words
    revalue = cashless_text.heard(parse(f"c,STATUS,REVALUE,{price}".encode()), "decimal")
    assert isinstance(revalue, Unreadable)
    assert revalue.revalue


def test_an_error_of_a_vend_that_is_not_known_decides_nothing():
    assert isinstance(cashless_text.heard(parse(b"c,ERR,VEND 4"), "decimal"), Doubtful)


@pytest.mark.parametrize(
    ("order", "form", "words"),
    [
        (Begin(1000), "decimal", ("C", "START", "10.00")),
        (Begin(1000), "cents", ("C", "START", "1000")),
        (Begin(None), "decimal", ("C", "START", "655.35")),
        (Begin(70_000), "decimal", ("C", "START", "655.35")),
        (Approve(Asked(100, "5", "1.0")), "decimal", ("C", "VEND", "1.0")),
        (Approve(Asked(100, "5")), "decimal", ("C", "VEND", "1.00")),
        (Deny(), "decimal", ("C", "VEND", "-1")),
        (End(), "decimal", ("C", "STOP")),
        (Grant(granted=True), "decimal", ("C", "REVALUE", "1")),
        (Grant(granted=False), "decimal", ("C", "REVALUE", "0")),
    ],
)
def test_orders(order, form, words):
    assert cashless_text.lines(order, form, Scale()) == [words]


def test_a_hundred_thousand_lines_of_noise_and_mutants_ask_for_no_money_but_their_own():
    """A changed line never says a success, and asks for what it says or for nothing."""
    chance = random.Random(11)
    seeds = [text.encode() for text in LINES]
    for _ in range(100_000):
        raw = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(raw) + 1)
            raw[at : at + chance.randrange(2)] = bytes(chance.choices(range(0x20, 0x7F), k=chance.randrange(3)))
        line = parse(bytes(raw)) if raw else None
        meaning = cashless_text.heard(line, "decimal") if line else None
        match meaning:
            case Succeeded():
                assert line.words[:3] == ("c", "VEND", "SUCCESS")
            case Asked(price, _, text):
                assert line.words[:3] == ("c", "STATUS", "VEND")
                whole, _, part = text.partition(".")
                assert price == int(whole) * 100 + int((part + "00")[:2])
            case RevalueAsked():
                assert line.words[:3] == ("c", "STATUS", "REVALUE")
