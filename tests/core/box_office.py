"""A ticket kiosk, brought to each state of its job."""

from terminal.core.facts import CashKind, CashMoved, EntryAdded, EntryKind, ReleaseIntended
from terminal.core.rules import CashRules
from terminal.core.tickets import TicketSale
from tests.core.making import Drawn, Talk, facts, ticket_job

HOPPER = CashRules(payouts=("hopper",))


def at_the_kiosk(job=None, *, codes: Drawn | None = None, healthy=("slot", "paper", "hopper")) -> Talk:
    return Talk(job or ticket_job(), products=(), healthy=healthy, codes=codes)


def choose(talk: Talk, *products: object) -> Talk:
    for product in products:
        talk.press(str(product))
    return talk


def to_pay(*products: object, job=None, **kwargs: object) -> Talk:
    talk = choose(at_the_kiosk(job, **kwargs), *products)
    talk.press("confirm")
    return talk


def sale_of(talk: Talk) -> TicketSale:
    (entry,) = [each for each in facts(talk.last, EntryAdded) if each.kind is EntryKind.SALE]
    assert isinstance(entry.payload, TicketSale)
    assert entry.amount == entry.payload.total
    assert (entry.backend, entry.token) == ("gate", None)
    return entry.payload


def cash_moved(talk: Talk) -> list[tuple[CashKind, int]]:
    return [(each.kind, each.amount) for each in facts(talk.last, CashMoved)]


def entries(talk: Talk) -> list[EntryKind]:
    return [each.kind for each in facts(talk.last, EntryAdded)]


def prints(talk: Talk) -> list[str]:
    """Names of what is intended to be printed."""
    return list(
        dict.fromkeys(each.release.split("/", 1)[1].split("/")[0] for each in facts(talk.last, ReleaseIntended))
    )
