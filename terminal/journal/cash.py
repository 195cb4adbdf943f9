"""From facts about money to rows: coin sessions, cash boxes, payouts. As writes.py, of which it is a part."""

from __future__ import annotations

from terminal.core import facts
from terminal.core.events import CoinTrouble, Place
from terminal.core.facts import CashKind
from terminal.journal.scribe import Scribe
from terminal.journal.standing import plain

# -- coins ---------------------------------------------------------------------------------------------

_OPEN_SESSION = "SELECT seq FROM sessions WHERE session = ? AND event = 'opened' AND closed IS NULL"
_HELD = "SELECT coalesce(sum(amount), 0) FROM cash WHERE session = ?"


def _open_session(scribe: Scribe, session: str) -> int:
    row = scribe.db.execute(_OPEN_SESSION, (session,)).fetchone()
    if row is None:
        raise ValueError(f"The coin session {session} is not open.")
    return int(row[0])


def _holds(scribe: Scribe, opened: int) -> int:
    return int(scribe.db.execute(_HELD, (opened,)).fetchone()[0])


def session_opened(scribe: Scribe, fact: facts.SessionOpened) -> None:
    """A session that is open already is claimed by a token."""
    is_open = scribe.db.execute(_OPEN_SESSION, (fact.session,)).fetchone() is not None
    scribe.append("sessions", fact.session, "claimed" if is_open else "opened", fact.token, "")


def session_closed(scribe: Scribe, fact: facts.SessionClosed) -> None:
    """Close a session that holds nothing."""
    opened = _open_session(scribe, fact.session)
    held = _holds(scribe, opened)
    if held:
        raise ValueError(f"The coin session {fact.session} still holds {held} cents: it cannot be closed.")
    seq = scribe.append("sessions", fact.session, "closed", None, plain(fact.reason))
    scribe.db.execute("UPDATE sessions SET closed = ? WHERE seq = ?", (seq, opened))


def cash_moved(scribe: Scribe, fact: facts.CashMoved) -> None:
    """Move money into or out of a session."""
    if fact.amount <= 0:
        raise ValueError(f"Money moves in positive amounts, not {fact.amount}.")
    opened = _open_session(scribe, fact.session)
    comes_in = fact.kind is CashKind.IN
    if not comes_in and fact.amount > (held := _holds(scribe, opened)):
        raise ValueError(f"The session {fact.session} holds {held} cents: {fact.amount} cannot leave it.")
    entry = None if fact.key is None else scribe.entry(fact.key).seq
    amount = fact.amount if comes_in else -fact.amount
    in_box = comes_in and fact.place is Place.BOX
    place = None if in_box or not comes_in else fact.place.value
    scribe.append("cash", opened, fact.kind.value, amount, fact.device, fact.counter, entry, place)
    if in_box:
        scribe.db.execute(_INTO_BOX, (fact.device, amount))


def coin_not_credited(scribe: Scribe, fact: facts.CoinNotCredited) -> None:
    """Note what is no coin."""
    trouble = None if fact.trouble is CoinTrouble.UNKNOWN else fact.trouble.value
    scribe.append("coin_faults", fact.device, fact.pulses, plain(fact.words), trouble)


# -- cash boxes, and what devices count themselves -----------------------------------------------------

_INTO_BOX = (
    "INSERT INTO acceptors (device, pieces, amount) VALUES (?, 1, ?2) "
    "ON CONFLICT (device) DO UPDATE SET pieces = pieces + 1, amount = amount + ?2"
)
_COUNTED = "INSERT INTO acceptors (device, mark) VALUES (?, ?2) ON CONFLICT (device) DO UPDATE SET mark = ?2"
_EMPTY = "UPDATE acceptors SET pieces = 0, amount = 0 WHERE device = ? AND pieces = ? AND amount = ?"


def device_counted(scribe: Scribe, fact: facts.DeviceCounted) -> None:
    """Keep how far an acceptor has counted."""
    scribe.db.execute(_COUNTED, (fact.device, fact.mark))


def box_emptied(scribe: Scribe, fact: facts.BoxEmptied) -> None:
    """Note that a person emptied a cash box."""
    if not scribe.db.execute(_EMPTY, (fact.device, fact.pieces, fact.amount)).rowcount and fact.pieces:
        raise ValueError(f"The cash box of {fact.device} does not hold {fact.pieces} pieces.")
    scribe.append("emptyings", fact.device, fact.pieces, fact.amount, fact.counted, plain(fact.by))


def sale_reported(scribe: Scribe, fact: facts.SaleReported) -> None:
    """Note what a machine sold by itself."""
    scribe.append("sales_reported", fact.device, plain(fact.item), fact.amount)


# -- payouts -------------------------------------------------------------------------------------------

_OPEN_PAYOUT = (
    "SELECT seq, session, entry, device, amount, mark FROM payouts "
    "WHERE payout = ? AND ended IS NULL AND settled IS NULL"
)
_PROMISED = (
    "SELECT coalesce(sum(amount), 0) FROM payouts INDEXED BY payouts_open "
    "WHERE session = ? AND ended IS NULL AND settled IS NULL"
)


def payout_intended(scribe: Scribe, fact: facts.PayoutIntended) -> None:
    """Note that money will be paid out, if the session still holds it."""
    session = entry = None
    if fact.session is not None:
        session = _open_session(scribe, fact.session)
        promised = int(scribe.db.execute(_PROMISED, (session,)).fetchone()[0])
        if fact.amount + promised > (held := _holds(scribe, session)):
            raise ValueError(
                f"The session {fact.session} holds {held} cents: {fact.amount} cannot be paid out."
            )
    elif fact.key is not None:
        entry = scribe.entry(fact.key).seq
    row = (fact.payout, session, entry, fact.device, fact.amount, fact.mark)
    scribe.append("payouts", *row, None, None, "")


def payout_settled(scribe: Scribe, fact: facts.PayoutSettled) -> None:
    """Note how a payout ended."""
    row = scribe.db.execute(_OPEN_PAYOUT, (fact.payout,)).fetchone()
    if row is None:
        raise ValueError("A payout was settled that is not open.")
    intent, *order = row
    seq = scribe.append("payouts", fact.payout, *order, fact.ended.value, fact.paid, plain(fact.words))
    scribe.db.execute("UPDATE payouts SET settled = ? WHERE seq = ?", (seq, intent))
