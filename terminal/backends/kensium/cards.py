"""Gift cards of Kensium POS as wallets: the card that has a token's id as a code, and what moves its funds.

    top_up = "complete"     ADD                                 told by the balance, if we alone use the card
    top_up = "authorise"    ADD, authorised; then its capture   a repeated capture says that it is completed
    spend  = "complete"     USE                                 told by the balance
    spend  = "authorise"    USE, authorised: funds are held     told by the balance; the record captures it, a
                                                                refund cancels it

A balance tells while the token has the card that it had. An authorised ADD moves nothing, so it may be made
for each try anew. What an authorised USE is called is kept as the reference of the debit, marked as a hold: so
what is to be captured is told whatever the options say now.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from time import monotonic

from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import Call
from terminal.backends.kensium.models import GiftCard, GiftCardTrans, Unreadable
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.kensium.tenant import Tenant, untouched
from terminal.backends.protocol import WalletReply
from terminal.backends.replies import not_told, plain
from terminal.backends.values import token_text
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.payload import Booked
from terminal.core.reconcile_evidence import Evidence, Looking, Operation
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.value import replace

_LOG = logging.getLogger(__name__)
FIND = "FindGiftCardByCode and the one for codes of that type"
_NEEDS = {"ADD": "GiftCardTransAdd", "USE": "GiftCardTransUse"}
_STATES = ("AUTHORIZED", "CANCELLED", "COMPLETED")
_HOLD = "hold "
_CARD = "card "
_DONE = "done "
_LONGEST_REFERENCE = 50
_COMPLETES = (
    'The server completes at once what it is to authorise only: set top_up = "complete", and send again what '
    "waits for that."
)


def hold_of(reference: str) -> str:
    """Return what the server calls the held funds that *reference* tells of; empty: it tells of none."""
    return reference.removeprefix(_HOLD) if reference.startswith(_HOLD) else ""


def ref_of(key: str) -> str:
    """Return what an entry is called on the server: its key, or the end of it, where that is long."""
    return key[-_LONGEST_REFERENCE:]


class Cards:
    """The gift cards of a tenant.

    Args:
        tenant: It.
        options: How cards are found and funds are moved.
        terminal_id: Who we are.
        name: What the backend is called in the configuration, and in debits that it records.
    """

    def __init__(self, tenant: Tenant, options: KensiumOptions, terminal_id: str, name: str) -> None:
        self._tenant = tenant
        self._name = name
        self._options = options
        self._source = options.source_id or terminal_id
        self._completes = False

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        """Read a token's balance within *timeout_s* seconds."""
        try:
            code = self._code(token)
        except ValueError as error:
            return WalletReply(WalletAnswer.NOT_PAIRED, words=str(error))
        found = self._find(code, monotonic() + timeout_s)
        if isinstance(found, tuple):
            return WalletReply(WalletAnswer.KNOWN, found[0])
        if isinstance(found, str):
            return WalletReply(WalletAnswer.NOT_PAIRED, words=found)
        return WalletReply(not_told(found), words=found.words)

    # -- what is promised, and how it is told ----------------------------------------------------------

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what is promised about a repeat: a capture is known again, all else is looked for."""
        options = self._options
        captured = options.top_up == "authorise" and kind is EntryKind.CREDIT
        captured |= "authorise" in (options.top_up, options.spend) and kind is EntryKind.REFUND
        once = captured and options.captures == "once"
        return Guarantee(Promise.NATURAL_KEY if once else Promise.READ_BACK)

    def account(self, entry: Entry) -> str | None:
        """Return the token: each has one card."""
        try:
            self._code(entry.token or "")
        except ValueError:
            return None
        return entry.token if entry.amount else None

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return what *entry* was to change."""
        amount = -entry.amount if entry.kind is EntryKind.DEBIT else entry.amount
        return Operation(Looking.BALANCE, amount, sent, alone=self._options.alone)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read the balance; before a try that captures, authorise what it is to capture."""
        until = monotonic() + timeout_s
        try:
            code = self._code(entry.token or "")
        except ValueError as error:
            return Answer(Outcome.REFUSED, str(error))
        found = self._find(code, until)
        if isinstance(found, str):
            # What is held is given back by its own name, whatever has become of the token's card.
            return Evidence(at) if hold_of(entry.reference) else Answer(Outcome.REFUSED, found)
        if isinstance(found, Answer):
            return untouched(found)
        balance, card = found
        if before is not None and before.handle.startswith(_CARD) and before.handle != _CARD + card:
            return Evidence(at)  # the token was given another card: its balance tells nothing of the first one
        told = Evidence(at, balance=balance, handle=_CARD + card)
        if before is not None or not self._prepares(entry):
            return told
        if self._completes:
            return Answer(Outcome.REFUSED, _COMPLETES)
        made = self._book(entry, code, authorise=True, until=until)
        if isinstance(made, Answer):
            return untouched(made)  # what was authorised and is never captured moves nothing
        state = self._state(made, "giftcardTransAdd")
        if state == "COMPLETED":
            # It is booked: that is kept beside the try, which books nothing more. None is begun after it.
            self._completes = True
            _LOG.error("%s: %s", self._name, _COMPLETES)
            return replace(told, handle=_DONE + made.id)
        if state not in (None, "AUTHORIZED"):
            return Answer(Outcome.REFUSED, _odd(made, entry, state))
        return replace(told, handle=made.id)

    def _prepares(self, entry: Entry) -> bool:
        adds = entry.kind is not EntryKind.DEBIT and not hold_of(entry.reference)
        return adds and self._options.top_up == "authorise" and not self._by_hand(entry)

    def _by_hand(self, entry: Entry) -> str:
        """Return why a refund is a person's matter; empty: it is not.

        Where debits hold funds, none is made good by adding funds: a hold whose name got lost would stay.
        """
        if entry.kind is not EntryKind.REFUND or self._options.spend != "authorise" or hold_of(entry.reference):
            return ""
        if entry.reference:
            return (
                f"The debit {entry.refers_to} was booked as transaction {entry.reference} and holds no funds: "
                "give the money back by hand."
            )
        ref = ref_of(entry.refers_to or "")
        return (
            f"What the server calls the funds that it holds for the debit {entry.refers_to} is not known: look "
            f"at its page Gift Cards / Transactions for the reference {ref} of {self._source}, and cancel it."
        )

    # -- moving funds ----------------------------------------------------------------------------------

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Book *entry*, once, within *timeout_s* seconds."""
        if not entry.amount:
            return Answer(Outcome.DELIVERED, "nothing was to be booked")
        until = monotonic() + timeout_s
        try:
            code = self._code(entry.token or "")
        except ValueError as error:
            return Answer(Outcome.REFUSED, str(error))
        if entry.kind is EntryKind.DEBIT:
            return self._spend(entry, code, until)
        by_hand = self._by_hand(entry)
        if by_hand:
            return Answer(Outcome.REFUSED, by_hand)
        hold = hold_of(entry.reference)
        if hold:
            return self._marked(self._released(hold, until), entry)
        if self._options.top_up == "complete":
            return self._marked(_done(self._book(entry, code, authorise=False, until=until)), entry)
        handle = "" if entry.before is None else entry.before.handle
        if handle.startswith(_DONE):
            return Answer(Outcome.DELIVERED, _COMPLETES, reference=handle.removeprefix(_DONE))
        if handle and not handle.startswith(_CARD):
            return self._marked(self.capture(handle, until, needs=_NEEDS["ADD"]), entry)
        if entry.in_doubt:
            words = "it was sent without an authorisation, which alone could tell a repeat"
            return self._marked(Answer(Outcome.REFUSED, words), entry)
        return Answer(Outcome.UNSENT, "nothing was authorised that could be captured")

    def capture(self, id_: str, until: float, *, cancel: bool = False, needs: str = _NEEDS["USE"]) -> Answer:
        """Capture what was authorised as *id_*, or cancel it; that it is done already is as good."""

        def write(documents: Documents) -> Call:
            return documents.giftcard_trans_capture(id_, cancel=cancel)

        made = self._tenant.change(write, GiftCardTrans, needs, until)
        if isinstance(made, Answer):
            return self._done_before(made, id_, cancel=cancel)
        wanted = "CANCELLED" if cancel else "COMPLETED"
        if made.id != id_ or self._state(made, "giftcardTransCapture") not in (None, wanted):
            words = (
                f"the server answered with transaction {made.id} as {made.status}; expected {id_} as {wanted}"
            )
            return Answer(Outcome.UNKNOWN, words)
        return _done(made)

    def _done_before(self, answer: Answer, id_: str, *, cancel: bool) -> Answer:
        """Read a no to a capture, or to a cancellation: that it is done may be told by the generic code."""
        whole = answer.outcome is Outcome.UNKNOWN and answer.status in (HTTPStatus.OK, HTTPStatus.BAD_REQUEST)
        if not whole and answer.outcome is not Outcome.REFUSED:
            return answer
        completed = _says(answer.words, self._options.completed_says)
        if completed == _says(answer.words, self._options.cancelled_says):
            return answer
        if completed is cancel:
            return replace(answer, outcome=Outcome.REFUSED)
        return Answer(Outcome.DELIVERED, answer.words, answer.status, reference=id_)

    def _released(self, hold: str, until: float) -> Answer:
        answer = self.capture(hold, until, cancel=True)
        if answer.outcome is Outcome.REFUSED and _says(answer.words, self._options.completed_says):
            words = f"the funds that were held ({hold}) are captured already: give the money back by hand"
            return replace(answer, words=f"{answer.words}; {words}")
        return answer

    def _spend(self, entry: Entry, code: str, until: float) -> Answer:
        # What no record would capture is not held: it would be for ever.
        kept = isinstance(entry.payload, Booked) and entry.payload.books == self._name
        holds = self._options.spend == "authorise" and kept
        made = self._book(entry, code, authorise=holds, until=until)
        answer = _done(made)
        if holds and isinstance(made, GiftCardTrans) and self._state(made, "giftcardTransAdd") != "COMPLETED":
            return replace(answer, reference=_HOLD + made.id)
        return self._marked(answer, entry)

    def _book(self, entry: Entry, code: str, *, authorise: bool, until: float) -> GiftCardTrans | Answer:
        spends = entry.kind is EntryKind.DEBIT
        kind = "USE" if spends else "ADD"

        def write(documents: Documents) -> Call:
            return documents.giftcard_trans_add(
                code,
                -entry.amount if spends else entry.amount,
                kind,
                source_id=self._source,
                ref_no=ref_of(entry.key),
                code_type=self._options.code_type,
                authorize_only=authorise,
            )

        return self._tenant.change(write, GiftCardTrans, _NEEDS[kind], until)

    def _marked(self, answer: Answer, entry: Entry) -> Answer:
        """Say by what a person finds on the server what is in doubt."""
        refused = answer.outcome is Outcome.REFUSED and entry.in_doubt
        if answer.outcome is not Outcome.UNKNOWN and not refused:
            return answer
        found = f"on the server's page Gift Cards / Transactions it is {ref_of(entry.key)} of {self._source}"
        if refused:
            found = f"an earlier try may have been booked, so look before it is sent again: {found}"
        return replace(answer, words=f"{answer.words}; {found}")

    def _state(self, made: GiftCardTrans, field: str) -> str | None:
        """Return what became of *made*, as the pages call it, however the server writes that."""
        if made.status is None:
            return None
        names, said = self._options.names, made.status.upper()
        known = {names.get(f"{field}.status.{word}", word).upper(): word for word in _STATES}
        return known.get(said, plain(said))

    # -- finding ---------------------------------------------------------------------------------------

    def _find(self, code: str, until: float) -> tuple[int, str] | str | Answer:
        """Return the cents on the card with *code*, and its id; a text: why there is none that can be used."""
        kind = self._options.code_type
        try:
            page = self._tenant.page(
                GiftCard, lambda documents: documents.giftcard(code, kind), FIND, until, whole=False
            )
            if isinstance(page, Answer):
                return page
            if len(page.rows) == 1:
                (card,) = page.rows
                unknown = Answer(Outcome.UNKNOWN, "the server does not tell the balance of a gift card")
                return unknown if card.balance is None else (card.balance.cents, card.id)
        except Unreadable as error:
            return Answer(Outcome.UNKNOWN, str(error))
        if page.rows:
            return f"{len(page.rows)} gift cards have this token as their {kind} code; expected one"
        words = f"no gift card has this token as its {kind} code"
        # What else it hides is not told: a stranger's card must not stop the terminal.
        return (
            f"{words}, or the application's role does not show it: it needs {FIND}" if page.limited else words
        )

    def _code(self, uid: str) -> str:
        return token_text(uid, self._options.token_case, self._options.token_order)


def _done(made: GiftCardTrans | Answer) -> Answer:
    """Return what the answer to a booking means."""
    if isinstance(made, Answer):
        return made
    try:
        balance = None if made.balance is None else made.balance.cents
    except Unreadable:
        balance = None  # it is booked all the same
    return Answer(Outcome.DELIVERED, balance=balance, reference=made.id)


def _odd(made: GiftCardTrans, entry: Entry, state: str | None) -> str:
    return (
        f"The server says {state} of transaction {made.id}, which it was to authorise only: look whether "
        f"what {ref_of(entry.key)} adds is booked, before it is sent again."
    )


def _says(words: str, said: tuple[str, ...]) -> bool:
    return any(each.lower() in words.lower() for each in said)
