"""The hash of OnlinePOS: an HMAC over what is sent, by a key from its support. Pure.

What its page tells is little. Certain: the JSON calls with a ``hash`` header sign the bytes of the body with
SHA-256, and createVoucherFromInterval signs nine values in an order of their own. How the values of a form are
joined, and by which algorithm they are signed, is not told: its only sample has 40 hex digits, as SHA-1 makes.
So all of that is data. `CANDIDATES` are what a commissioning tries against a call that changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from itertools import product
from typing import Literal

import msgspec

from terminal.core.value import Value

Algorithm = Literal["sha1", "sha256"]
Separator = Literal["", "&"]

ORDERS: Mapping[str, tuple[str, ...]] = {
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
        "token", "firmaid", "voucherNoFrom", "voucherNoTo", "name", "campaignid", "points", "startDate",
        "endDate",
    ),
    "editCampaign": (
        "name", "cardgroup", "free_msg", "free_split", "auto_add", "info_view", "active", "whitelist",
        "remove_from_whitelist",
    ),
    "cardInfo": ("CardNo", "CardID"),
    "updateStock": ("ean", "amount", "type", "orderno"),
}  # fmt: skip
"""The fields of each call whose values are signed, in the order of the page, without the hash itself."""

_CREDENTIALS = ("token", "firmaid")


class Credentials(Value, frozen=True):
    """Who we are to the server: the company *firmaid*, its *token*, and the *key* for hashes (may be empty)."""

    token: str
    firmaid: int
    key: str = ""

    def __repr__(self) -> str:
        """Tell nothing."""
        return "Credentials(…)"


class HashScheme(Value, frozen=True):
    """How the values of a call are signed.

    Attributes:
        algorithm: Of the HMAC.
        with_credentials: Whether token and company number stand before the values.
        separator: ``""``: the values one after the other; ``"&"``: name=value, with that between them.
        keep_empty: Whether a field that is not sent is signed as an empty one: with names, that shows.
        orders: The fields of each call.
    """

    algorithm: Algorithm = "sha1"
    with_credentials: bool = True
    separator: Separator = ""
    keep_empty: bool = False
    orders: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=lambda: ORDERS)

    def signed_text(self, call: str, fields: Mapping[str, str], mine: Credentials) -> str:
        """Return what is signed for *call*.

        Raises:
            ValueError: The call is not known, or has a field that its order does not name.
        """
        order = self.orders.get(call)
        if order is None:
            raise ValueError(f"the call {call} has no hash")
        if unknown := sorted(fields.keys() - set(order) - {"hash"}):
            raise ValueError(f"the call {call} signs no field {unknown[0]}")
        if self.with_credentials and order[: len(_CREDENTIALS)] != _CREDENTIALS:
            order = _CREDENTIALS + order
        known = {"token": mine.token, "firmaid": str(mine.firmaid), **fields}
        values = [(name, known.get(name, "")) for name in order]
        kept = [(name, value) for name, value in values if value or self.keep_empty]
        if self.separator:
            return self.separator.join(f"{name}={value}" for name, value in kept)
        return "".join(value for _, value in kept)

    def sign(self, call: str, fields: Mapping[str, str], mine: Credentials, charset: str = "utf-8") -> str:
        """Return the hash of *call* in lower-case hex.

        Raises:
            ValueError: As ``signed_text``; there is no key; or *charset* lacks a character of a value.
        """
        text = self.signed_text(call, fields, mine)
        return _hmac(text.encode(charset), mine, self.algorithm)


def body_hash(body: bytes, mine: Credentials) -> str:
    """Return the ``hash`` header for the exact bytes of a JSON body. Raises ValueError if there is no key."""
    return _hmac(body, mine, "sha256")


def _hmac(signed: bytes, mine: Credentials, algorithm: Algorithm) -> str:
    if not mine.key:
        raise ValueError('this call is signed, and the secret has no "key": OnlinePOS support gives one out')
    return hmac.new(mine.key.encode(), signed, getattr(hashlib, algorithm)).hexdigest()


_ALGORITHMS: tuple[Algorithm, ...] = ("sha1", "sha256")
_SEPARATORS: tuple[Separator, ...] = ("", "&")

CANDIDATES = tuple(
    HashScheme(algorithm, credentials, separator, keep)
    for algorithm, credentials, separator, keep in product(
        _ALGORITHMS, (True, False), _SEPARATORS, (False, True)
    )
    if separator or not keep  # an empty value without its name leaves no trace
)
"""All schemes that the page leaves open, the likely ones first."""
