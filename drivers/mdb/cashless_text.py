"""The cashless device of a Qibixx adapter: its lines as what the machine says, orders as lines to it. Pure.

    c,STATUS,INACTIVE | DISABLED | ENABLED | IDLE[,funds]      the reader's state
    c,STATUS,VEND,1.50,5         the machine asks for 1.50 for its selection 5
    c,VEND,SUCCESS               the piece came out
    c,ERR,VEND 1 | 3 | 5         the vend was cancelled; the piece did not come out; the reader was reset
    c,ERR,"START -3" | "VEND -2" | "VEND -3"     not now; no amount; no vend to approve or deny
    C,START,10.00   C,VEND,1.50   C,VEND,-1   C,STOP   C,REVALUE,1|0      begin, approve, deny, end, answer

(Qibixx online documentation, "Cashless Slave", "Vending Sessions Examples"; errors as seen by its users.)

What this text cannot say: sales for cash are not told; a machine that is switched off is not seen, only one
that resets its reader. The documentation has the answers to a revalue, not the line that asks for one: it is
taken in the form of the vend, ``c,STATUS,REVALUE,amount``. The driver's other adapter, `raw`, knows all these.
"""

from __future__ import annotations

import re

from drivers.mdb.amounts import AmountError, Form, Scale, from_text, funds_text, to_text
from drivers.mdb.cashless import (
    Approve,
    Asked,
    Begin,
    Deny,
    Doubtful,
    End,
    Grant,
    Heard,
    NotDispensed,
    NotTaken,
    Order,
    RevalueAsked,
    State,
    Status,
    Succeeded,
    Unreadable,
    WasReset,
    Withdrawn,
)
from drivers.mdb.lines import Line

_STATES = {
    "INACTIVE": State.INACTIVE,
    "DISABLED": State.DISABLED,
    "ENABLED": State.ENABLED,
    "IDLE": State.IDLE,
}
_ERRORS: dict[str, Heard] = {
    "VEND 1": Withdrawn(),
    "VEND 3": NotDispensed(),
    "VEND 5": WasReset(),
    "VEND -2": NotTaken(start=False, wrong=True),
    "VEND -3": NotTaken(start=False),
}
_VEND_ERROR = re.compile(r"VEND [0-9]+")
_LONGEST_ITEM = 20


def heard(line: Line, form: Form) -> Heard | None:
    """Return what *line* says of the machine; None: nothing that matters here."""
    match line.words:
        case ("c", "STATUS", "VEND", *rest):
            return _asked(rest, form)
        case ("c", "STATUS", "REVALUE", amount):
            return _revalue(amount, form)
        case ("c", "STATUS", state, *_) if state in _STATES:
            return Status(_STATES[state])
        case ("c", "VEND", "SUCCESS", *item):
            return Succeeded(item[0][:_LONGEST_ITEM] if item else "")
        case ("c", "ERR", error, *_) if error in _ERRORS:
            return _ERRORS[error]
        case ("c", "ERR", error, *_) if error.startswith("START"):
            return NotTaken(start=True)
        case ("c", "ERR", error, *_) if _VEND_ERROR.fullmatch(error):
            return Doubtful(f"the adapter tells the error {error!r} of a vend, whose meaning is not known")
    return None


def lines(order: Order, form: Form, scale: Scale) -> list[tuple[str, ...]]:
    """Return the lines that carry out *order*."""
    match order:
        case Begin(funds):
            return [("C", "START", funds_text(funds, scale, form))]
        case Approve(asked):
            return [("C", "VEND", asked.text or to_text(asked.price, form))]
        case Deny():
            return [("C", "VEND", "-1")]
        case End():
            return [("C", "STOP")]
        case Grant(granted):
            return [("C", "REVALUE", "1" if granted else "0")]


def _asked(rest: list[str], form: Form) -> Heard:
    price, item = (rest[0], rest[1] if len(rest) > 1 else "") if rest else ("", "")
    try:
        return Asked(from_text(price, form), item[:_LONGEST_ITEM], price)
    except AmountError as error:
        return Unreadable(f"a vend was denied: {error}; is the option amounts right?")


def _revalue(amount: str, form: Form) -> Heard:
    try:
        return RevalueAsked(from_text(amount, form))
    except AmountError as error:
        return Unreadable(f"a revalue was denied: {error}; is the option amounts right?", revalue=True)
