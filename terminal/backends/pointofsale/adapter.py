"""PointOfSale wallet API (REST, Bearer): wallets by token, debits by products, credits by amount, pairing.

Two dialects. ``documented``: as its documentation says; the server drops a repeat of an idempotency key.
``pretix``: the plugin of the ticketing system, which ignores the key, wants a slash at the end of each path,
answers an unknown token on a debit with 500 (so the wallet is looked up first), and never refuses for lack of
money. The key always goes out in the body and in ``X-Idempotency-Key``.

    GET  pos/terminal                            who this terminal is, and its products
    GET  pos/wallets/token/<token>               a wallet; 404: not paired
    POST pos/wallets/token/<token>/transactions  {"products": [...]} or {"amount": ±cents}
    PUT  pos/wallets/token/<token>               {"pairing_code": "<8 digits>"}
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from terminal.backends.http import Http
from terminal.backends.pointofsale import wire
from terminal.backends.pointofsale.options import PointOfSaleOptions
from terminal.backends.protocol import Tenure, TerminalInfo, WalletReply
from terminal.backends.replies import Reply, hide, judge, not_told
from terminal.backends.values import Remembered, cents, token_text
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Looking, Operation
from terminal.core.stamp import Stamp
from terminal.core.token import mask
from terminal.core.value import replace
from terminal.journal.rows import Entry

if TYPE_CHECKING:
    import httpx

_LOG = logging.getLogger(__name__)
_PAGES = 50
_REMEMBERED = 1000
_SLASH = "trailing_slash = true"
_DAY_MS = 86_400_000
_MARGIN_MS = 300_000  # the repeat is on its way for a while, and clocks drift


class PointOfSale:
    """A server of the PointOfSale wallet API: wallets, products, pairing.

    Args:
        name: Its name in the configuration.
        options: Its options.
        terminal_id: Who we are, for the server's log.
        credential: Returns the API token; see ``terminal.backends.http``.
        tenure: Remembers since when that token is in use; ``header-24h`` promises nothing without it.
        transport: Stands in for the network.
    """

    Options: ClassVar = PointOfSaleOptions
    kinds: ClassVar = frozenset({EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND})

    def __init__(
        self,
        name: str,
        options: PointOfSaleOptions,
        *,
        terminal_id: str,
        credential: Callable[[], str],
        tenure: Tenure | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self._options = options
        pretix = options.dialect == "pretix"
        self._promise = options.idempotency or ("none" if pretix else "key")
        self._tenure = tenure if self._promise == "header-24h" else None
        self._credit = options.credit or ("none" if pretix else "amount")
        self._slash = "/" if (pretix if options.trailing_slash is None else options.trailing_slash) else ""
        self._look_first = pretix
        self.settling_ms = options.settling_seconds * 1000
        self._paired = Remembered[bool](_REMEMBERED)
        self._http = Http(
            options.url,
            credential=credential,
            agent=f"terminald ({terminal_id})",
            ca_file=options.ca_file,
            tenure=self._tenure,
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"PointOfSale({self.name!r})"

    # -- every backend ---------------------------------------------------------------------------------

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what the server promises about a repeat: where it drops none, reads of the wallet may tell.

        With ``header-24h`` it knows a key only under the secret that it came with: entries in doubt that are
        older than the present secret are outside of the window. Where no secret was taken up yet, ``deliver``
        does not send what turns out to be one of them.
        """
        if self._promise == "key":
            return Guarantee(Promise.KEY)
        if self._promise == "none":
            return Guarantee(Promise.READ_BACK)  # its wallets are read before and after
        if self._tenure is None:
            return Guarantee(Promise.NONE)
        window_ms = _DAY_MS - _MARGIN_MS
        known_for_ms = self._tenure.known_for_ms()
        return Guarantee(Promise.KEY, window_ms if known_for_ms is None else min(window_ms, known_for_ms))

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Book *entry*, once, within *timeout_s* seconds."""
        try:
            token = self._token(entry.token or "")
            body = wire.booking(entry, amounts=self._credit == "amount")
        except ValueError as error:
            return Answer(Outcome.REFUSED, str(error))
        until = time.monotonic() + timeout_s
        if self._look_first and not self._paired.get(token):
            unable = self._look(token, timeout_s)
            if unable is not None:
                return unable
        left_s = until - time.monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, f"no time was left to send it within {timeout_s:.2g} s")
        headers = {"X-Idempotency-Key": entry.key}
        tried = entry.first_attempted if entry.in_doubt else None
        reply = self._http.call(
            "POST", self._wallet(token, "/transactions"), left_s, json=body, headers=headers, tried=tried
        )
        return self._hidden(self._booked(reply, token), token)

    def close(self) -> None:
        """Close connections; a call under way ends as UNKNOWN."""
        self._http.close()

    # -- reconciliation --------------------------------------------------------------------------------

    def account(self, entry: Entry) -> str | None:
        """Return the token whose wallet tells of *entry*; None where the server drops repeats."""
        return entry.token or None if self._promise == "none" and entry.amount else None

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return what was to be booked: a balance tells of it, if nobody else changes that."""
        changes = -entry.amount if entry.kind is EntryKind.DEBIT else entry.amount
        return Operation(Looking.BALANCE, changes, sent, alone=self._options.alone)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read the wallet of *entry* within *timeout_s* seconds."""
        try:
            token = self._token(entry.token or "")
        except ValueError as error:
            return Answer(Outcome.REFUSED, str(error))
        found = self._hidden(self._read_wallet(token, timeout_s), token)
        if found.outcome is not Outcome.DELIVERED:
            return found
        wallet = found.reference or ""
        if before is not None and before.handle != wallet:
            return Evidence(at)  # the token has another wallet now
        return Evidence(at, balance=found.balance, handle=wallet)

    # -- wallets ---------------------------------------------------------------------------------------

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        """Read a token's balance within *timeout_s* seconds."""
        try:
            text = self._token(token)
        except ValueError as error:
            return WalletReply(WalletAnswer.NOT_PAIRED, words=str(error))
        answer = self._hidden(self._read_wallet(text, timeout_s), text)
        if answer.outcome is Outcome.DELIVERED and answer.balance is not None:
            return WalletReply(WalletAnswer.KNOWN, answer.balance)
        if answer.outcome is Outcome.REFUSED and answer.status == HTTPStatus.NOT_FOUND:
            return WalletReply(WalletAnswer.NOT_PAIRED, words=answer.words)
        return WalletReply(not_told(answer), words=answer.words)

    def pair(self, token: str, code: str, timeout_s: float) -> Answer:
        """Pair *token* with the customer who was given *code*."""
        try:
            text = self._token(token)
        except ValueError as error:
            return Answer(Outcome.REFUSED, str(error))
        reply = self._http.call("PUT", self._wallet(text), timeout_s, json={"pairing_code": code})
        return self._hidden(self._booked(reply, text), text)

    # -- products --------------------------------------------------------------------------------------

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        """Read who this terminal is and what it sells, all pages within *timeout_s* seconds."""
        until = time.monotonic() + timeout_s
        pages: list[wire.Page] = []
        address: str | None = f"/pos/terminal{self._slash}"
        while address is not None:
            left_s = until - time.monotonic()
            if left_s <= 0 or len(pages) == _PAGES:
                return Answer(Outcome.UNKNOWN, f"the products were not all read after {len(pages)} pages")
            reply = self._http.call("GET", address, left_s)
            if isinstance(reply, Answer):
                return reply
            if not reply.good:
                return judge(reply, slash=_SLASH)
            try:
                pages.append(wire.read_page(reply.json()))
            except wire.Unusable as error:
                return Answer(Outcome.REFUSED, str(error), reply.status)
            address = pages[-1].next
            if address is not None and not self._http.same_origin(address):
                return Answer(
                    Outcome.REFUSED, "the server's link to more products leads elsewhere", reply.status
                )
        return TerminalInfo(self._sold(pages), pages[0].id, pages[0].name, pages[0].permission)

    def _sold(self, pages: list[wire.Page]) -> tuple[Product, ...]:
        products, missing = wire.choose(
            (each for page in pages for each in page.products), self._options.products
        )
        for words in (words for page in pages for words in page.dropped):
            _LOG.warning("%s: %s", self.name, words)
        if missing:
            _LOG.warning("%s: the server does not know these products: %s", self.name, ", ".join(missing))
        return products

    # -- the wire --------------------------------------------------------------------------------------

    def _token(self, uid: str) -> str:
        return token_text(uid, self._options.token_case, self._options.token_order)

    def _wallet(self, token: str, tail: str = "") -> str:
        return f"/pos/wallets/token/{token}{tail}{self._slash}"

    def _read_wallet(self, token: str, timeout_s: float) -> Answer:
        """DELIVERED with the balance and the wallet's own name: it is there. REFUSED with 404: it is not."""
        reply = self._http.call("GET", self._wallet(token), timeout_s)
        if isinstance(reply, Answer):
            return reply
        if not reply.good:
            return judge(reply, slash=_SLASH)
        found = wire.wallet(reply.json())
        balance = cents(found.get("balance")) if found else None
        if balance is None:
            words = "the answer is no wallet with a balance in whole cents: check the url and the dialect"
            return Answer(Outcome.UNKNOWN, words, reply.status)
        self._paired.put(token, True)
        named = found.get("id") if found else None
        reference = str(named) if isinstance(named, str | int) else None
        return Answer(Outcome.DELIVERED, status=reply.status, balance=balance, reference=reference)

    def _look(self, token: str, timeout_s: float) -> Answer | None:
        """Return why nothing can be posted for *token*; None if it can. A look books nothing: never UNKNOWN."""
        found = self._hidden(self._read_wallet(token, timeout_s), token)
        if found.outcome is Outcome.DELIVERED:
            return None
        if found.outcome is Outcome.UNKNOWN:
            return Answer(Outcome.UNSENT, found.words, found.status)
        return replace(found, foreign=False)

    def _booked(self, reply: Reply | Answer, token: str) -> Answer:
        """Read the answer to a call that changes something.

        A 2xx counts only with a wallet or transaction in it: the page of a portal that answers for everybody
        is a 200 too. Of 202 (a repeat) and 204 the body is not promised.
        """
        if isinstance(reply, Answer):
            return reply
        if not reply.good:
            return judge(reply, slash=_SLASH)
        found = wire.wallet(reply.json())
        bodiless = reply.status in (HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT) and not reply.foreign
        if found is None and not bodiless:
            words = (
                f"{reply.title}, but not in the API's words: something else may have answered; check the url"
            )
            return Answer(Outcome.UNKNOWN, words, reply.status)
        self._paired.put(token, True)
        words = "this key was booked before" if reply.status == HTTPStatus.ACCEPTED else ""
        return Answer(Outcome.DELIVERED, words, reply.status, balance=cents((found or {}).get("balance")))

    @staticmethod
    def _hidden(answer: Answer, token: str) -> Answer:
        """Return *answer* with the token masked, wherever the server repeats it."""
        words = hide(answer.words, {token: mask(token)})
        if words == answer.words:
            return answer
        return replace(answer, words=words)
