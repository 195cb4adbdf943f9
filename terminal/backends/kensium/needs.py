"""What of a tenant's schema a terminal uses, and what stands still where something of it is otherwise. Pure.

A server refuses a document with one field that it does not know. So whatever is missing of what is selected
stops the whole call; of arguments and words only those count that are sent.
"""

from __future__ import annotations

import re
from typing import Any

from terminal.backends.kensium.schema import Finding
from terminal.backends.kensium.sheet import Mark
from terminal.core.value import Value

_ROOT = re.compile(r"[A-Za-z]+")

_WALLETS, _CATALOGUE = "gift cards as wallets", "the catalogue"
_AUTHORISE, _CANCEL = 'top_up or spend = "authorise"', 'spend = "authorise"'
_PURCHASES, _CARDS = "purchases of what is sold", "card terminals"

_PARTS = {
    "giftcard": _WALLETS,
    "giftcardTransAdd": _WALLETS,
    "giftcardTransCapture": _AUTHORISE,
    "purchaseAdd": _PURCHASES,
    "item": _CATALOGUE,
    "itemWarehouse": _CATALOGUE,
    "terminalPayment": _CARDS,
    "sale": "`kensium export sales`",
    "customer": "`kensium export customers`",
    "itemSerialLot": "`kensium export lots`",
}
"""What each call is for. No part of a terminal uses the others."""

_SENT: dict[str, tuple[str, ...]] = {
    "giftcard": ("code", "codeType"),
    "giftcardTransAdd": ("codeType", "code", "transType", "amount", "sourceId", "refNo"),
    "giftcardTransCapture": ("id",),
    "purchaseAdd": (),  # all of it, but for what is sent only if it is configured
    "item": ("first", "since"),
    "itemWarehouse": ("first", "since"),
    "itemSerialLot": ("first", "since"),
    "sale": ("first", "since", "skip", "fromDate", "toDate", "customerId"),
    "customer": ("first", "skip", "id", "memberId"),
}
_OPTIONAL = {
    "channel": "channel",
    "orderType": "order_type",
    "memberId": "",
    "customerId": "",
    "email": "",
}
"""Members of a purchase that are sent only if an option says so; empty: never."""


_READ = frozenset(
    {
        "giftcard.results",
        "giftcard.results.id",
        "giftcard.results.balance",
        "giftcardTransAdd.id",
        "giftcardTransCapture.id",
        "purchaseAdd.id",
        "item.results",
        "item.results.sku",
        "itemWarehouse.results",
        "itemWarehouse.results.sku",
        "itemWarehouse.results.warehouseCode",
        "itemWarehouse.results.basePrice",
    }
)
"""Without these an answer tells nothing. Where there is no itemWarehouse at all, items have their prices."""
_PRICES = ("warehouses", "warehouses.sku", "warehouses.warehouseCode", "warehouses.basePrice")


class Use(Value, frozen=True):
    """What a finding means for a terminal.

    Attributes:
        part: What stands still; empty: nothing does.
        needed: Whether the terminal is configured to use that.
    """

    part: str
    needed: bool


def use_of(finding: Finding, options: Any, *, payments: bool) -> Use:
    """Say what stands still because of *finding*.

    Args:
        finding: What is otherwise.
        options: Of the adapter: ``KensiumOptions``.
        payments: Whether card terminals are paid at through this server.
    """
    path = finding.path
    found = _ROOT.match(path)
    root = found[0] if found else ""
    part = _PARTS.get(root, "")
    if not part or not _is_used(finding, root, options):
        return Use("", needed=False)
    if path.startswith("giftcardTransAdd(trans.authorizeOnly"):
        part = _AUTHORISE
    elif path.startswith("giftcardTransCapture(trans.cancel"):
        part = _CANCEL
    needed = {
        _WALLETS: True,
        _CATALOGUE: True,
        _AUTHORISE: "authorise" in (options.top_up, options.spend),
        _CANCEL: options.spend == "authorise",
        _PURCHASES: options.purchases,
        _CARDS: payments,
    }
    return Use(part, needed.get(part, False))


def left_out(options: Any, *, payments: bool) -> tuple[Finding, ...]:
    """Return what ``names`` says that the server has not, though something that is configured needs it."""
    told = (_left_out(path) for path, name in sorted(options.names.items()) if not name)
    return tuple(each for each in told if use_of(each, options, payments=payments).needed)


def _left_out(path: str) -> Finding:
    words = f'names."{path}" is empty, so that it is left out; expected what the server calls it'
    return Finding(path, "left out", Mark.TOLD, words)


def _is_used(finding: Finding, root: str, options: Any) -> bool:
    """Whether the thing is selected, or sent; what a server wants beyond that is always missed."""
    _, open_, inner = finding.path.partition("(")
    if finding.what == "wanted":
        return True
    if finding.what == "left out" and not open_:
        prices = options.names.get("itemWarehouse") == "" and finding.path.startswith("item.results.")
        inner = finding.path.removeprefix("item.results.")
        alone = finding.path == root and root != "itemWarehouse"
        return alone or finding.path in _READ or (prices and inner in _PRICES)
    if not open_:
        # A word of an answer stops nothing: it is read as a text.
        return finding.what != "missing word"
    name, _, word = inner.partition(")")
    word = word.removeprefix(".")
    member = name.rpartition(".")[2]
    if word and member == "codeType":
        return bool(word == options.code_type)
    if word and member == "transType" and root == "giftcardTransAdd":
        return word in ("ADD", "USE")
    if "." not in name and finding.what != "missing word" and root in ("giftcardTransAdd", "purchaseAdd"):
        return True  # the input itself
    if root == "purchaseAdd":
        return _is_in_purchase(name, options)
    if member in ("authorizeOnly", "cancel", "trans") or root == "terminalPayment":
        return True
    return member in _SENT[root]


def _is_in_purchase(name: str, options: Any) -> bool:
    member = name.removeprefix("add.")
    if member == "payMethod":
        return any((options.wallet_method, options.cash_method, options.card_method))
    if member in _OPTIONAL:
        return bool(_OPTIONAL[member] and getattr(options, _OPTIONAL[member]))
    return True
