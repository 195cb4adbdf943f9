"""Orders, credentials and clients of OnlinePOS as its tests need them."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from terminal.backends.onlinepos.answers import judged
from terminal.backends.onlinepos.hash import Credentials
from terminal.backends.onlinepos.orders import Line, Order
from terminal.backends.onlinepos.wire import Call
from terminal.backends.replies import Reply
from terminal.core.delivery import Answer, Outcome

TOKEN = "8cd120a338e7b0335c5c2f853ac55f2a"
KEY = "f00dfeedcafe"
FIRMAID = 9000
MINE = Credentials(TOKEN, FIRMAID, KEY)
SECRET = f'{{"token":"{TOKEN}","firmaid":{FIRMAID},"key":"{KEY}"}}'
DAY = date(2020, 8, 2)
ORDER = Order("Kiosk 1", "88888885", "kiosk@example.org", "10:00", (Line(235_931, 2, 5000),), paid=True)
ENOUGH_S = 30.0
LATIN = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'


def told(call: Call[Any], answer: Any) -> Any:
    """Return what *call* makes of an answer: XML as it is, anything else as JSON."""
    raw = answer.encode("iso-8859-1") if isinstance(answer, str) else msgspec.json.encode(answer)
    return judged(Reply(200, {}, raw), call.read, call.good)


def unreadable(call: Call[Any], answer: Any) -> str:
    """Return the words of an answer that cannot be read."""
    found = told(call, answer)
    assert isinstance(found, Answer)
    assert found.outcome is Outcome.UNKNOWN
    return found.words
