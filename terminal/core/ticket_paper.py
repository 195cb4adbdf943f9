"""What stands on a ticket, on the receipt of its sale, and on a voucher. Pure: values in, a document out.

Names come from servers and may hold anything: they are put in one line, without signs that nobody can see, and
are cut where they are longer than any name is. What a printer does not have is seen to when it is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, tzinfo

from terminal.core import money
from terminal.core.paper import Barcode, Columns, Document, Line, QrCode, Rule, Text
from terminal.core.receipt import headed, reference, where
from terminal.core.receipt_words import words_of
from terminal.core.stamp import Stamp
from terminal.core.ticket_words import TicketWords, ticket_words_of
from terminal.core.tickets import Line as SaleLine
from terminal.core.tickets import Method, Payment, Ticket, TicketSale

_LONGEST = 80
"""Signs of a name or reference that are printed."""


def ticket_document(
    *,
    ticket: Ticket,
    number: int,
    of: int,
    event_name: str,
    product_name: str,
    price: int | None,
    terminal: str,
    at: Stamp,
    qr: str,
    currency: str,
    locale: str,
    head: Sequence[str] = (),
    zone: tzinfo = UTC,
) -> Document:
    """Return one ticket.

    Args:
        ticket: Its barcode, and what it is for.
        number: Which of the *of* tickets of the sale it is, from 1.
        of: How many there are.
        event_name: What all of them are for; printed large.
        product_name: What was bought; where the ticket is for something else, it says that it is part of it.
        price: Of this ticket, in cents; None: it has none of its own.
        terminal: The terminal's id.
        at: When it was sold; where the clock was not set, the ticket says so.
        qr: What stands in its QR code.
        currency: ISO 4217.
        locale: Such as ``de_DE``: the language (English, if it is not known) and the decimal sign.
        head: Lines above it: whose tickets these are.
        zone: Time zone to print the moment in.
    """
    words = ticket_words_of(locale)
    lines: list[Line] = [Text(one_line(line), align="center") for line in head]
    if event := one_line(event_name):
        lines.append(Text(event, align="center", bold=True, large=True))
    lines += [Text(""), Text(one_line(ticket.description), align="center", bold=True, large=True)]
    if (product := one_line(product_name)) not in ("", one_line(ticket.description)):
        lines.append(Text(words.part_of.format(product=product), align="center"))
    lines += [Text(words.numbered.format(number=number, of=of), align="center"), Rule()]
    if price is not None:
        lines.append(Columns(words.price, money.show(price, currency, locale), bold=True))
    lines += [*where(words_of(locale), terminal, at, zone), Rule(), Text("")]
    # White between the two, or a scanner may take them for one.
    lines += [Barcode(ticket.barcode), Text(""), QrCode(qr)]
    return Document(tuple(lines))


def sale_receipt(
    *,
    head: Sequence[str],
    terminal: str,
    at: Stamp,
    key: str,
    sale: TicketSale,
    currency: str,
    locale: str,
    discounts: Mapping[int, str] | None = None,
    voucher: bool = False,
    zone: tzinfo = UTC,
) -> Document:
    """Return the receipt of a sale.

    Args:
        head: Who takes the money; the first line is printed large.
        terminal: The terminal's id.
        at: When it was sold.
        key: The sale's idempotency key; its end is printed as the reference.
        sale: What was sold, and how it was paid.
        currency: ISO 4217.
        locale: Such as ``de_DE``.
        discounts: Names of the discounts, by the numbers of their lines, from 0.
        voucher: Whether the change is given as a voucher.
        zone: Time zone to print the moment in.
    """
    words = ticket_words_of(locale)

    def show(cents: int) -> str:
        return money.show(cents, currency, locale)

    lines = headed([one_line(line) for line in head], words.receipt)
    lines += [*where(words_of(locale), terminal, at, zone), Rule()]
    for index, line in enumerate(sale.lines):
        lines += _sold(words, line, (discounts or {}).get(index, ""), show)
    lines += [Rule(), Columns(words.total, show(sale.total), bold=True)]
    if sale.rounding:
        lines.append(Columns(words.rounding, show(sale.rounding)))
    kept = sale.kept
    for payment in sale.payments:
        if payment.method is Method.CASH:
            # What was kept of the cash was given, too.
            lines.append(Columns(words.cash, show(payment.amount + payment.change + kept)))
            kept = 0
        else:
            lines += _paid(words, payment, show)
    change = sum(payment.change for payment in sale.payments)
    for name, cents in (
        (words.as_voucher if voucher else words.change, change),
        (words.kept, sale.kept),
    ):
        if cents > 0:
            lines.append(Columns(name, show(cents)))
    lines += [Rule(), Columns(words.purchase, one_line(sale.purchase.code))]
    lines.append(Columns(words_of(locale).reference, reference(key)))
    return Document(tuple(lines))


def voucher_document(
    *,
    head: Sequence[str],
    terminal: str,
    at: Stamp,
    amount: int,
    key: str,
    currency: str,
    locale: str,
    zone: tzinfo = UTC,
) -> Document:
    """Return a voucher for *amount* cents that are kept for the guest, by the end of *key* on the books.

    The rest is as for `sale_receipt`.
    """
    words, usual = ticket_words_of(locale), words_of(locale)
    known_by = reference(key)
    lines = headed([one_line(line) for line in head], words.voucher)
    lines.append(Text(money.show(amount, currency, locale), align="center", bold=True, large=True))
    lines += [Text(words.show, align="center"), Rule(), *where(usual, terminal, at, zone)]
    lines += [Columns(usual.reference, known_by), Text("")]
    if known_by and all(" " <= sign <= "~" for sign in known_by):
        lines.append(Barcode(known_by))
    return Document(tuple(lines))


def _sold(words: TicketWords, line: SaleLine, discount: str, show: Callable[[int], str]) -> list[Line]:
    lines: list[Line] = [
        Text(one_line(line.description)),
        Columns(f"  {line.quantity} x {show(line.unit)}", show(line.quantity * line.unit)),
    ]
    if line.discount:
        lines.append(Columns(f"  {one_line(discount) or words.discount}", show(-line.discount)))
        lines.append(Columns(f"  {words.line}", show(line.total)))
    return lines


def _paid(words: TicketWords, payment: Payment, show: Callable[[int], str]) -> list[Line]:
    if payment.method is Method.WALLET:
        return [Columns(words.wallet, show(payment.amount))]
    lines: list[Line] = [Columns(words.card, show(payment.amount))]
    if known_by := one_line(payment.reference):
        lines.append(Columns(f"  {words.approval}", known_by))
    return lines


def one_line(text: str) -> str:
    """Return *text* as one line of what can be seen, of at most _LONGEST signs."""
    seen = "".join(sign if sign.isprintable() else " " if sign.isspace() else "" for sign in text)
    line = " ".join(seen.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3].rstrip()}..."
