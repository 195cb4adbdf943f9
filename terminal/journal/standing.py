"""Where an entry stands, as a pure function of the facts that name it.

The journal keeps the result beside each entry, for speed; `verify` folds the facts again and compares. So there
is one place that says what a fact does to an entry, and nothing else can.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from terminal.core.delivery import Outcome
from terminal.core.facts import EntryKind, EntryState
from terminal.core.value import Value, replace
from terminal.journal.errors import DecisionRefused, NotQueued

_FINAL = (EntryState.DELIVERED, EntryState.VOIDED)
_LONGEST_WORDS = 2000

NOTHING_GIVEN = (
    "Nothing was given for this debit, and nobody can tell whether the server has booked it. Look on the "
    "server: if it is booked there, give the money back there; then void this entry."
)
"""For a debit that was abandoned and is in doubt. No word of retry: not every server drops repeats."""


CARD_PAID = (
    "A card has paid, and no ticket was issued for it. Give the money back at the card terminal, on its server "
    "or by hand; then void this entry with your name and what you did."
)
"""For what is to be given back to the owner of a card."""


class Standing(Value, frozen=True):
    """What has become of an entry so far; the attributes are those of rows.Entry.

    *first_attempt* is the number of the fact with which its bytes may first have left; *sent*, while it is in
    doubt and not booked, that of the one before which they may last have left.
    """

    kind: EntryKind
    state: EntryState
    held: bool
    words: str
    attempts: int = 0
    first_attempt: int | None = None
    in_doubt: bool = False
    compensate: bool = False
    sent: int | None = None
    reference: str = ""


def kept(values: Sequence[Any]) -> Standing:
    """Return the standing that a row keeps: its columns in order, of which the last six may be missing."""
    kind, state, held, words, *rest = values
    attempts, first, in_doubt, compensate, sent, reference = rest or (0, None, 0, 0, None, "")
    return Standing(
        EntryKind(kind),
        EntryState(state),
        bool(held),
        words,
        attempts,
        first,
        bool(in_doubt),
        bool(compensate),
        sent,
        reference,
    )


def plain(words: str) -> str:
    """Return *words* so that they can be kept: bounded, and without what UTF-8 cannot hold."""
    if words.isascii() and len(words) <= _LONGEST_WORDS:
        return words
    return words[:_LONGEST_WORDS].encode(errors="replace").decode()


def started(now: Standing, seq: int) -> Standing:
    """Bytes of it may leave from the fact *seq* on.

    Raises:
        NotQueued: It is not waiting to be sent (any more).
    """
    if now.state is not EntryState.QUEUED:
        raise NotQueued(f"The entry is {now.state.value}, so it is not sent.")
    first = seq if now.first_attempt is None else now.first_attempt
    return replace(now, state=EntryState.SENDING, attempts=now.attempts + 1, first_attempt=first)


def ended(  # noqa: PLR0917 - the columns of a row
    now: Standing, seq: int, outcome: Outcome, state: EntryState, words: str, reference: str = ""
) -> Standing:
    """A try ended with the fact *seq*, and the delivery policy wants it in *state*.

    REFUSED with QUEUED is what a look on the server found: surely not booked, so all doubt is gone. An answer
    that comes after the end changes nothing, unless it proves that a voided entry is booked after all.
    """
    if now.state in _FINAL:
        booked = now.state is EntryState.VOIDED and outcome is Outcome.DELIVERED
        if not booked:
            return now
        kept_as = reference or now.reference
        return replace(now, state=EntryState.DELIVERED, words=words, sent=None, reference=kept_as)
    in_doubt = now.in_doubt or outcome is Outcome.UNKNOWN
    kept_as = reference or now.reference
    if outcome is Outcome.DELIVERED:
        in_doubt = False
    elif outcome is Outcome.REFUSED and state is EntryState.QUEUED:
        in_doubt, kept_as = False, reference or _authorised(now)
    left = now.state is EntryState.SENDING and outcome is not Outcome.UNSENT
    after = replace(
        now,
        state=state,
        words=words,
        in_doubt=in_doubt,
        first_attempt=now.first_attempt if in_doubt or outcome is Outcome.DELIVERED else None,
        sent=(seq if left else now.sent) if in_doubt else None,
        reference=kept_as,
    )
    return _compensated(after)


def freed(now: Standing) -> Standing:
    """Its release is settled: it may go."""
    return replace(now, held=False)


def parked(now: Standing, seq: int, state: EntryState, words: str) -> Standing:
    """It waits for a person from the fact *seq* on. What was under way at that moment is in doubt."""
    if state not in (EntryState.PARKED, EntryState.UNKNOWN):
        raise ValueError(f"An entry is parked as parked or unknown, not as {state.value}.")
    now = freed(now)
    if now.state in _FINAL:
        return now
    if now.state is EntryState.SENDING:
        now = replace(now, in_doubt=True, sent=seq)
    return _compensated(replace(now, state=state, words=words))


def abandoned(now: Standing, words: str) -> Standing:
    """Nothing was given for it, so nobody may pay for it."""
    if now.kind not in (EntryKind.DEBIT, EntryKind.PAYMENT):
        raise ValueError(f"Only a debit or a payment can be abandoned, not a {now.kind.value}.")
    now = freed(now)
    if now.state is EntryState.VOIDED:
        return now
    if now.state in (EntryState.DELIVERED, EntryState.SENDING):
        return replace(now, compensate=True)
    if now.first_attempt is None or now.state is EntryState.PARKED:
        return replace(now, state=EntryState.VOIDED, words=words)
    return _compensated(replace(now, words=words, compensate=True))


def decided(now: Standing, action: str, by: str, reason: str) -> Standing:
    """Apply a named person's decision.

    Raises:
        DecisionRefused: The entry's state does not allow it, or nobody has put a name to it.
        ValueError: *action* is none of ``retry``, ``void`` and ``delivered``.
    """
    if action not in _DECISIONS:
        raise ValueError(f"A person decides retry, void or delivered, not {action!r}.")
    if not by.strip() or not reason.strip():
        raise DecisionRefused("A decision needs the name of the person and a reason.")
    if now.state is EntryState.SENDING:
        raise DecisionRefused("The entry is being sent at this moment: wait for the answer and look again.")
    if now.state in _FINAL:
        raise DecisionRefused(f"The entry is {now.state.value}: there is nothing left to decide.")
    return _DECISIONS[action](now, by, reason)


def _retried(now: Standing, by: str, reason: str) -> Standing:
    if now.kind is EntryKind.UNCLAIMED:
        raise DecisionRefused("Unclaimed coins are not sent to any server: void the entry to settle it.")
    if now.words == CARD_PAID:
        raise DecisionRefused(f"No server gives back what a card has paid. {CARD_PAID}")
    now = replace(now, held=False, words=plain(f"Retry by {by}: {reason}"))
    if now.state is EntryState.QUEUED:
        return now
    # A person has looked for what waited for one: no doubt is left, else it would only be parked again.
    return replace(
        now,
        state=EntryState.QUEUED,
        in_doubt=False,
        first_attempt=None,
        sent=None,
        reference=_authorised(now),
    )


def _voided(now: Standing, by: str, reason: str) -> Standing:
    if now.kind is EntryKind.SALE and now.state is EntryState.QUEUED:
        raise DecisionRefused(
            "The tickets are in their guests' hands, and the sale is still on its way to the server: it is "
            "voided only where the server refused it, or where nobody can tell whether it is booked."
        )
    return replace(now, state=EntryState.VOIDED, held=False, words=plain(f"Voided by {by}: {reason}"))


def _found_booked(now: Standing, by: str, reason: str) -> Standing:
    """What waits for a release goes on waiting for it: whether something was given, no server can tell."""
    if not now.in_doubt:
        raise DecisionRefused(
            f"The entry is {now.state.value}, and no try of it is without an answer: the server has not booked "
            "it. Send it again, or void it."
        )
    words = plain(f"Found booked by {by}: {reason}")
    return replace(now, state=EntryState.DELIVERED, words=words, in_doubt=False, sent=None)


_DECISIONS = {"retry": _retried, "void": _voided, "delivered": _found_booked}


def _authorised(now: Standing) -> str:
    """Return what the server calls what a payment captures: no doubt about the capture changes that."""
    return now.reference if now.kind is EntryKind.PAYMENT else ""


def record_due(before: Standing, after: Standing) -> bool:
    """Whether the step from *before* to *after* ended a booking that stands."""
    return _stands(after) and not _stands(before)


def _stands(standing: Standing) -> bool:
    booked = standing.state is EntryState.DELIVERED and not standing.held
    return booked and not standing.compensate


def refund_due(before: Standing, after: Standing) -> bool:
    """Whether the step from *before* to *after* showed that a debit was booked for which nothing was given."""
    return _to_refund(after) and not _to_refund(before)


def _to_refund(standing: Standing) -> bool:
    return standing.compensate and standing.state is EntryState.DELIVERED


def _compensated(now: Standing) -> Standing:
    """Where nothing was given: what is surely not booked is void, and what is unknown waits for a person.

    What is queued in doubt stays so: the delivery policy sends it again only where the server drops repeats.
    Then it is known to be booked and is refunded; a customer does not wait for a person.
    """
    if not now.compensate:
        return now
    if now.state is EntryState.PARKED or (now.state is EntryState.QUEUED and not now.in_doubt):
        return replace(now, state=EntryState.VOIDED)
    if now.state is EntryState.UNKNOWN:
        return replace(now, state=EntryState.UNKNOWN, words=plain(f"{NOTHING_GIVEN} {now.words}".rstrip()))
    return now
