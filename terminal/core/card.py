"""A payment at a card terminal that a server drives: what the server tells of it, and where it is.

The entry of a payment (kind `payment`, held) is on the books before the server is asked to begin. A server that
only authorises takes no money until that entry is freed, together with the sale, and delivered: which captures
it. One that takes the money at once may have taken it whenever its answer is lost.
"""

from __future__ import annotations

from enum import Enum

from terminal.core.delivery import Answer, Guarantee, Outcome, Promise, proven
from terminal.core.value import Value

BUTTON = "card"
"""The button by which a guest pays what is due at the card terminal."""


class Step(Enum):
    """How far a payment at a card terminal is."""

    WAIT = "wait"  # the guest, the terminal or the bank needs time: ask again
    AUTHORISED = "authorised"  # it is promised, and nothing moves before it is captured
    TAKEN = "taken"  # the money has moved
    REFUSED = "refused"  # surely nothing moves
    LOST = "lost"  # nobody can tell


class PaymentReply(Value, frozen=True):
    """What a server told of a payment.

    Attributes:
        step: How far it is.
        reference: What the server calls it: by this it is asked for, captured, and found by a person.
        wait_ms: Of WAIT, in how many milliseconds to ask again.
        binding: Of WAIT, LOST: money may move without another word of this terminal.
        words: The server's own, or what happened on the way; for a technician.
    """

    step: Step
    reference: str = ""
    wait_ms: int = 0
    binding: bool = False
    words: str = ""


def unanswered(answer: Answer, reference: str, *, binding: bool) -> PaymentReply:
    """Return what it means for a payment that the server told nothing of it.

    Args:
        answer: What it said instead, or what happened on the way.
        reference: What was asked for; empty: it was to begin. Then UNKNOWN alone says that it may have.
        binding: As in PaymentReply.
    """
    answer = proven(Guarantee(Promise.NONE), answer)
    if answer.outcome is Outcome.UNKNOWN and not reference:
        return PaymentReply(Step.LOST, binding=binding, words=answer.words)
    if not reference:
        return PaymentReply(Step.REFUSED, words=answer.words)
    if answer.outcome is Outcome.REFUSED:
        return PaymentReply(Step.LOST, reference, binding=binding, words=answer.words)
    wait_ms = max(_ASK_AGAIN_MS, answer.retry_after_ms or 0)
    return PaymentReply(Step.WAIT, reference, wait_ms=wait_ms, binding=binding, words=answer.words)


_ASK_AGAIN_MS = 2_000


class UnderWay(Value, frozen=True):
    """A payment that the card terminal has been asked for.

    Attributes:
        key: Of its entry.
        amount: Cents.
        until_ms: Monotonic milliseconds at which nobody waits any longer.
        reference: As in PaymentReply; empty while the server has told none.
        ask_ms: When the server is to be asked again; None: its answer is on its way.
        binding: As in PaymentReply; until the server has answered, it may be so.
    """

    key: str
    amount: int
    until_ms: int
    reference: str = ""
    ask_ms: int | None = None
    binding: bool = True

    @property
    def wake_ms(self) -> int:
        """When something is to be done about it, in monotonic milliseconds."""
        return self.until_ms if self.ask_ms is None else min(self.ask_ms, self.until_ms)
