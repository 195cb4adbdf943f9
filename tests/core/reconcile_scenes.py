"""What servers without keys tell, and how much of what is lost there may be left to a person."""

from terminal.core.reconcile_evidence import Looking
from tests.core.reconcile_server import Scene

SCENES = {
    "history, our own mark": Scene(Looking.HISTORY),
    "history of the last 6, our own mark": Scene(Looking.HISTORY, cut=6),
    "history of the last 2, our own mark": Scene(Looking.HISTORY, cut=2),
    "history without marks": Scene(Looking.HISTORY, tells=False),
    "history without marks, alone": Scene(Looking.HISTORY, shared=False, tells=False),
    "history of the last 3, alone": Scene(Looking.HISTORY, shared=False, tells=False, cut=3),
    "history of the last 4, without marks": Scene(Looking.HISTORY, cut=4, tells=False, marked=False),
    "history that omits ours": Scene(Looking.HISTORY, omits=True, steady=True),
    "balance, alone": Scene(Looking.BALANCE, shared=False),
    "balance": Scene(Looking.BALANCE),
    "points, alone": Scene(Looking.POINTS, shared=False),
    "points": Scene(Looking.POINTS),
    "key": Scene(Looking.KEY),
    "orders, our own department": Scene(Looking.ORDERS),
    "orders, a shared department": Scene(Looking.ORDERS, marked=False),
    "orders that the server changes": Scene(Looking.ORDERS, changes=True),
}
MOST_PARKED = {
    "history, our own mark": 0.1,
    "history of the last 6, our own mark": 0.2,
    "history of the last 2, our own mark": 0.9,
    "history without marks": 0.9,
    "history without marks, alone": 0.0,
    "history of the last 3, alone": 0.2,
    "history of the last 4, without marks": 0.9,
    "history that omits ours": 0.9,
    "balance, alone": 0.0,
    "balance": 1.0,
    "points, alone": 0.0,
    "points": 1.0,
    "key": 0.1,
    "orders, our own department": 0.0,
    "orders, a shared department": 0.9,
    "orders that the server changes": 0.4,
}
"""Which share of the lost replies may be left to a person: a rule that parks everything is no rule."""
