"""Satellite (event registration): records ticket sales and check-ins, knows products and delegates.

Both generations of its API, by OAuth2. A sale is known by its purchase code, which this terminal makes: it is
sent again under the same code until the server has it, and a server that says "I know that code" has it.

    old                                    v5
    POST /ticket/transaction               POST /tx/new.json               a sale
    POST /device/log/<what>                POST /interaction/new/<what>.json   a check-in, a join
    GET  /delegate/rfid:<uid>              GET  /delegate/rfid:<uid>.json  who carries a token
    GET  /product/list                     GET  /device/list.json          what is sold
                                           POST /device/ping.json          this terminal is there

Access: ``satellite.access``; the first credentials: ``satellite.discovery``. Paths and fields are those of its
documentation where that could be read; what could not be is an option.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from terminal.backends.protocol import DelegateReply, Tenure, TerminalInfo
from terminal.backends.replies import Reply, hide, judge, not_told
from terminal.backends.satellite import wire
from terminal.backends.satellite.access import Access, agent
from terminal.backends.satellite.options import SatelliteOptions
from terminal.backends.values import Remembered, cents, token_text
from terminal.core.catalogue import Product, ProductId
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.records import Entry
from terminal.core.tickets import Interaction, TicketSale
from terminal.core.token import mask
from terminal.core.value import replace

if TYPE_CHECKING:
    import httpx

_LOG = logging.getLogger(__name__)
_PAGE = 100  # objects in a page: even large ones fit into the longest answer that is read
_PAGES = 50
_PATIENCE = 5  # times that nonsense is answered until it is a person's affair
_REMEMBERED = 1000
_REMEMBERED_S = 900.0  # a token may be given to another guest
_PING_S = 300.0
_PING_LEAST_S, _PING_MOST_S = 10.0, 3600.0


class Satellite:
    """A Satellite server: ticket sales, interactions, delegates, products.

    Args:
        name: Its name in the configuration.
        options: Its options.
        terminal_id: Who we are, for the server's log.
        credential: Returns the client's credentials as JSON; see ``satellite.access``.
        tenure: Not needed: a purchase code is known whoever sends it.
        transport: Stands in for the network.
    """

    Options: ClassVar = SatelliteOptions
    kinds: ClassVar = frozenset({EntryKind.SALE, EntryKind.INTERACTION})

    def __init__(
        self,
        name: str,
        options: SatelliteOptions,
        *,
        terminal_id: str,
        credential: Callable[[], str],
        tenure: Tenure | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self._options = options
        self._delegates = Remembered[ProductId](_REMEMBERED, _REMEMBERED_S)
        self._staff = Remembered[tuple[ProductId | None, str]](_REMEMBERED)
        self._nonsense = Remembered[int](_REMEMBERED)
        self._access = Access(
            options,
            agent=agent(options.app, options.device_code, terminal_id),
            credential=credential,
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"Satellite({self.name!r})"

    # -- every backend ---------------------------------------------------------------------------------

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what the server promises about a repeat: of a sale it knows the code."""
        repeated = kind is EntryKind.INTERACTION and self._options.interactions == "repeat"
        return Guarantee(Promise.NATURAL_KEY if repeated or kind is EntryKind.SALE else Promise.NONE)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Record *entry* within *timeout_s* seconds, look-ups included."""
        until = time.monotonic() + timeout_s
        match entry.kind, entry.payload:
            case EntryKind.SALE, TicketSale() as sold:
                return self._hidden(self._sale(entry, sold, until), sold.staff)
            case EntryKind.INTERACTION, Interaction() as done:
                return self._hidden(self._interaction(entry, done, until), entry.token or "")
        if entry.kind in (EntryKind.SALE, EntryKind.INTERACTION):
            return Answer(Outcome.REFUSED, f"this {entry.kind.value} holds nothing that could be recorded")
        words = f"this server records tickets and holds no wallets: a {entry.kind.value} cannot be booked here"
        return Answer(Outcome.REFUSED, words)

    def close(self) -> None:
        """Close connections; a call under way ends as UNKNOWN."""
        self._access.close()

    # -- sales and interactions ------------------------------------------------------------------------

    def _sale(self, entry: Entry, sold: TicketSale, until: float) -> Answer:
        staff = self._staff.get(sold.purchase.code) or self._recorded_by(sold.staff, until)
        if isinstance(staff, Answer):
            return staff
        self._staff.put(sold.purchase.code, staff)  # what is sent again says the same
        recorded_by, remark = staff
        body = wire.sale(sold, entry.created, self._options, recorded_by=recorded_by, remark=remark)
        path = "/tx/new" if self._options.v5 else "/ticket/transaction"
        reply = self._post(path, body, until)
        if isinstance(reply, Answer):
            return reply
        if not reply.good and wire.knows_code(reply, sold.purchase.code):
            return self._known(entry, reply)
        return self._recorded(entry, reply)

    def _recorded_by(self, staff: str, until: float) -> tuple[ProductId | None, str] | Answer:
        """Return the staff member as the server knows them, with a remark where it does not.

        A sale is not held back for that: only where the server cannot be asked at all.
        """
        if not staff:
            return None, ""
        if not self._options.v5:
            return self._text(staff), ""
        found = self._find(self._text(staff), until)
        if not isinstance(found, Answer):
            return found, ""
        if found.outcome is Outcome.REFUSED or found.status == HTTPStatus.FORBIDDEN:
            return None, f"[recorded by the token {mask(staff)}, which no delegate of this server carries]"
        return found

    def _interaction(self, entry: Entry, done: Interaction, until: float) -> Answer:
        delegate = self._find(self._text(entry.token or ""), until)
        if isinstance(delegate, Answer):
            return delegate
        usual = "/interaction/new/{what}" if self._options.v5 else "/device/log/{what}"
        path = (self._options.interaction_path or usual).replace("{what}", quote(done.what, safe=""))
        reply = self._post(path, wire.interaction(done, delegate, entry.created, self._options), until)
        if isinstance(reply, Answer):
            return reply
        if reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY):
            self._delegates.forget(self._text(entry.token or ""))
        return self._recorded(entry, reply)

    def _post(self, path: str, body: object, until: float) -> Reply | Answer:
        left_s = until - time.monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to send it after the look-up")
        return self._access.call("POST", path, left_s, json=body)

    def _recorded(self, entry: Entry, reply: Reply) -> Answer:
        """Read the answer to what records something.

        What a success looks like is not published, so any 2xx is one that holds JSON, XML, a text, or nothing.
        A web page or nonsense may come from something in front of the server, and go away: a repeat does no
        harm, so it is sent again, but not for ever.
        """
        if reply.status == HTTPStatus.CONFLICT:
            return self._known(entry, reply)
        if not reply.good:
            return judge(reply, wire.said(reply))
        nonsense = wire.nonsense(reply.body)
        if nonsense:
            words = f"{reply.title}, but {nonsense}: something else may have answered; check the url"
            times = (self._nonsense.get(entry.key) or 0) + 1
            self._nonsense.put(entry.key, times)
            enough = entry.in_doubt and times >= _PATIENCE
            if enough:
                self._nonsense.forget(entry.key)
                words += ". Look on the server whether it is recorded; to send it again does no harm."
            return Answer(Outcome.REFUSED if enough else Outcome.UNKNOWN, words, reply.status)
        return Answer(Outcome.DELIVERED, reply.words(), reply.status)

    @staticmethod
    def _known(entry: Entry, reply: Reply) -> Answer:
        """Read the answer that this is recorded already: by an earlier try of ours, or by somebody else."""
        words = wire.said(reply) or f"the server answered {reply.title}"
        if entry.in_doubt:
            return Answer(Outcome.DELIVERED, f"recorded before: {words}", reply.status)
        return Answer(Outcome.REFUSED, words, reply.status)

    # -- delegates -------------------------------------------------------------------------------------

    def delegate(self, token: str, timeout_s: float) -> DelegateReply:
        """Look up who carries a token, within *timeout_s* seconds; always asked anew."""
        found = self._look_up(self._text(token), timeout_s)
        if isinstance(found, wire.Delegate):
            return DelegateReply(WalletAnswer.KNOWN, found.id, found.name)
        found = self._hidden(found, token)
        if found.outcome is Outcome.REFUSED and found.status == HTTPStatus.NOT_FOUND:
            return DelegateReply(WalletAnswer.NOT_PAIRED, words=found.words)
        return DelegateReply(not_told(found), words=found.words)

    def _find(self, text: str, until: float) -> ProductId | Answer:
        """Return the id of a delegate; or why it is not known. A look-up records nothing: never UNKNOWN."""
        known = self._delegates.get(text)
        if known is not None:
            return known
        left_s = until - time.monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to look up who carries the token")
        found = self._look_up(text, left_s)
        if isinstance(found, wire.Delegate):
            return found.id
        unknown = found.outcome is Outcome.UNKNOWN
        return replace(found, outcome=Outcome.UNSENT if unknown else found.outcome, foreign=False)

    def _look_up(self, text: str, timeout_s: float) -> wire.Delegate | Answer:
        id_type = self._options.delegate_id_type
        reply = self._access.call("GET", f"/delegate/{id_type}:{quote(text, safe='')}", timeout_s)
        if isinstance(reply, Answer):
            return reply
        if reply.status == HTTPStatus.NOT_FOUND and not reply.foreign:
            words = f"the server knows nobody who carries this token (as {id_type}): {wire.said(reply)}"
            return Answer(Outcome.REFUSED, words.removesuffix(": "), reply.status)
        if not reply.good:
            return judge(reply, wire.said(reply))
        found = wire.delegate(reply.json())
        if found is None:
            words = "the answer holds no delegate with an id: check the url and delegate_id_type"
            return Answer(Outcome.UNKNOWN, words, reply.status)
        self._delegates.put(text, found.id)
        return found

    def _text(self, uid: str) -> str:
        """Return a UID as the server writes it; what is none is left as it is: staff may have other numbers."""
        try:
            return token_text(uid, self._options.token_case, self._options.token_order)
        except ValueError:
            return uid

    # -- products and pings ----------------------------------------------------------------------------

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        """Read what the server lists as sold, all pages within *timeout_s* seconds.

        Where no price stands in that list, no product is told: every price is the configuration's then.
        """
        until = time.monotonic() + timeout_s
        objects: list[dict[str, object]] = []
        for number in range(_PAGES):
            found = self._page(number, len(objects), until)
            if isinstance(found, Answer):
                return self._hidden(found, "")
            objects += found.objects
            if not found.more or not found.objects:
                return TerminalInfo(self._sold(objects))
        return Answer(Outcome.UNKNOWN, f"the products were not all read after {_PAGES} pages")

    def _page(self, number: int, offset: int, until: float) -> wire.Page | Answer:
        left_s = until - time.monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNKNOWN, f"the products were not all read after {number} pages")
        if self._options.v5:
            reply = self._access.call("GET", "/device/list", left_s, query=f"offset={offset}&limit={_PAGE}")
        else:
            reply = self._access.call("GET", f"/{self._options.product_type}/list", left_s)
        if isinstance(reply, Answer):
            return reply
        if not reply.good:
            return judge(reply, wire.said(reply))
        page = wire.page(reply.json(), offset)
        if page is None:
            return Answer(Outcome.REFUSED, "the answer holds no list of products: check the url", reply.status)
        return replace(page, more=len(page.objects) >= _PAGE) if page.more is None else page

    def _sold(self, objects: list[dict[str, object]]) -> tuple[Product, ...]:
        if not self._options.price_field:
            return ()
        products: dict[ProductId, Product] = {}
        for each in objects:
            found = wire.product(each, self._options.product_type, self._options.price_field)
            if isinstance(found, Product):
                products.setdefault(found.id, found)
            elif found is not None:
                _LOG.warning("%s: %s", self.name, found)
        return tuple(products.values())

    def ping(self, timeout_s: float) -> float | Answer | None:
        """Say that this terminal is there; return in how many seconds to do so again.

        The old API has no such call: nothing is sent, and None returned.
        """
        if not self._options.v5:
            return None
        reply = self._access.call("POST", "/device/ping", timeout_s, json={})
        if isinstance(reply, Answer):
            return self._hidden(reply, "")
        if not reply.good:
            return self._hidden(judge(reply, wire.said(reply)), "")
        wanted = wire.dig(reply.json(), self._options.ping_field) if self._options.ping_field else None
        seconds = cents(wanted)
        return _PING_S if seconds is None else min(max(float(seconds), _PING_LEAST_S), _PING_MOST_S)

    def _hidden(self, answer: Answer, uid: str) -> Answer:
        """Return *answer* without secrets, and with the token masked, wherever the server repeats them."""
        words = hide(self._access.hide(answer.words), {self._text(uid): mask(uid), uid: mask(uid)})
        return answer if words == answer.words else replace(answer, words=words)
