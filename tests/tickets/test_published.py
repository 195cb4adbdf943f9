"""What the vendor has published comes out as published; what is ours, as we said."""

import json
from pathlib import Path
from typing import Any

import pytest

from terminal.core.ticket_rules import CodeRules
from terminal.core.tickets import Line, Method, Payment, Purchase, Ticket, TicketSale
from terminal.tickets.codes import Parsed, item_code, parse, ticket_barcode
from tests.tickets.making import PUBLISHED, codes

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "published.json").read_text())
CODE, INFIX = FACTS["code"], FACTS["infix"]
FOREIGN = FACTS["ours"]["foreign"]


@pytest.mark.parametrize(("n", "barcode"), [*FACTS["barcodes"].items(), *FACTS["ours"]["compose"].items()])
@pytest.mark.parametrize("rules", [PUBLISHED, CodeRules()], ids=["fixed", "random"])
def test_ticket_barcodes(n: str, barcode: str, rules: CodeRules) -> None:
    assert ticket_barcode(CODE, INFIX, int(n), rules) == barcode
    assert parse(barcode, rules) == Parsed(CODE, INFIX, int(n))


@pytest.mark.parametrize(("index", "code"), FACTS["items"].items())
def test_item_codes(index: str, code: str) -> None:
    assert item_code(CODE, int(index)) == code
    assert codes().item(Purchase(CODE, INFIX, ""), int(index)) == code


@pytest.mark.parametrize("n", FACTS["ours"]["refused"])
def test_numbers_that_do_not_fit_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match=rf"ticket number {n}: 1 to 99 are expected"):
        ticket_barcode(CODE, INFIX, n, CodeRules())


@pytest.mark.parametrize("text", [*FOREIGN, "GJXS0LM6RYG37XJX00", "GJXS0LM6RYG37XJX01\n", "GJXS0LM6RYG37AJX01"])
def test_other_texts_are_foreign(text: str) -> None:
    assert parse(text, CodeRules()) is None


def test_a_fixed_infix_is_looked_at() -> None:
    assert parse(f"{CODE}XJX04", PUBLISHED)
    assert parse(f"{CODE}XJZ04", PUBLISHED) is None


def test_the_published_sale_adds_up() -> None:
    """Its lines, payments and barcodes: a sale that did not add up could not be made."""
    lines = []
    for line in FACTS["lines"]:
        tickets = [
            Ticket(int(product), "", ticket_barcode(CODE, INFIX, n, PUBLISHED))
            for product, numbers in line["tickets"].items()
            for n in numbers
        ]
        made = Line(
            line["product"], line["description"], line["quantity"], line["unit"], tickets=tuple(tickets)
        )
        assert made.total == line["total"]
        lines.append(made)
    payments = [
        Payment(Method(each["method"]), each["amount"], each.get("change", 0)) for each in FACTS["payments"]
    ]
    sale = TicketSale(Purchase(CODE, INFIX, "published"), 3, tuple(lines), tuple(payments))
    assert sale.total == FACTS["total"]
    assert sale.barcodes == tuple(FACTS["barcodes"].values())
