"""Servers that misbehave, and the adapter before them."""

from __future__ import annotations

from collections.abc import Callable

from terminal.backends.pointofsale.adapter import PointOfSale
from terminal.sandbox import Sandbox

Start = Callable[..., Sandbox]

Connect = Callable[..., PointOfSale]

WALLET = '{"data": {"id": "wal_1", "balance": 125}}'
