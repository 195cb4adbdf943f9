"""A page to print for a trial: what a receipt may hold, so that what does not come out right is seen. Pure."""

from __future__ import annotations

from terminal.core.paper import Barcode, Columns, Document, QrCode, Rule, Text


def page(terminal: str, device: str) -> Document:
    """Return the page for the printer *device* of *terminal*."""
    return Document(
        (
            Text("Trial", align="center", bold=True, large=True),
            Text("This is no receipt and no ticket.", align="center"),
            Rule(),
            Columns("Terminal", terminal),
            Columns("Printer", device),
            Columns("1234567890 ABCDEFG", "12.34 €", bold=True),
            Text("äöüß ÄÖÜ éèçñ åøæ €"),
            Rule(),
            Barcode("TRIAL-0123"),
            QrCode("TRIAL-0123"),
            Text("The bar code and the square say TRIAL-0123."),
        )
    )
