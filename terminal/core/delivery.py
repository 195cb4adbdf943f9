"""What an answer of a server means for an entry: a decision as a value. Somebody else waits and writes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from terminal.core.stamp import Stamp, elapsed_ms


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


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A promise, and for how long it holds after the first attempt (None: for ever)."""

    promise: Promise
    window_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer as an adapter reads it.

    *words* are for a technician: the server's own where there are any, else what happened on the way.
    They never hold a secret or a full UID. *balance* in cents where the answer told it.
    """

    outcome: Outcome
    words: str = ""
    status: int | None = None
    retry_after_ms: int | None = None
    balance: int | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """Delivered."""


@dataclass(frozen=True, slots=True)
class Again:
    """Send it again, with the same key, in *delay_ms*."""

    delay_ms: int


@dataclass(frozen=True, slots=True)
class LookFirst:
    """Ask the server whether it was booked, in *delay_ms*, before anything else."""

    delay_ms: int


@dataclass(frozen=True, slots=True)
class Park:
    """A person must decide. *unknown*: it may have been booked."""

    unknown: bool
    words: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is wrong with the entry: the whole backend waits for a person (and tries again in *delay_ms*)."""

    delay_ms: int
    words: str


Verdict = Done | Again | LookFirst | Park | Pause
