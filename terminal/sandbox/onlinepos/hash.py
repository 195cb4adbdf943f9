"""The hashes of the OnlinePOS server: what each call hashes, in which order, and whether a hash is right.

Of the page: the header ``hash`` of JSON calls (HMAC-SHA256 of the body), and what createVoucherFromInterval
hashes. The rest is a scheme that can be changed.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from terminal.sandbox.onlinepos.rules import HashScheme
from terminal.sandbox.onlinepos.things import Company

HASHED: dict[str, tuple[str, ...]] = {
    "addProduct": ("productname", "productgroup", "price", "costprice"),
    "addCard": (
        "type", "name", "phone", "debtor", "rfid", "eksnr", "allow_manual_input", "use_debtor_input", "group",
        "pin_code", "price_group", "discount", "email", "birthday", "block_card_payment",
    ),
    "editCard": (
        "cardnumber", "name", "phone", "debtor", "rfid", "group", "delete", "email", "birthday", "discount",
    ),
    "deposit": ("cardnumber", "amount", "overwrite_balance"),
    "createVoucher": ("name", "voucherno", "campaignid", "start_date", "end_date"),
    "createVoucherFromInterval": (
        "voucherNoFrom", "voucherNoTo", "name", "campaignid", "points", "startDate", "endDate",
    ),
    "editCampaign": (
        "name", "cardgroup", "free_msg", "free_split", "auto_add", "info_view", "active", "whitelist",
        "remove_from_whitelist",
    ),
    "cardInfo": ("CardNo", "CardID"),
    "updateStock": ("ean", "amount", "type", "orderno"),
}  # fmt: skip
"""The values that a call hashes, in their order; addCards hashes each card like addCard."""

_ALWAYS_WITH_CREDENTIALS = frozenset({"createVoucherFromInterval"})


def of_values(
    scheme: HashScheme, company: Company, call: str, values: Mapping[str, object], charset: str
) -> str:
    """Return the hash of *values*, in the order of *call*."""
    listed: list[tuple[str, str]] = []
    if scheme.with_credentials or call in _ALWAYS_WITH_CREDENTIALS:
        listed = [("token", company.token), ("firmaid", str(company.firmaid))]
    for name in HASHED[call]:
        value = str(values.get(name, ""))
        if value or scheme.keep_empty:
            listed.append((name, value))
    joined = scheme.separator.join(f"{name}={value}" if scheme.pairs else value for name, value in listed)
    return hmac.new(company.key.encode(), joined.encode(charset, "replace"), scheme.algorithm).hexdigest()


def of_bytes(company: Company, raw: bytes) -> str:
    """Return what the header ``hash`` must say for a body."""
    return hmac.new(company.key.encode(), raw, "sha256").hexdigest()


def is_same(given: str, expected: str) -> bool:
    """Return whether a client's hash is the right one."""
    return hmac.compare_digest(given.encode(), expected.encode())
