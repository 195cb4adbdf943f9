"""What an answer of a server means for an entry: a decision as a value. Somebody else waits and writes."""

from __future__ import annotations

from enum import Enum

from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.value import Value, replace


class Outcome(Enum):
    """What became of one try, as each adapter reads its server's answer."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # the server said no for good (400, 404, 422)
    DENIED = "denied"  # the server does not accept this terminal (401, 403)
    BUSY = "busy"  # again later, same key (409 in progress, 429, 503)
    UNKNOWN = "unknown"  # bytes may have arrived (500, 502, 504, time-out, reset)
    UNSENT = "unsent"  # surely did not arrive (DNS, connect, TLS)


class Promise(Enum):
    """What a server promises about an operation that is sent twice."""

    KEY = "key"  # it drops a repeat of the idempotency key
    NATURAL_KEY = "natural key"  # a repeat is refused as such
    READ_BACK = "read-back"  # a read can tell whether it was booked
    NONE = "none"  # at most once: an unknown outcome goes to a person


class Guarantee(Value, frozen=True):
    """A promise, and for how long it holds after the first attempt (None: for ever)."""

    promise: Promise
    window_ms: int | None = None


class Answer(Value, frozen=True):
    """A server's answer as an adapter reads it.

    *words* are for a technician: the server's own where there are any, else what happened on the way.
    They never hold a secret or a full UID. *balance* in cents where the answer told it. *reference* is what the
    server calls what it booked. *foreign*: not in the words of the server's API; something in front of it may
    have answered, and have passed the request on all the same.
    """

    outcome: Outcome
    words: str = ""
    status: int | None = None
    retry_after_ms: int | None = None
    balance: int | None = None
    reference: str | None = None
    foreign: bool = False


class Done(Value, frozen=True):
    """Delivered."""


class Again(Value, frozen=True):
    """Send it again, with the same key, in *delay_ms*."""

    delay_ms: int


class LookFirst(Value, frozen=True):
    """Ask the server whether it was booked, in *delay_ms*, before anything else."""

    delay_ms: int


class Park(Value, frozen=True):
    """A person must decide. *unknown*: it may have been booked."""

    unknown: bool
    words: str


class Pause(Value, frozen=True):
    """Nothing is wrong with the entry: the whole backend waits for a person (and tries again in *delay_ms*)."""

    delay_ms: int
    words: str


Verdict = Done | Again | LookFirst | Park | Pause

LONGEST_RETRY_AFTER_MS = 3_600_000
"""A server that asks to be left alone for longer is asked again after this all the same."""

LOOK_AFTER_MS = 30_000
"""A server may go on booking when nobody waits for it any more: before this a look would prove nothing."""

_HOUR_MS = 3_600_000


def decide(
    guarantee: Guarantee,
    answer: Answer,
    *,
    first_attempted: Stamp | None,
    in_doubt: bool,
    now: Stamp,
    delay_ms: int,
) -> Verdict:
    """Say what becomes of an entry after *answer*. Never Again where a repeat could book twice (I6).

    Args:
        guarantee: What the server promises for this kind of entry.
        answer: What became of this try.
        first_attempted: When bytes of the entry may first have reached the server, this try included.
        in_doubt: Whether an earlier try ended unknown.
        now: When the answer came.
        delay_ms: What the back-off asks for; a longer Retry-After overrules it.
    """
    answer = proven(guarantee, answer)
    wait_ms = max(delay_ms, min(answer.retry_after_ms or 0, LONGEST_RETRY_AFTER_MS))
    doubted = in_doubt or answer.outcome is Outcome.UNKNOWN
    match answer.outcome:
        case Outcome.DELIVERED:
            return Done()
        case Outcome.DENIED:
            return Pause(wait_ms, answer.words or "the server does not accept this terminal")
        case Outcome.REFUSED:
            words = answer.words or "the server refused it and did not say why"
            if doubted:
                return _refused_in_doubt(words, _in_doubt(guarantee, "", first_attempted, now, wait_ms))
            return Park(unknown=False, words=words)
        case Outcome.BUSY | Outcome.UNSENT | Outcome.UNKNOWN:
            if doubted:
                return _in_doubt(guarantee, answer.words, first_attempted, now, wait_ms)
            return Again(wait_ms)


def proven(guarantee: Guarantee, answer: Answer, *, anew: bool = False) -> Answer:
    """Return what *answer* proves of a booking.

    Where a repeat could book twice, ``busy`` says that nothing was booked only if the server itself says it: a
    proxy may say so of a request that it has passed on. *anew*: what the server would know a repeat by is made
    anew for each try of which no doubt is left.
    """
    drops = guarantee.promise in (Promise.KEY, Promise.NATURAL_KEY) and not anew
    if answer.outcome is not Outcome.BUSY or not answer.foreign or drops:
        return answer
    return replace(answer, outcome=Outcome.UNKNOWN)


def may_send(
    guarantee: Guarantee, *, first_attempted: Stamp | None, in_doubt: bool, now: Stamp, timeout_ms: int
) -> LookFirst | Park | None:
    """Say what speaks against sending an entry; None: it may go out.

    What was right when it was queued may be wrong now: the window of its key has passed while it waited, or
    the configuration names a dialect that promises less.

    Args:
        guarantee: What the server promises for this kind of entry.
        first_attempted: When bytes of the entry may first have reached the server.
        in_doubt: Whether an earlier try ended unknown.
        now: This moment.
        timeout_ms: How long a try may take: a window that closes meanwhile is closed; a look comes after it.
    """
    if not in_doubt:
        return None
    match _in_doubt(guarantee, "", first_attempted, now, 0, timeout_ms):
        case Again():
            return None
        case LookFirst():
            # Where no clock can tell, the machine was started anew since: that took its time.
            elapsed = _elapsed_ms(first_attempted, now)
            return LookFirst(0 if elapsed is None else max(0, timeout_ms + LOOK_AFTER_MS - elapsed))
        case Park() as park:
            return park


def advice(key: str, seq: int) -> str:
    """Return what a technician does about an entry of which nobody can tell whether it was booked."""
    return f"Look on the server for the key {key}. {_choices(seq)}"


def advice_unnamed(seq: int) -> str:
    """Return what a technician does about such an entry where the server has no name for it."""
    return f"Compare that with the server's own books. {_choices(seq)}"


def _choices(seq: int) -> str:
    return (
        f"If it is booked there, close it by `terminalctl journal resolve {seq} --delivered`; if it is not, "
        "send it again by `--resend` instead, or give it up by `--write-off`."
    )


def owed(debit: str | None, seq: int) -> str:
    """Return what a technician does about a refund that the server refused.

    Args:
        debit: Key of the debit that it makes good.
        seq: Number of the refund.
    """
    return (
        f"This refund is owed to a customer, for nothing was given for the debit {debit}: remove the cause and "
        f"send it again by `terminalctl journal resolve {seq} --resend`, or give the money back by hand and "
        f"close it by `terminalctl journal resolve {seq} --write-off` with your name and what you did."
    )


def _in_doubt(  # noqa: PLR0917 - one caller's values, handed on
    guarantee: Guarantee,
    words: str,
    first_attempted: Stamp | None,
    now: Stamp,
    wait_ms: int,
    timeout_ms: int = 0,
) -> Again | LookFirst | Park:
    """Say what is possible with an entry that may have been booked."""
    if guarantee.promise is Promise.NONE:
        return _unknown(words, "this server would book a repeat a second time")
    if guarantee.window_ms is not None:
        elapsed = _elapsed_ms(first_attempted, now)
        if elapsed is None:
            return _unknown(words, "no clock can tell whether the server would still know a repeat")
        if elapsed + timeout_ms >= guarantee.window_ms:
            if guarantee.window_ms < _HOUR_MS:
                return _unknown(words, "the server would not know a repeat any more")
            hours = guarantee.window_ms / _HOUR_MS
            return _unknown(words, f"the {hours:.3g} h in which the server knows a repeat are over")
    if guarantee.promise is Promise.READ_BACK:
        return LookFirst(max(wait_ms, LOOK_AFTER_MS))
    return Again(wait_ms)


def _refused_in_doubt(words: str, otherwise: Again | LookFirst | Park) -> LookFirst | Park:
    """Read a no for good: it tells of the earlier try only where the server would have known the repeat."""
    match otherwise:
        case Again():
            return Park(unknown=False, words=words)
        case LookFirst():
            return otherwise
        case Park():
            sentence = (
                f"An earlier try may have been booked: no answer to it came. The repeat was refused: {words}"
            )
            return Park(unknown=True, words=sentence)


def _unknown(words: str, why: str) -> Park:
    heard = f" ({words})" if words else ""
    return Park(
        unknown=True, words=f"It was sent and no answer came{heard}: it may have been booked, and {why}."
    )


def _elapsed_ms(first_attempted: Stamp | None, now: Stamp) -> int | None:
    return None if first_attempted is None else elapsed_ms(first_attempted, now)
