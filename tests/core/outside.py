"""What stands around a simulated terminal: a server with moods, and a machine that keeps what it gave out."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random

from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.events import Ended, WalletAnswer, WalletRead
from terminal.core.facts import EntryKind
from terminal.core.records import Entry

DAY_MS = 86_400_000
TIMEOUT_MS = 10_000
"""How long the terminal waits for an answer."""

PRODUCTS = (Product("espresso", "Espresso", 250), Product(7, "Water", 100), Product("soup", "Soup", 420))
TOKENS = tuple(f"04A1B2C3D4{number:04X}" for number in range(14))
STRANGER = TOKENS[-1]
"""A token that the server knows no wallet for."""


class Weather(Enum):
    """How the way to the server is, and the server itself."""

    FAIR = "answers"
    AWAY = "nothing arrives"
    LOSSY = "requests and replies are lost"
    SLOW = "answers too late for a customer"
    REFUSING = "refuses some for good"
    DENIED = "does not accept this terminal"
    BUSY = "asks to come again"


@dataclass(frozen=True, slots=True)
class Booking:
    """What the server has really booked under a key."""

    kind: EntryKind
    token: str | None
    amount: int
    at_ms: int


class Server:
    """Books what arrives; drops repeats only as far as it has promised.

    Attributes:
        booked: What was booked, by key.
        twice: Keys that were booked again.
        blind: Keys that were sent again although they were in doubt and the promise did not cover it.
        on_the_way: Requests that were accepted and are not booked yet, by key.
        by_hand: Cents that a person gave back on the server itself, by the debit's key.
    """

    def __init__(
        self, rng: Random, guarantee: Guarantee, now_ms: Callable[[], int], later: Callable[..., None]
    ) -> None:
        self._rng = rng
        self.guarantee = guarantee
        self._now_ms = now_ms
        self._later = later
        self.weather = Weather.FAIR
        self.booked: dict[str, Booking] = {}
        self.twice: list[str] = []
        self.blind: list[str] = []
        self.by_hand: Counter[str] = Counter()
        self.balances = dict.fromkeys(TOKENS, 3_000)
        self.seen: Counter[Weather] = Counter()
        self.on_the_way: Counter[str] = Counter()
        self._trying: dict[str, int] = {}  # since when
        self._in_doubt: dict[str, int] = {}  # since when

    # -- entries ---------------------------------------------------------------------------------------

    def receive(self, entry: Entry) -> tuple[Answer, int]:
        """Take one try to deliver *entry*: its answer, and after how many milliseconds that comes."""
        self._watch(entry.key)
        self.seen[self.weather] += 1
        quick = self._rng.randrange(50, 400)
        if self.weather is not Weather.AWAY and self._in_progress(entry.key):
            return Answer(Outcome.BUSY, "in progress", 409), quick
        match self.weather:
            case Weather.AWAY:
                return Answer(Outcome.UNSENT, "no route to host"), quick
            case Weather.LOSSY:
                return self._lossy(entry, quick)
            case Weather.SLOW:
                return self._book(entry), self._rng.randrange(800, TIMEOUT_MS)
            case Weather.DENIED:
                return Answer(Outcome.DENIED, "unknown terminal", 401), quick
            case Weather.BUSY:
                return Answer(Outcome.BUSY, "later", 503, retry_after_ms=20_000), quick
            case Weather.REFUSING if not self._remembers(entry.key) and self._rng.random() < 0.5:
                return Answer(Outcome.REFUSED, "the wallet is locked", 422), quick
            case _:
                return self._book(entry), quick

    def answered(self, key: str, outcome: Outcome) -> None:
        """The terminal has this answer in its journal."""
        since_ms = self._trying.pop(key, self._now_ms())
        if outcome is Outcome.UNKNOWN:
            self._in_doubt.setdefault(key, since_ms)
        elif outcome is Outcome.DELIVERED:
            self._in_doubt.pop(key, None)

    def looked(self, key: str) -> None:
        """Somebody has seen whether it is booked."""
        self._trying.pop(key, None)
        self._in_doubt.pop(key, None)

    def look(self, key: str) -> Answer:
        """Answer whether *key* is booked."""
        if self.weather in (Weather.AWAY, Weather.DENIED, Weather.BUSY):
            return Answer(Outcome.UNSENT, "no answer")
        if self.weather is Weather.LOSSY and self._rng.random() < 0.5:
            return Answer(Outcome.UNKNOWN, "no answer")
        if key in self.booked:
            return Answer(Outcome.DELIVERED)
        self.looked(key)
        return Answer(Outcome.REFUSED, status=404)

    def give_back(self, key: str) -> None:
        """A person gives the money of a booked debit back, on the server."""
        booking = self.booked[key]
        self.by_hand[key] += booking.amount
        self.balances[booking.token or ""] += booking.amount

    def _lossy(self, entry: Entry, quick: int) -> tuple[Answer, int]:
        lost = Answer(Outcome.UNKNOWN, "no answer within 10 s")
        match self._rng.randrange(4):
            case 0:
                return lost, TIMEOUT_MS
            case 1:
                self._book(entry)
                return lost, self._rng.choice((quick, TIMEOUT_MS))
            case 2:
                # Accepted, and booked only when everybody has given up waiting.
                self.on_the_way[entry.key] += 1
                self._later(self._rng.randrange(TIMEOUT_MS, 25_000), lambda: self._book_late(entry))
                return lost, TIMEOUT_MS
            case _:
                return self._book(entry), quick

    def _book_late(self, entry: Entry) -> None:
        self.on_the_way -= Counter((entry.key,))
        self._book(entry)

    def _watch(self, key: str) -> None:
        """Note a try that the promise does not cover: an earlier one may have been booked."""
        if key in self._trying:  # of which the terminal never knew the end
            self._in_doubt.setdefault(key, self._trying.pop(key))
        since_ms = self._in_doubt.get(key)
        if since_ms is not None:
            window_ms = self.guarantee.window_ms
            expired = window_ms is not None and self._now_ms() - since_ms >= window_ms
            if self.guarantee.promise is not Promise.KEY or expired:
                self.blind.append(key)
        self._trying[key] = self._now_ms()

    def _in_progress(self, key: str) -> bool:
        """Whether a server that knows its keys is still busy with this one."""
        return self.guarantee.promise is Promise.KEY and key in self.on_the_way

    def _remembers(self, key: str) -> bool:
        booking = self.booked.get(key)
        if booking is None or self.guarantee.promise is not Promise.KEY:
            return False
        window_ms = self.guarantee.window_ms
        return window_ms is None or self._now_ms() - booking.at_ms < window_ms

    def _book(self, entry: Entry) -> Answer:
        if not self._remembers(entry.key):
            if entry.key in self.booked:
                self.twice.append(entry.key)
            self.booked[entry.key] = Booking(entry.kind, entry.token, entry.amount, self._now_ms())
            signed = -entry.amount if entry.kind is EntryKind.DEBIT else entry.amount
            self.balances[entry.token or ""] += signed
        return Answer(Outcome.DELIVERED, status=200, balance=self.balances[entry.token or ""])

    # -- wallets ---------------------------------------------------------------------------------------

    def read(self, token: str) -> tuple[WalletRead, int]:
        """Answer a question for a wallet, and after how many milliseconds."""
        quick = self._rng.randrange(50, 400)
        known = WalletRead(token, WalletAnswer.KNOWN, self.balances[token])
        silence = WalletRead(token, WalletAnswer.NO_ANSWER)
        if self.weather is Weather.AWAY:
            return silence, 0
        if self.weather is Weather.DENIED:
            return WalletRead(token, WalletAnswer.DENIED), quick
        if self.weather is Weather.BUSY or (self.weather is Weather.LOSSY and self._rng.random() < 0.5):
            return silence, 700
        if token == STRANGER:
            return WalletRead(token, WalletAnswer.NOT_PAIRED), quick
        slow = self.weather is Weather.SLOW and self._rng.random() < 0.5
        return known, self._rng.randrange(750, 3_000) if slow else quick


class Machine:
    """Gives out pieces and paper, and remembers each one by the id of its release.

    Attributes:
        given: How often a piece really fell for a release.
        printed: How often a document was really printed for a job.
        slots: How much money each acceptor takes; none, or 0: closed.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.given: Counter[str] = Counter()
        self.printed: Counter[str] = Counter()
        self.slots: dict[str, int] = {}

    def release(self, name: str) -> tuple[Ended | None, int]:
        """Pull the relay: what the machine says of it (None: nothing), and after how many milliseconds."""
        fell = self._rng.random() < 0.9
        if fell:
            self.given[name] += 1
        proof = Ended.DONE if fell else Ended.FAILED
        return self._rng.choices((proof, Ended.UNKNOWN, None), (90, 5, 5))[0], self._rng.randrange(300, 3_000)

    def print(self, name: str) -> tuple[Ended | None, int]:
        """Print a document: what the printer says of it, and after how many milliseconds."""
        ended = self._rng.choices((Ended.DONE, Ended.FAILED, Ended.UNKNOWN, None), (85, 5, 5, 5))[0]
        if ended is not Ended.FAILED:
            self.printed[name] += 1
        return ended, self._rng.randrange(200, 2_000)
