"""Orders, credentials and clients of OnlinePOS as its tests need them."""

from __future__ import annotations

from datetime import date

from terminal.backends.onlinepos_hash import Credentials
from terminal.backends.onlinepos_orders import Line, Order

TOKEN = "8cd120a338e7b0335c5c2f853ac55f2a"
KEY = "f00dfeedcafe"
FIRMAID = 9000
MINE = Credentials(TOKEN, FIRMAID, KEY)
SECRET = f'{{"token":"{TOKEN}","firmaid":{FIRMAID},"key":"{KEY}"}}'
DAY = date(2020, 8, 2)
ORDER = Order("Kiosk 1", "88888885", "kiosk@example.org", "10:00", (Line(235_931, 2, 5000),), paid=True)
ENOUGH_S = 30.0
