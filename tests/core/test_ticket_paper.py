"""What stands on tickets, receipts of their sale and vouchers, as their reader sees it."""

from __future__ import annotations

from datetime import timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printers.plain import lines
from terminal.core.paper import Barcode, Document, QrCode
from terminal.core.stamp import Stamp
from terminal.core.ticket_paper import sale_receipt, ticket_document, voucher_document
from terminal.core.ticket_words import ticket_words_of
from terminal.core.tickets import Line, Method, Payment, Purchase, Ticket, TicketSale
from terminal.core.value import replace

AT = Stamp(wall_ms=1_775_052_300_000, mono_ms=5, boot="b", synced=True)
CODE = "GJXS0LM6RYG37"
ADULT = Ticket(8, "Adult", f"{CODE}XJX04")
USUAL = {"terminal": "kiosk-1", "at": AT, "currency": "EUR", "locale": "en_IE"}
TICKET = USUAL | {
    "ticket": ADULT,
    "number": 2,
    "of": 5,
    "event_name": "Sommerfest 2026",
    "product_name": "Family pass",
    "price": 1250,
    "qr": "S1.signed",
    "head": ("Sportverein e.V.",),
}
BOOKS = USUAL | {"head": ("Sportverein e.V.", "Hauptstr. 1"), "key": "kiosk-1-0198c0de-7f31a4b2c9d0"}
LOCALES = ("en_GB", "de_DE", "da_DK", "sv_SE")


def sale(*payments: Payment, kept: int = 0) -> TicketSale:
    sold = (Line(4, "Adult", 3, 300, 90), Line(3, "Family pass", 1, 1500, tickets=(ADULT,)))
    return TicketSale(Purchase(CODE, "XJX", "satellite-like"), 3, sold, payments, kept=kept)


def cash(change: int = 0) -> Payment:
    return Payment(Method.CASH, 2310, change)


def text(document: Document, columns: int = 32) -> str:
    return "\n".join(lines(document, columns))


def ticket(**changes) -> str:
    return text(ticket_document(**(TICKET | changes)))


def receipt(sold: TicketSale, **changes) -> str:
    return text(sale_receipt(**(BOOKS | {"sale": sold} | changes)))


def test_the_whole_ticket() -> None:
    assert ticket().split("\n") == [
        "        Sportverein e.V.",
        "        Sommerfest 2026",
        "",
        "             Adult",
        "      part of Family pass",
        "         Ticket 2 of 5",
        "-" * 32,
        "Price                  12.50 EUR",
        "Terminal                 kiosk-1",
        "Time        2026-04-01 14:05 UTC",
        "-" * 32,
        "",
        f"      [{CODE}XJX04]",
        "",
        "         [QR S1.signed]",
    ]


def test_the_event_and_the_product_are_large_and_the_codes_are_what_was_given() -> None:
    document = ticket_document(**TICKET)
    assert [line.text for line in document.lines if getattr(line, "large", False)] == [
        "Sommerfest 2026",
        "Adult",
    ]
    assert [line for line in document.lines if isinstance(line, Barcode | QrCode)] == [
        Barcode(f"{CODE}XJX04"),
        QrCode("S1.signed"),
    ]


def test_a_ticket_says_only_what_there_is_to_say() -> None:
    assert "Price" not in ticket(price=None)
    assert "0.00 EUR" in ticket(price=0), "a free ticket says that it is free"
    assert "part of" not in ticket(product_name="Adult")
    assert "part of" not in ticket(product_name="")
    assert "clock was not set" in ticket(at=Stamp(60_000, 5, "b", synced=False))
    assert "clock" not in ticket()


def test_a_ticket_in_another_language_and_zone() -> None:
    paper = ticket(locale="de_DE", zone=timezone(timedelta(hours=2), "CEST"))
    assert "Eintrittskarte 2 von 5" in paper
    assert "Teil von Family pass" in paper
    assert "12,50 EUR" in paper
    assert "2026-04-01 16:05 CEST" in paper


def test_the_whole_receipt() -> None:
    sold = TicketSale(
        sale(cash()).purchase,
        3,
        sale(cash()).lines,
        (
            Payment(Method.WALLET, 100, reference="kiosk-1-debit"),
            Payment(Method.CASH, 310, 90),
            Payment(Method.CARD, 1900, reference="APPR 123456"),
        ),
        kept=10,
    )
    assert receipt(sold, discounts={0: "Early bird"}).split("\n") == [
        "        Sportverein e.V.",
        "          Hauptstr. 1",
        "",
        "            Receipt",
        "-" * 32,
        "Terminal                 kiosk-1",
        "Time        2026-04-01 14:05 UTC",
        "-" * 32,
        "Adult",
        "  3 x 3.00 EUR          9.00 EUR",
        "  Early bird           -0.90 EUR",
        "  Subtotal              8.10 EUR",
        "Family pass",
        "  1 x 15.00 EUR        15.00 EUR",
        "-" * 32,
        "Total                  23.10 EUR",
        "From your balance       1.00 EUR",
        "Cash received           4.10 EUR",
        "By card                19.00 EUR",
        "  Card reference     APPR 123456",
        "Change                  0.90 EUR",
        "Not given back          0.10 EUR",
        "-" * 32,
        f"Purchase           {CODE}",
        "Reference           7f31a4b2c9d0",
    ]


def test_a_receipt_says_only_what_there_is_to_say() -> None:
    plain = receipt(sale(cash()))
    assert "Cash received          23.10 EUR" in plain
    for word in ("Change", "Not given", "voucher", "Card"):
        assert word not in plain
    assert "Discount             -0.90 EUR" in plain, "a discount without a name"
    assert "Card reference" not in receipt(sale(Payment(Method.CARD, 2310)))


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en_IE", ("Total", "Rounding", "Cash received", "Change")),
        ("de_DE", ("Summe", "Rundung", "Bar erhalten", "Rückgeld")),
        ("da_DK", ("I alt", "Afrunding", "Kontant modtaget", "Byttepenge")),
        ("sv_SE", ("Totalt", "Öresavrundning", "Kontant mottaget", "Växel")),
    ],
)
def test_a_receipt_says_how_cash_was_rounded(locale: str, words: tuple[str, ...]) -> None:
    sold = replace(sale(cash()), payments=(Payment(Method.CASH, 2300, 200),), rounding=-10)
    printed = receipt(sold, locale=locale).split("\n")
    shown = [f"{amount} EUR" for amount in ("23.10", "-0.10", "25.00", "2.00")]
    if locale != "en_IE":
        shown = [amount.replace(".", ",") for amount in shown]
    rows = [f"{word}{amount:>{32 - len(word)}}" for word, amount in zip(words, shown, strict=True)]
    at = printed.index(rows[0])
    assert printed[at : at + 4] == rows


def test_a_receipt_of_what_was_rounded_to_nothing_says_so() -> None:
    pin = TicketSale(Purchase(CODE, "", "x"), 3, (Line(4, "Pin", 1, 40),), (), rounding=-40)
    rows = receipt(pin).split("\n")
    assert rows[rows.index("Total                   0.40 EUR") + 1] == "Rounding               -0.40 EUR"
    assert "Cash" not in receipt(pin)


@given(
    change=st.integers(0, 1500), voucher=st.booleans(), kept=st.integers(0, 99), rounding=st.integers(-50, 50)
)
def test_the_cash_on_a_receipt_adds_up(change: int, *, voucher: bool, kept: int, rounding: int) -> None:
    payment = Payment(Method.CASH, 2310 + rounding, change)
    sold = replace(sale(cash()), payments=(payment,), kept=kept, rounding=rounding)
    rows = [row.rsplit(maxsplit=2) for row in receipt(sold, voucher=voucher).split("\n")]
    cents = {row[0].strip(): int(row[1].replace(".", "")) for row in rows if len(row) == 3 and row[2] == "EUR"}
    names = ("Change as voucher" if voucher else "Change", "Not given back")
    back = sum(cents.get(name, 0) for name in names)
    assert cents["Cash received"] - back - cents.get("Rounding", 0) == cents["Total"] == 2310


def test_the_whole_voucher() -> None:
    document = voucher_document(**BOOKS, amount=240)
    assert text(document).split("\n")[3:] == [
        "            Voucher",
        "-" * 32,
        "            2.40 EUR",
        "  This money is kept for you.",
        "Please show this voucher to the",
        "             staff.",
        "-" * 32,
        "Terminal                 kiosk-1",
        "Time        2026-04-01 14:05 UTC",
        "Reference           7f31a4b2c9d0",
        "",
        "         [7f31a4b2c9d0]",
    ]
    assert document.lines[-1] == Barcode("7f31a4b2c9d0")


def test_a_voucher_whose_reference_no_barcode_can_hold_is_printed_all_the_same() -> None:
    document = voucher_document(**(BOOKS | {"key": "kiosk-ø"}), amount=240)
    assert not any(isinstance(line, Barcode) for line in document.lines)
    assert "kiosk-ø" in text(document)


@given(st.text(max_size=300), st.sampled_from([32, 42, 48]))
def test_a_name_of_whatever_signs_is_one_line_that_is_not_long(name: str, columns: int) -> None:
    documents = [
        ticket_document(
            **(
                TICKET
                | {
                    "event_name": name,
                    "product_name": name,
                    "ticket": Ticket(1, name, "T1"),
                    "head": (name,),
                }
            )
        ),
        sale_receipt(
            **(BOOKS | {"head": (name, name)}),
            sale=TicketSale(
                Purchase(CODE, "", "x"),
                1,
                (Line(1, name, 1, 300, 10),),
                (Payment(Method.CARD, 290, reference=name),),
            ),
            discounts={0: name},
        ),
    ]
    for document in documents:
        msgspec.json.encode(document)
        for line in msgspec.to_builtins(document.lines):
            for part in ("text", "left", "right"):
                assert len(line.get(part, "")) <= 100
                assert line.get(part, "").isprintable()
        rows = lines(document, columns)
        assert all(len(row) <= columns for row in rows)
        assert len(rows) < 60


def test_each_language_has_its_own_words_for_everything() -> None:
    every = [ticket_words_of(locale) for locale in LOCALES]
    assert len({words.numbered for words in every}) == len(LOCALES)
    for words in every:
        for name in words.__struct_fields__:
            word = getattr(words, name)
            assert word.strip()
            word.encode("cp858")
            assert word not in [getattr(other, name) for other in every if other is not words], name
        assert "{number}" in words.numbered
        assert "{of}" in words.numbered
        assert "{product}" in words.part_of
    assert ticket_words_of("fr_FR") == ticket_words_of("en_GB")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("columns", [32, 42, 48])
def test_amounts_stand_in_one_line_with_their_words_on_every_paper(locale: str, columns: int) -> None:
    sold = sale(cash(900), kept=50)
    document = sale_receipt(**(BOOKS | {"locale": locale}), sale=sold, voucher=True)
    rows = lines(document, columns)
    amounts = [row for row in rows if row.endswith("EUR")]
    assert len(amounts) >= 8
    assert all(len(row) == columns and row[0:3].strip() for row in amounts), rows
