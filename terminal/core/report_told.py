"""A report as programs read it: every field, also where nothing happened. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec

from terminal.core.report import Report


def told(report: Report) -> dict[str, Any]:
    """Return *report* with every field, and with what follows from them: its *total* and *mismatch* in cents.

    The journal leaves defaults out; a program that adds up columns wants them.
    """
    found: dict[str, Any] = _whole(report)
    found["total"] = report.sales.amount - report.returns.amount
    found["cash"]["mismatch"] = report.cash.mismatch
    found["grand"]["amount"] = report.grand.amount
    return found


def _whole(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _whole(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [_whole(each) for each in value]
    return value.value if isinstance(value, Enum) else value
