"""How the Kensium server behaves: what is not documented is a setting, and refusals have codes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

EXECUTE = "ExecuteGraphQL"
PERMISSIONS = frozenset(
    {
        EXECUTE, "ViewCustomers", "ViewInventory", "ViewSales", "FindGiftCardByCode", "ListGiftCards",
        "UsePhysicalGiftCardCodes", "UseExternalGiftCardCodes", "UseShortPersonalGiftCardCodes",
        "ViewUnmaskedGiftCardCodes", "CreateGiftCard", "EditGiftCard", "GiftCardTransAdd", "GiftCardTransUse",
        "GiftCardTransAdjust", "GiftCardTransExternal", "GiftCardTransImport", "AddPurchase",
        "MakeSaleTerminalPayment", "MakeRefundTerminalPayment", "MakeAuthorizeTerminalPayment",
    }
)  # fmt: skip
"""What an application may be allowed to do here."""

REFUSALS = {
    "unknown": "GIFT_CARD_NOT_FOUND",
    "expired": "GIFT_CARD_CODE_EXPIRED",
    "pin": "GIFT_CARD_PIN_INVALID",
    "funds": "GIFT_CARD_INSUFFICIENT_FUNDS",
    "taken": "GIFT_CARD_CODE_IN_USE",
    "status": "GIFT_CARD_TRANS_STATUS",
    "repeated": "GIFT_CARD_TRANS_REPEATED",
}
"""The codes of refusals that the vendor has and does not name in public."""

CENTS = Decimal(100)
_MOST = Decimal(10**9)
_PLAIN = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,10})?")
_Probability = Annotated[float, Meta(ge=0, le=1)]
_Share = Annotated[int, Meta(ge=1, le=1_000_000)]


class KensiumRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may differ from tenant to tenant, or is not documented.

    Attributes:
        token_s: Life of an access token, in seconds.
        discovery: Whether there is a discovery document.
        challenge: What a request without a valid token gets with its 401: nothing, or an error in JSON.
        permissions: Where a field's permission is looked at: ``validation``: before anything is executed,
            answered with 401; ``execution``: where the field is resolved, answered with 400.
        introspection: Whether the schema may be asked for.
        page: How many results come without ``first``.
        overlap: How many records before a cursor come once more with it.
        pins: ``checked``: a PIN must be right if one is given; ``required``: codes that have one want it.
        overdraft: Whether more can be taken from a card than is on it.
        repeats: What becomes of a second transaction with the same sourceId and refNo.
        recapture: What becomes of a second capture of one transaction.
        hold_s: After how many seconds an authorised transaction is cancelled; None: never.
        others: In how many dealings with a card another customer uses it or tops it up just before.
        others_cents: How much that is at most.
        codes: Other codes for REFUSALS.
        card: What becomes of a payment at a card terminal; `partial`: the card has half of it.
        waits: How often such a payment is to be asked for before it is done.
        wait_ms: What it tells to wait in between, in milliseconds.
        missing: What the schema does not have: ``Type.field``, ``Type.field.argument``, ``Enum.VALUE``.
        renamed: What is called otherwise there; a bare name is that of a type.
        types: Other types for fields and arguments, as they are written in a schema.
        broken: Fields that cannot be answered (``FUSION_ERROR``). What their parent did took effect.
        currency: What ``environment`` tells.
    """

    token_s: Annotated[int, Meta(ge=0, le=86_400)] = 3600
    discovery: bool = True
    challenge: Literal["empty", "json"] = "empty"
    permissions: Literal["validation", "execution"] = "validation"
    introspection: bool = True
    page: Annotated[int, Meta(ge=1, le=1000)] = 50
    overlap: Annotated[int, Meta(ge=0, le=1000)] = 0
    pins: Literal["checked", "required"] = "checked"
    overdraft: bool = False
    repeats: Literal["booked", "refused"] = "booked"
    recapture: Literal["refused", "answered"] = "refused"
    hold_s: Annotated[int, Meta(ge=0)] | None = None
    others: _Probability = 0.0
    others_cents: _Share = 500
    codes: dict[str, str] = {}
    card: Literal["approved", "declined", "failed", "partial"] = "approved"
    waits: Annotated[int, Meta(ge=0, le=1000)] = 1
    wait_ms: Annotated[int, Meta(ge=0, le=600_000)] = 500
    missing: tuple[str, ...] = ()
    renamed: dict[str, str] = {}
    types: dict[str, str] = {}
    broken: tuple[str, ...] = ()
    currency: str = "EUR"

    def __post_init__(self) -> None:
        """Refuse codes for what is no refusal."""
        unknown = sorted(self.codes.keys() - REFUSALS.keys())
        if unknown:
            raise ValueError(f"codes of {', '.join(REFUSALS)}, not of {unknown[0]}")


class Refusal(Exception):  # noqa: N818 - an answer
    """A field is refused: it stands among the errors, with *extensions*, and is null in the data.

    graphql-core takes the extensions of the error in its answer from this attribute.
    """

    def __init__(self, code: str, words: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.extensions: dict[str, Any] = {"code": code} | ({} if data is None else {"data": data})


def failed(words: str) -> Refusal:
    """Return the refusal of what just does not work."""
    return Refusal("FUSION_ERROR", words)


def forbidden(permission: str) -> Refusal:
    """Return the refusal of what the application may not do."""
    return Refusal("NOT_AUTHORIZED", f"This needs the permission {permission}.")


def invalid(validator: str, member: str, words: str) -> Refusal:
    """Return the refusal of a value; *member* is what it stands in, in camel case."""
    data = {"ValidationType": f"{validator}Validator", "Property": member[:1].upper() + member[1:]}
    return Refusal("VALIDATION", words, data)


def decimal(value: object, member: str) -> Decimal:
    """Return what came as a quoted decimal number.

    Raises:
        Refusal: It is none.
    """
    found = Decimal(value) if isinstance(value, str) and _PLAIN.fullmatch(value) else None
    if found is None or abs(found) > _MOST:
        raise invalid("Decimal", member, f"{member}: expected a decimal number in quotes")
    return found


def cents(value: object, member: str) -> int:
    """Return an amount of money, a quoted decimal number, in whole cents.

    Raises:
        Refusal: It is none, or finer than a cent.
    """
    scaled = decimal(value, member) * CENTS
    if scaled != scaled.to_integral_value():
        raise invalid("ScalePrecision", member, f"{member}: money has two decimals at most")
    return int(scaled)


def money(amount: int) -> str:
    """Return *amount* cents as the server writes money."""
    return str((Decimal(amount) / CENTS).quantize(Decimal("0.01")))
