"""A printed document as values: what stands on the paper, not how a printer is told."""

from __future__ import annotations

from typing import Literal

from terminal.core.value import Value

Align = Literal["left", "center", "right"]


class Text(Value, frozen=True, tag="text", omit_defaults=True):
    """One or more lines of text."""

    text: str
    align: Align = "left"
    bold: bool = False
    large: bool = False


class Columns(Value, frozen=True, tag="columns", omit_defaults=True):
    """One line with *left* at the left margin and *right* at the right one."""

    left: str
    right: str
    bold: bool = False


class Rule(Value, frozen=True, tag="rule"):
    """A horizontal line."""


class Barcode(Value, frozen=True, tag="barcode"):
    """A CODE128 barcode of printable ASCII, with its text below."""

    data: str


class QrCode(Value, frozen=True, tag="qr"):
    """A QR code."""

    data: str


class Drawer(Value, frozen=True, tag="drawer"):
    """Opens the cash drawer that hangs on the printer; nothing on the paper."""


Line = Text | Columns | Rule | Barcode | QrCode | Drawer


class Document(Value, frozen=True):
    """A receipt or a ticket: its lines from top to bottom; what is printed is cut off after the last one."""

    lines: tuple[Line, ...]
