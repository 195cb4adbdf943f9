"""Token ids (UIDs of cards, tags and phones) as the core and the journal know them."""

from __future__ import annotations


def mask(uid: str | None) -> str:
    """Return *uid* so that it can be told from others but not used: only its last four digits.

    Logs, errors, screens, metrics and exports show this form only (invariant I8).
    """
    if not uid:
        return "-"
    return f"…{uid[-4:]}" if len(uid) > 4 else "…"  # noqa: PLR2004 - four digits are what is shown
