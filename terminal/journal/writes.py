"""From facts to rows: one small function for each type of fact.

An entry or a session stands before the facts that name it. What contradicts the journal raises ValueError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from terminal.core import facts
from terminal.core.delivery import Outcome
from terminal.core.facts import CashKind, EntryKind, EntryState, Fact, ReleaseKind
from terminal.core.tickets import TicketSale
from terminal.journal import cash, closings, recording, standing, tickets
from terminal.journal.errors import DecisionRefused
from terminal.journal.scribe import Known, Scribe
from terminal.journal.standing import Standing, plain


def write(scribe: Scribe, fact: Fact) -> None:
    """Write one fact with all that follows from it.

    Raises:
        ValueError: It contradicts the journal.
        DecisionRefused: A person's decision does not fit.
        NotQueued: An attempt began on an entry that must not go.
    """
    _WRITERS[type(fact)](scribe, fact)


# -- entries -------------------------------------------------------------------------------------------


def _change(scribe: Scribe, entry: Known, after: Standing) -> None:
    """Keep where *entry* stands now, and what follows: a refund where nothing was given, or a record."""
    scribe.stand(entry, after)
    record = recording.record(scribe, entry, after)
    if record is not None:
        _entry_added(scribe, record)
    if standing.refund_due(entry.standing, after):
        by_hand = after.kind is EntryKind.PAYMENT  # the card is with its owner
        _entry_added(
            scribe,
            facts.EntryAdded(
                key=f"{entry.key}-refund",
                kind=EntryKind.REFUND,
                backend=entry.backend,
                token=entry.token,
                amount=entry.amount,
                description=entry.description,
                tag=entry.tag,
                refers_to=entry.key,
                state=EntryState.PARKED if by_hand else EntryState.QUEUED,
                words=standing.CARD_PAID if by_hand else "",
            ),
        )


def _entry_added(scribe: Scribe, fact: facts.EntryAdded) -> None:
    if fact.kind is EntryKind.UNCLAIMED and fact.state is not EntryState.PARKED:
        raise ValueError("Unclaimed coins are never sent: such an entry is added as parked.")
    tickets.check(fact)
    seq = scribe.append(
        "entries",
        fact.key,
        fact.kind.value,
        fact.backend,
        fact.token,
        fact.amount,
        msgspec.json.encode(fact.pieces).decode(),
        plain(fact.description),
        plain(fact.tag),
        fact.session,
        fact.refers_to,
        int(fact.held),
        fact.state.value,
        plain(fact.words),
        None if fact.payload is None else msgspec.json.encode(fact.payload).decode(),
    )
    if isinstance(fact.payload, TicketSale):
        tickets.register(scribe, seq, fact.payload)


def _entry_freed(scribe: Scribe, fact: facts.EntryFreed) -> None:
    entry = scribe.entry(fact.key)
    scribe.append("decisions", entry.seq, "free", None, "", "")
    _change(scribe, entry, standing.freed(entry.standing))


def _entry_abandoned(scribe: Scribe, fact: facts.EntryAbandoned) -> None:
    entry = scribe.entry(fact.key)
    words = plain(fact.words)
    after = standing.abandoned(entry.standing, words)
    scribe.append("decisions", entry.seq, "abandon", None, "", words)
    _change(scribe, entry, after)


def _entry_parked(scribe: Scribe, fact: facts.EntryParked) -> None:
    entry = scribe.entry(fact.key)
    words = plain(fact.words)
    after = standing.parked(entry.standing, scribe.head.seq + 1, fact.state, words)
    scribe.append("decisions", entry.seq, "park", fact.state.value, "", words)
    _change(scribe, entry, after)


def _person_decided(scribe: Scribe, fact: facts.PersonDecided) -> None:
    try:
        entry = scribe.entry(fact.key)
    except ValueError:
        raise DecisionRefused("There is no such entry in the journal.") from None
    if fact.action == "retry" and entry.standing.kind is EntryKind.REFUND:
        _first_things_first(scribe, entry)
    if fact.action == "retry" and entry.standing.kind is EntryKind.PAYMENT and entry.standing.compensate:
        raise DecisionRefused(_PAID_NOTHING.format(seq=entry.seq))
    by, reason = plain(fact.by), plain(fact.reason)
    after = standing.decided(entry.standing, fact.action, by, reason)
    scribe.append("decisions", entry.seq, fact.action, None, by, reason)
    _change(scribe, entry, after)
    if fact.action == "delivered":
        _spent(scribe, entry)
    if fact.action == "void" and entry.standing.kind is EntryKind.UNCLAIMED and entry.amount:
        scribe.append("cash", None, CashKind.WRITTEN_OFF.value, -entry.amount, "", None, entry.seq, None)


_PAID_NOTHING = (
    "No ticket was issued for this payment, so it is not sent again: that would take money from the card. If "
    "the card has paid, close it by `terminalctl journal resolve {seq} --delivered`; if not, by `--write-off`."
)

_MADE_GOOD = (
    "SELECT d.seq, d.state FROM entries AS r JOIN entries AS d ON d.key = r.refers_to WHERE r.seq = ? "
    "AND d.state <> 'delivered' AND d.state <> 'voided'"
)


def _first_things_first(scribe: Scribe, refund: Known) -> None:
    """Refuse that *refund* is sent while nobody knows whether there is anything to give back."""
    open_debit = scribe.db.execute(_MADE_GOOD, (refund.seq,)).fetchone()
    if open_debit is not None:
        seq, state = open_debit
        raise DecisionRefused(
            f"This refund gives back what entry {seq} takes, and that is {state}: settle entry {seq} first, or "
            f"wait until it is delivered (`terminalctl journal show {seq}` says what can be done); then send "
            "this one."
        )


def _attempt_started(scribe: Scribe, fact: facts.AttemptStarted) -> None:
    entry = scribe.entry(fact.key)
    after = standing.started(entry.standing, scribe.head.seq + 1)
    before = None if fact.before is None else msgspec.json.encode(fact.before).decode()
    scribe.append("attempts", entry.seq, "started", after.state.value, None, "", None, before)
    _change(scribe, entry, after)


def _attempt_ended(scribe: Scribe, fact: facts.AttemptEnded) -> None:
    if fact.state in (EntryState.SENDING, EntryState.VOIDED) or (
        (fact.outcome is Outcome.DELIVERED) != (fact.state is EntryState.DELIVERED)
    ):
        raise ValueError(f"An attempt that ended {fact.outcome.value} leaves no entry {fact.state.value}.")
    entry = scribe.entry(fact.key)
    words, reference = plain(fact.words), plain(fact.reference)
    after = standing.ended(entry.standing, scribe.head.seq + 1, fact.outcome, fact.state, words, reference)
    outcome, state = fact.outcome.value, fact.state.value
    scribe.append("attempts", entry.seq, outcome, state, fact.status, words, fact.balance, reference or None)
    _change(scribe, entry, after)
    if fact.balance is not None and entry.token is not None:
        _wallet_seen(scribe, facts.WalletSeen(entry.token, fact.balance))
    elif fact.outcome is Outcome.DELIVERED:
        _spent(scribe, entry)


def _spent(scribe: Scribe, debit: Known) -> None:
    """Reckon what is left: no longer part of the exposure, and the server did not tell."""
    if debit.standing.kind is EntryKind.DEBIT:
        spent = (debit.amount, debit.token)
        scribe.db.execute("UPDATE wallets SET balance = balance - ? WHERE token = ?", spent)


# -- the world -----------------------------------------------------------------------------------------

_OPEN_RELEASE = (
    "SELECT seq, entry, kind, device FROM releases WHERE release = ? AND ended IS NULL AND settled IS NULL"
)

_WAITING_PRINT = (
    "SELECT seq, entry, device, ended FROM releases INDEXED BY releases_waiting WHERE release = ? "
    "AND kind = 'print' AND settled IS NULL AND detail = '' AND (ended = 'failed' OR ended = 'unknown')"
)
_SETTLE = "UPDATE releases SET settled = ? WHERE seq = ?"


def _release_intended(scribe: Scribe, fact: facts.ReleaseIntended) -> None:
    entry = scribe.entry(fact.key).seq  # nothing happens in the world that no entry explains (I1)
    detail = plain(fact.detail)
    document = None if fact.document is None else msgspec.json.encode(fact.document).decode()
    waiting = _waiting_print(scribe, fact.repeats)[0] if fact.repeats else None
    row = (fact.release, entry, fact.kind.value, fact.device, detail, None, "", document)
    seq = scribe.append("releases", *row)
    if waiting is not None:
        scribe.db.execute(_SETTLE, (seq, waiting))


def _release_settled(scribe: Scribe, fact: facts.ReleaseSettled) -> None:
    row = scribe.db.execute(_OPEN_RELEASE, (fact.release,)).fetchone()
    if row is None:
        raise ValueError("A release was settled that is not open.")
    intent, entry, kind, device = row
    ended, words = fact.ended.value, plain(fact.words)
    seq = scribe.append("releases", fact.release, entry, kind, device, "", ended, words, None)
    scribe.db.execute(_SETTLE, (seq, intent))


def _waiting_print(scribe: Scribe, release: str) -> tuple[int, int, str, str]:
    """Return the number, entry, device and end of the last try to print something."""
    row: tuple[int, int, str, str] | None = scribe.db.execute(_WAITING_PRINT, (release,)).fetchone()
    if row is None:
        raise ValueError("What does not wait for a printer is neither printed again nor given up.")
    return row


def _print_given_up(scribe: Scribe, fact: facts.PrintGivenUp) -> None:
    waiting, entry, device, ended = _waiting_print(scribe, fact.release)
    row = (fact.release, entry, ReleaseKind.PRINT.value, device, "given up", ended, plain(fact.words), None)
    scribe.db.execute(_SETTLE, (scribe.append("releases", *row), waiting))


# -- caches --------------------------------------------------------------------------------------------

_WALLET = (
    "INSERT OR REPLACE INTO wallets (token, balance, wall_ms, mono_ms, boot, synced) VALUES (?, ?, ?, ?, ?, ?)"
)
_CATALOGUE = (
    "INSERT OR REPLACE INTO catalogue (backend, products, wall_ms, mono_ms, boot, synced) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
_SETTINGS = (
    "INSERT OR REPLACE INTO settings_told (backend, settings, wall_ms, mono_ms, boot, synced) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)


def _wallet_seen(scribe: Scribe, fact: facts.WalletSeen) -> None:
    now = scribe.now
    row = (fact.token, fact.balance, now.wall_ms, now.mono_ms, now.boot, int(now.synced))
    scribe.db.execute(_WALLET, row)


def _catalogue_seen(scribe: Scribe, fact: facts.CatalogueSeen) -> None:
    now = scribe.now
    products = msgspec.json.encode(fact.products).decode()
    row = (fact.backend, products, now.wall_ms, now.mono_ms, now.boot, int(now.synced))
    scribe.db.execute(_CATALOGUE, row)


def _settings_told(scribe: Scribe, fact: facts.SettingsTold) -> None:
    now = scribe.now
    row = (fact.backend, fact.settings, now.wall_ms, now.mono_ms, now.boot, int(now.synced))
    scribe.db.execute(_SETTINGS, row)


_WRITERS: dict[type[Any], Callable[[Scribe, Any], None]] = {
    facts.SessionOpened: cash.session_opened,
    facts.SessionClosed: cash.session_closed,
    facts.CashMoved: cash.cash_moved,
    facts.CoinNotCredited: cash.coin_not_credited,
    facts.DeviceCounted: cash.device_counted,
    facts.BoxEmptied: cash.box_emptied,
    facts.SaleReported: cash.sale_reported,
    facts.ReportMade: closings.report_made,
    facts.PayoutIntended: cash.payout_intended,
    facts.PayoutSettled: cash.payout_settled,
    facts.EntryAdded: _entry_added,
    facts.EntryFreed: _entry_freed,
    facts.EntryAbandoned: _entry_abandoned,
    facts.EntryParked: _entry_parked,
    facts.PersonDecided: _person_decided,
    facts.AttemptStarted: _attempt_started,
    facts.AttemptEnded: _attempt_ended,
    facts.ReleaseIntended: _release_intended,
    facts.ReleaseSettled: _release_settled,
    facts.PrintGivenUp: _print_given_up,
    facts.WalletSeen: _wallet_seen,
    facts.CatalogueSeen: _catalogue_seen,
    facts.SettingsTold: _settings_told,
}
