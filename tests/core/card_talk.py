"""A guest at the kiosk with a card terminal that a server drives, made short."""

import msgspec

from terminal.core.card import PaymentReply, Step
from terminal.core.delivery import Outcome
from terminal.core.effects import AskPayment
from terminal.core.events import PaymentMoved
from terminal.core.facts import AttemptEnded, EntryState
from tests.core.box_office import HOPPER, to_pay
from tests.core.making import Talk, effects, facts, ticket_job

ONLY_CARD = {"pay": ("card",)}


def job(**rules: object):
    return msgspec.structs.replace(ticket_job(cash=HOPPER, **rules), payments="terminal")


def paying(*products: object, **rules: object) -> Talk:
    return to_pay(*products, job=job(**rules))


def by_card(*products: object, **rules: object) -> Talk:
    talk = paying(*products, **rules)
    talk.press("card")
    return talk


def asked(talk: Talk) -> AskPayment:
    (effect,) = effects(talk.last, AskPayment)
    return effect


def key_of(talk: Talk) -> str:
    return talk.state.job.card.key


def moved(talk: Talk, step: Step, *, key: str = "", **told: object):
    return talk(PaymentMoved(key or key_of(talk), PaymentReply(step, **told)))


def waits(talk: Talk, *, binding: bool = False, wait_ms: int = 500) -> None:
    moved(talk, Step.WAIT, reference="77", wait_ms=wait_ms, binding=binding)


def ends(talk: Talk) -> list[tuple[Outcome, EntryState, str]]:
    return [(each.outcome, each.state, each.reference) for each in facts(talk.last, AttemptEnded)]
