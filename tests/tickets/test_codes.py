"""What holds for the codes of every profile."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.ticket_rules import CodeRules
from terminal.core.tickets import Purchase, Ticket
from terminal.tickets.codes import MOST_ITEMS, Parsed, capacity, item_code, parse, ticket_barcode
from tests.tickets.making import BASE_36, KEY, PUBLISHED, STRUCTURED, codes, profiles

WIDE = CodeRules(counter_width=8, counter_base=36)


@given(profiles(), st.data())
def test_a_purchase_has_codes_as_its_profile_says(rules: CodeRules, data: st.DataObject) -> None:
    made = codes(rules)
    purchase = made.purchase()
    assert purchase
    assert len(purchase.code) == rules.length
    assert set(purchase.code + (purchase.salt if rules.infix != "fixed" else "")) <= set(rules.alphabet)
    assert purchase.algorithm == f"open-1/{rules.base}"
    last = made.most - 1
    indexes = {0, last, *data.draw(st.lists(st.integers(0, last), max_size=20))}
    barcodes = [made.barcode(purchase, index) for index in indexes]
    assert len(set(barcodes)) == len(indexes), "no two tickets have one barcode"
    for index, barcode in zip(indexes, barcodes, strict=True):
        assert barcode.startswith(purchase.code + purchase.salt)
        assert len(barcode) == rules.length + rules.salt_length + rules.counter_width
        assert parse(barcode, rules) == Parsed(purchase.code, purchase.salt, rules.counter_start + index)
    for index in (-1, made.most, made.most + data.draw(st.integers(0, 10**9))):
        with pytest.raises(ValueError, match="expected"):
            made.barcode(purchase, index)


@given(profiles(), st.integers(-5, MOST_ITEMS + 5))
def test_no_ticket_has_the_code_of_a_line(rules: CodeRules, index: int) -> None:
    """Of all texts that are the code of a line, none reads as a ticket's barcode."""
    made = codes(rules)
    purchase = made.purchase()
    assert purchase
    if not 0 <= index < MOST_ITEMS:
        with pytest.raises(ValueError, match="0 to 9999 are expected"):
            made.item(purchase, index)
        return
    code = made.item(purchase, index)
    assert code == f"{purchase.code}{index:04d}"
    assert parse(code, rules) is None


@given(profiles(), st.text(BASE_36, max_size=60) | st.text(max_size=60))
def test_what_can_be_read_is_what_could_be_made(rules: CodeRules, text: str) -> None:
    found = parse(text, rules)
    if found is not None:
        assert ticket_barcode(found.code, found.salt, found.number, rules) == text


@pytest.mark.parametrize(
    ("rules", "most"),
    [
        (CodeRules(), 99),
        (CodeRules(counter_start=0), 100),
        (CodeRules(counter_start=99), 1),
        (CodeRules(counter_base=31), 960),
        (CodeRules(counter_width=4, counter_start=1), 9_999),
        (CodeRules(counter_width=4, counter_start=0), 10_000),
        (WIDE, 10_000),
    ],
)
def test_so_many_tickets_fit_and_not_one_more(rules: CodeRules, most: int) -> None:
    made = codes(rules)
    assert made.most == capacity(rules) == most
    purchase = Purchase("GJXS0LM6RYG37", "XJX", "")
    assert made.barcode(purchase, 0) < made.barcode(purchase, 1) if most > 1 else made.barcode(purchase, 0)
    made.barcode(purchase, most - 1)
    with pytest.raises(ValueError, match=f"0 to {most - 1} are expected"):
        made.barcode(purchase, most)


def test_a_number_is_written_in_the_base_of_the_profile() -> None:
    wanted = {10: "0099", 16: "0063", 31: "0036", 36: "002R"}
    for base, digits in wanted.items():
        rules = CodeRules(counter_width=4, counter_base=base)  # type: ignore[arg-type] # one of the four
        assert ticket_barcode("C", "S", 99, rules) == f"CS{digits}"
    assert ticket_barcode("C", "S", 30, CodeRules(counter_base=31)) == "CS0Z"
    with pytest.raises(ValueError, match="ticket number 961"):
        ticket_barcode("C", "S", 961, CodeRules(counter_base=31))


def test_a_code_that_is_known_is_not_given_again() -> None:
    first = codes().purchase()
    assert first
    again = codes(known={first.code}.__contains__).purchase()  # the same dice
    assert again
    assert again.code != first.code


def test_where_every_code_is_known_there_is_none_after_a_while() -> None:
    asked: list[str] = []

    def known(code: str) -> bool:
        asked.append(code)
        return True

    for rules in (CodeRules(), STRUCTURED):
        asked.clear()
        assert codes(rules, known=known).purchase() is None
        assert 5 <= len(set(asked)) == len(asked) <= 100


def test_a_source_that_gives_no_usable_byte_gives_no_code() -> None:
    assert codes(chance=lambda size: b"\xff" * size).purchase() is None
    assert codes(chance=lambda size: b"").purchase() is None


def test_a_source_that_gives_few_usable_bytes_is_asked_again() -> None:
    turns = itertools.cycle((b"\xff\xfe\xfd\xfc", b"\xff\x00\xfe\x01"))
    purchase = codes(chance=lambda size: next(turns)).purchase()
    assert purchase == Purchase("0101010101010", "101", "open-1/random")


def test_a_fixed_infix_is_that_of_the_profile_and_none_is_none() -> None:
    for rules, salt in ((PUBLISHED, "XJX"), (CodeRules(infix="none"), "")):
        purchase = codes(rules).purchase()
        assert purchase
        assert purchase.salt == salt


def test_a_derived_infix_needs_the_key_and_only_that() -> None:
    rules = CodeRules(infix="derived", infix_length=16)
    one, other = codes(rules), codes(rules, key=bytes(32))
    first, second, keyed = one.purchase(), one.purchase(), other.purchase()
    assert first
    assert second
    assert keyed
    assert first.code == keyed.code, "the same dice"
    assert len({first.salt, second.salt, keyed.salt}) == 3
    again = codes(rules).purchase()
    assert again == first
    assert first.salt.startswith(_short(first.code)), "the same characters, however many are taken"


def _short(code: str) -> str:
    from terminal.tickets.drawing import Symbols, derived  # noqa: PLC0415 - here only

    return derived(code, 3, Symbols(CodeRules().alphabet), KEY)


@pytest.mark.parametrize("key", [b"", b"short", bytes(65)])
def test_a_derived_infix_with_a_key_that_is_none_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="16 to 64 are expected"):
        codes(CodeRules(infix="derived"), key=key)
    assert codes(CodeRules(), key=key).purchase(), "nobody else needs one"


def test_what_stands_in_the_qr_code() -> None:
    ticket = Ticket("adult", "Adult", "GJXS0LM6RYG37XJX01")
    assert codes().sealed(ticket, 3, 1_700_000_000_000) == ticket.barcode
    sealing = codes(seal=lambda ticket, event, at_ms: f"{ticket.barcode} {event} {at_ms}")
    assert sealing.sealed(ticket, 3, 1_700_000_000_000) == "GJXS0LM6RYG37XJX01 3 1700000000000"


def test_item_codes_end_at_9999() -> None:
    assert item_code("X", 9_999) == "X9999"
    with pytest.raises(ValueError, match="line 10000 of a purchase"):
        item_code("X", 10_000)
