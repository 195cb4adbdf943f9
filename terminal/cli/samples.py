"""Examples of what the configured terminal prints: made by the rules that it sells by, of nobody's money."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from hashlib import blake2b
from itertools import count

from terminal.cli.errors import WrongUse
from terminal.core import money
from terminal.core import ticket_basket as basket
from terminal.core.catalogue import Product
from terminal.core.job import Job
from terminal.core.paper import Document
from terminal.core.receipt import topup_receipt
from terminal.core.stamp import Stamp
from terminal.core.ticket_issuing import own_price
from terminal.core.ticket_paper import sale_receipt, ticket_document
from terminal.core.tickets import Codes, Line, Method, Payment, TicketSale
from terminal.tickets import codes, signed

AT = Stamp(wall_ms=1_781_289_000_000, mono_ms=0, boot="example", synced=True)
"""A Friday evening in summer."""

_PRICE = 1200
_METHODS = {"coins": Method.CASH, "wallet": Method.WALLET, "card": Method.CARD}


def tickets(job: Job, product: str | None) -> list[Document]:
    """Return the tickets that one piece of *product*, else of the first one with tickets, gives.

    Raises:
        WrongUse: There is no such product, or it gives none.
    """
    offered = _offered(job)
    chosen = [each for each in offered if product in (None, str(each.id), each.name)]
    if not chosen:
        known = ", ".join(f"{each.id} ({each.name})" for each in offered)
        raise WrongUse(f"There is no product {product!r}; there are: {known}.")
    for each in chosen:
        maker, sale = _sale(job, (basket.Pick(each.id, 1),))
        of = len(sale.tickets)
        if of:
            line = sale.lines[0]
            return [
                ticket_document(
                    ticket=ticket,
                    number=number,
                    of=of,
                    event_name=job.tickets.event_name,
                    product_name=line.description,
                    price=own_price(line),
                    terminal=job.terminal,
                    at=AT,
                    qr=maker.sealed(ticket, sale.event, AT.wall_ms),
                    currency=job.currency,
                    locale=job.locale,
                    zone=_zone(),
                )
                for number, ticket in enumerate(sale.tickets, 1)
            ]
    raise WrongUse("No product of the configuration gives tickets (`printed = false`): name another one.")


def receipt(job: Job) -> Document:
    """Return the receipt of an example sale or top-up.

    Raises:
        WrongUse: The job prints no receipts.
    """
    match job.kind:
        case "tickets":
            return _sale_receipt(job)
        case "topup":
            return topup_receipt(
                head=job.topup.receipt,
                terminal=job.terminal,
                at=AT,
                token="04A1B2C3D4E5F6",  # noqa: S106 - a made-up card
                amount=350,
                key=_key(job),
                currency=job.currency,
                locale=job.locale,
                coins=(200, 100, 50),
                confirmed=True,
                balance=1250,
                zone=_zone(),
            )
    raise WrongUse(f"A terminal with the job {job.kind!r} prints no receipts.")


def _sale_receipt(job: Job) -> Document:
    several = [basket.Pick(each.id, 2 - at) for at, each in enumerate(_offered(job)[:2])]
    _, sale = _sale(job, tuple(several))
    return sale_receipt(
        head=job.tickets.receipt,
        terminal=job.terminal,
        at=AT,
        key=_key(job),
        sale=sale,
        currency=job.currency,
        locale=job.locale,
        discounts=basket.discount_names(job.tickets, sale.lines, staff=False),
        zone=_zone(),
    )


def _offered(job: Job) -> tuple[Product, ...]:
    """Return what is sold; a price that only the server knows is an example, too."""
    known = [Product(each.id, each.name or str(each.id), _PRICE) for each in job.tickets.products]
    return basket.offered(job.tickets, known or [Product(1, "Adult", _PRICE)])


def _sale(job: Job, picks: tuple[basket.Pick, ...]) -> tuple[Codes, TicketSale]:
    offered = _offered(job)
    maker = _codes(job)
    purchase = maker.purchase()
    if purchase is None:
        raise WrongUse("[codes] makes no codes: terminalctl config check")
    lines: tuple[Line, ...] = basket.lines(job.tickets, offered, picks, staff=False)
    try:
        sold = basket.issued(job.tickets, offered, lines, purchase, maker)
    except ValueError as error:
        raise WrongUse(f"[codes] does not suit [tickets]: {error}.") from error
    method = _METHODS[job.tickets.pay[0]]
    total = basket.total(sold)
    price = money.rounded(total, job.tickets.cash_step(0)) if method is Method.CASH else total
    paid = Payment(method, price, reference="8817-4402" if method is Method.CARD else "")
    return maker, TicketSale(purchase, job.tickets.event, sold, (paid,), rounding=price - total)


def _codes(job: Job) -> Codes:
    """Return codes of the configured form that are the same each time, signed by a key that nobody keeps."""
    numbers = count()

    def chance(length: int) -> bytes:
        blocks = (blake2b(next(numbers).to_bytes(8)).digest() for _ in range(length // 64 + 1))
        return b"".join(blocks)[:length]

    seal = None
    if job.codes.sign:
        try:
            signer = signed.read_private_key(signed.new_private_key(), "The example's key")
        except signed.CannotSign as error:
            raise WrongUse(str(error)) from error
        seal = lambda ticket, event, at_ms: signer.sign(  # noqa: E731 - one expression
            ticket.barcode, event, ticket.product, at_ms // 1000
        )
    return codes.make(
        job.codes,
        chance=chance,
        known=lambda _code: False,
        wall_ms=lambda: AT.wall_ms,
        key=bytes(32),
        seal=seal,
    )


def _key(job: Job) -> str:
    return f"{job.terminal}-00000000-000000000000"


def _zone() -> tzinfo:
    """Return this machine's time zone at the moment of the examples."""
    return datetime.fromtimestamp(AT.wall_ms / 1000, UTC).astimezone().tzinfo or UTC
