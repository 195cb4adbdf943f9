"""Questions to the server while a customer waits, and the catalogue in between. Each on a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from terminal.backends.protocol import (
    CatalogueBackend,
    PairingBackend,
    PaymentBackend,
    WalletBackend,
    WalletReply,
)
from terminal.core.card import PaymentReply, Step, unanswered
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Outcome
from terminal.core.effects import AskPayment
from terminal.core.events import (
    CachedWallet,
    CatalogueRead,
    Event,
    Exposure,
    PairingEnded,
    PaymentMoved,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import CatalogueSeen, Fact, WalletSeen
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.daemon.rounds import Rounds
from terminal.journal.errors import JournalError

_LOG = logging.getLogger(__name__)

REFRESH_S = 600
"""How often the catalogue is read while the server answers."""

_RETRY_S = (2.0, 300.0)
_CATALOGUE_S = 20
_PAIRING_S = 20
_PAYMENT_S = 20
_ANSWERED = (Outcome.DELIVERED, Outcome.REFUSED, Outcome.DENIED)
"""A server that says no is there all the same."""

_ASKERS = 4
"""Questions that may be under way at once; a server that hangs holds each for its deadline."""


_PAID = (Step.AUTHORISED, Step.TAKEN)
_THERE = Answer(Outcome.DELIVERED)
_NO_PAYMENTS = "No server drives a card terminal here (roles.payments)."
_NO_WALLETS = "No token pays at this terminal: there is no server to pair one with (roles.wallet)."


class Remembers(Protocol):
    """What look-ups need of the journal."""

    def wallet(self, token: str, now: Stamp) -> CachedWallet | None:
        """Return what was last known of a wallet."""

    def exposure(self, token: str, now: Stamp) -> Exposure:
        """Return what was given on trust."""

    def card_used(self, reference: str) -> Entry | None:
        """Return the sale that what a card terminal calls so has paid, else the payment that it names."""

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        """Write down what the server told."""


class Weather(Protocol):
    """What look-ups share with the sync engine: whether the server answers."""

    def available(self, backend: str) -> bool:
        """Return whether it makes sense to ask it now."""

    def report(self, backend: str, *, ok: bool, denied: str = "") -> None:
        """Tell whether it answered; *denied*: in which words it does not accept this terminal."""


class Lookups:
    """Asks for wallets and pairings, and keeps the catalogue fresh.

    Args:
        wallet: Holds the wallets and pairs tokens; None where nothing is paid by token.
        catalogue: Knows the products.
        payments: Drives a card terminal; None where none is driven.
        journal: Remembers both.
        weather: Knows whether a server is away, so that nobody waits for it.
        now: Reads the clock.
        post: Puts an event into the loop's inbox.
    """

    def __init__(
        self,
        *,
        wallet: WalletBackend | None,
        catalogue: CatalogueBackend,
        journal: Remembers,
        weather: Weather,
        now: Callable[[], Stamp],
        post: Callable[[Event], None],
        payments: PaymentBackend | None = None,
    ) -> None:
        self._wallet = wallet
        self._catalogue = catalogue
        self._payments = payments
        self._journal = journal
        self._weather = weather
        self._now = now
        self._post = post
        self._questions: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._stopping = False
        self._refused = ""  # why the products are those of before
        self._refresher = Rounds("catalogue", "reading the catalogue", self._refresh, retry_s=_RETRY_S)
        # A thread that waits for a server must not keep the process alive.
        self._askers = [
            threading.Thread(target=self._answer, name=f"lookup-{number + 1}", daemon=True)
            for number in range(_ASKERS)
        ]

    def start(self) -> None:
        """Begin to read the catalogue, and to ask what was wanted meanwhile."""
        self._refresher.start()
        for asker in self._askers:
            asker.start()

    def stop(self) -> None:
        """End; a question under way is not waited for."""
        self._stopping = True
        for _ in self._askers:
            self._questions.put(None)
        self._refresher.stop()

    @property
    def troubles(self) -> tuple[str, ...]:
        """One sentence where the products cannot be read anew, and waiting does not help."""
        if self._refresher.unforeseen:
            return ("The products could not be read anew, for a reason not foreseen: please report this.",)
        if not self._refused:
            return ()
        name = self._catalogue.name
        return (f"The products cannot be read anew from {name!r}, and stay as they are: {self._refused}",)

    def reload(self) -> None:
        """Read the catalogue now."""
        self._refresher.hurry()

    # -- wallets ---------------------------------------------------------------------------------------

    def read_wallet(self, token: str, deadline_ms: int) -> None:
        """Post what is remembered of *token* at once, and what the server says when it has said it."""
        now = self._now()
        self._post(
            WalletRemembered(token, self._journal.wallet(token, now), self._journal.exposure(token, now))
        )
        wallet = self._wallet
        if wallet is None or not self._weather.available(wallet.name):
            self._post(WalletRead(token, WalletAnswer.NO_ANSWER))
            return
        self._questions.put(lambda: self._read_wallet(wallet, token, deadline_ms))

    def _read_wallet(self, wallet: WalletBackend, token: str, deadline_ms: int) -> None:
        reply: WalletReply = wallet.balance(token, deadline_ms / 1000)
        self._post(WalletRead(token, reply.answer, reply.balance))
        self._weather.report(
            wallet.name,
            ok=reply.answer is not WalletAnswer.NO_ANSWER,
            denied=_denied(reply.words) if reply.answer is WalletAnswer.DENIED else "",
        )
        if reply.answer is WalletAnswer.KNOWN and reply.balance is not None:
            self._remember(WalletSeen(token, reply.balance))

    def pair(self, token: str, code: str) -> None:
        """Pair a token; post PairingEnded."""
        self._questions.put(lambda: self._pair(token, code))

    def _pair(self, token: str, code: str) -> None:
        pair: Callable[..., object] | None = getattr(self._wallet, "pair", None)
        if pair is None:
            words = "This server cannot pair tokens." if self._wallet else _NO_WALLETS
            self._post(PairingEnded(token, paired=False, words=words))
            return
        pairing: PairingBackend = self._wallet  # type: ignore[assignment] # it has the role: looked right above
        answer = pairing.pair(token, code, _PAIRING_S)
        self._post(PairingEnded(token, paired=answer.outcome is Outcome.DELIVERED, words=answer.words))

    # -- card terminals --------------------------------------------------------------------------------

    def pay(self, asked: AskPayment) -> None:
        """Begin a payment at the card terminal, or ask how far it is; post PaymentMoved."""
        server = self._payments
        if server is None or not (asked.reference or self._weather.available(server.name)):
            words = "the server of the card terminal is away" if server else _NO_PAYMENTS
            self._post(PaymentMoved(asked.key, PaymentReply(Step.REFUSED, words=words)))
            return
        self._questions.put(lambda: self._pay(server, asked))

    def _pay(self, server: PaymentBackend, asked: AskPayment) -> None:
        if asked.reference:
            told = server.proceed_payment(asked.reference, asked.amount, _PAYMENT_S)
        else:
            told = server.start_payment(asked.key, asked.amount, _PAYMENT_S)
        if isinstance(told, Answer):
            _LOG.warning("the card terminal was asked, and its server said nothing of it: %s", told.words)
            reply = unanswered(told, asked.reference, binding=server.takes_at_once)
        else:
            reply = self._once(asked.key, told, binding=server.takes_at_once)
        self._post(PaymentMoved(asked.key, reply))
        report(self._weather, server.name, told if isinstance(told, Answer) else _THERE)

    def _once(self, key: str, told: PaymentReply, *, binding: bool) -> PaymentReply:
        """Return what *told* is worth: one payment pays one sale, whatever a server says."""
        if told.step not in _PAID or not told.reference:
            return told
        try:
            used = self._journal.card_used(told.reference)
        except JournalError as error:  # what a card has paid is told all the same
            _LOG.warning("nobody looked whether the payment %s has paid before: %s", told.reference, error)
            return told
        if used is None or used.key == key:
            return told
        words = f"the server calls it {told.reference}, which entry {used.seq} was called before"
        return PaymentReply(Step.LOST, binding=binding or told.step is Step.TAKEN, words=words)

    # -- the catalogue ---------------------------------------------------------------------------------

    def _refresh(self) -> float | Answer:
        found = self._catalogue.terminal(_CATALOGUE_S)
        if isinstance(found, Answer):
            report(self._weather, self._catalogue.name, found)
            _LOG.info("the catalogue could not be read: %s", found.words)
            if found.outcome in _ANSWERED:  # denied is shown as a pause
                refused = found.outcome is Outcome.REFUSED
                self._refused = (found.words or "the server refuses to tell them") if refused else ""
            return found
        self._weather.report(self._catalogue.name, ok=True)
        self._refused = ""
        self.told(found.products)
        return REFRESH_S

    def told(self, products: tuple[Product, ...]) -> None:
        """Take over the products that the server told just now."""
        self._post(CatalogueRead(products, fresh=True))
        self._remember(CatalogueSeen(self._catalogue.name, products))

    # -- both ------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        """Ask one question after the other, until the end."""
        while (question := self._questions.get()) is not None and not self._stopping:
            try:
                question()
            except Exception:  # noqa: BLE001 - the boundary of a thread: it must not end the next questions
                _LOG.exception("a question to the server failed in a way that was not foreseen")

    def _remember(self, fact: Fact) -> None:
        try:
            self._journal.commit((fact,), self._now(), durable=False)
        except JournalError as error:  # the loop says it loudly; a cache may be missed
            _LOG.info("not remembered: %s", error)


def report(weather: Weather, backend: str, answer: Answer) -> None:
    """Tell whether a server that was not asked to book anything is there, by its *answer*."""
    denied = _denied(answer.words) if answer.outcome is Outcome.DENIED else ""
    weather.report(backend, ok=answer.outcome in _ANSWERED, denied=denied)


def _denied(words: str) -> str:
    return words or "the server does not accept this terminal"
