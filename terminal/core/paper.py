"""A printed document as values: what stands on the paper, not how a printer is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Text:
    """One or more lines of text."""

    text: str
    align: Align = "left"
    bold: bool = False
    large: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """One line with *left* at the left margin and *right* at the right one."""

    left: str
    right: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line."""


@dataclass(frozen=True, slots=True)
class Barcode:
    """A CODE128 barcode of printable ASCII, with its text below."""

    data: str


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code."""

    data: str


Line = Text | Columns | Rule | Barcode | QrCode


@dataclass(frozen=True, slots=True)
class Document:
    """A receipt or a ticket: its lines from top to bottom; the paper is cut after the last one."""

    lines: tuple[Line, ...]
