"""How the Onslip server behaves: what is not documented is a setting, and refusals have words and codes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from terminal.httpd import Response

PERMISSIONS = frozenset(
    f"show-{name}"
    for name in (
        "tills", "products", "product-groups", "product-modifiers", "button-maps", "payment-methods",
        "peripherals", "locations", "vouchers", "tabs", "orders", "records", "event-streams",
    )
) | frozenset(
    {
        "bind-tills", "bind-control-unit", "edit-till-config", "edit-tills", "edit-location", "edit-locations",
        "edit-products", "edit-product-groups", "edit-product-modifiers", "edit-button-maps",
        "edit-payment-methods", "edit-peripherals", "edit-tabs", "edit-orders", "add-external-records",
        "use-vouchers", "edit-vouchers", "admin-vouchers", "use-event-streams", "edit-event-streams",
    }
)  # fmt: skip
"""What a key may be allowed to do here."""

_Name = Annotated[str, Meta(min_length=1, max_length=100)]


class OnslipRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may differ from account to account, or is not documented.

    Attributes:
        realm: The alias of the company.
        strict: Whether unknown fields and unknown parameters are refused; else they are ignored.
        payload_hash: ``required``: a body must be hashed, with its type; ``empty-type``: the hash may also be
            made without a type; ``unchecked``: nobody looks.
        skew_s: By how many seconds a signature's time may be wrong.
        clock_s: How much the server's clock is ahead of the wall clock, in seconds.
        proof: What comes with ``Stale timestamp``: the server's time and its MAC, a wrong MAC, or nothing.
        created: The status for what was created.
        if_match: Whether a change must say which version it is based on (428 else).
        device_id: The key id of a bound device; ``{id}``, ``{device}`` and ``{realm}`` stand for that of the
            till, its ``device-id`` and the realm. None: devices cannot sign with their own key.
        device_permissions: What a bound device may do that signs with its own key.
        device_journal: Id of the external journal that it may write to; None: none.
        members: Whether a query finds members of lists, such as ``identifiers:"04a1"``.
        spends: The sign of an amount that is taken from a voucher.
        endpoints: The ``service-endpoints``; None: the address that was asked.
        take_out: Whether places take orders to go.
        vat_rates: What ``merchant-params`` tells.
        features: The ``available-features``.
    """

    realm: _Name = "demo.example"
    strict: bool = True
    payload_hash: Literal["required", "empty-type", "unchecked"] = "required"
    skew_s: Annotated[int, Meta(ge=1, le=3600)] = 60
    clock_s: int = 0
    proof: Literal["right", "wrong", "none"] = "right"
    created: Literal[200, 201] = 200
    if_match: bool = False
    device_id: _Name | None = None
    device_permissions: list[str] = []
    device_journal: int | None = None
    members: bool = False
    spends: Literal["negative", "positive"] = "negative"
    endpoints: list[str] | None = None
    take_out: bool = True
    vat_rates: tuple[float, ...] = (25, 12, 6, 0)
    features: tuple[str, ...] = ("auto-close-batch", "external-journal", "payment-vouchers", "coupon-vouchers")

    def __post_init__(self) -> None:
        """Refuse a form of key ids that names what devices do not have."""
        try:
            (self.device_id or "").format(id=0, device="", realm="")
        except (LookupError, ValueError, AttributeError):
            raise ValueError("device_id: only {id}, {device} and {realm} can stand in it") from None


class Refusal(Exception):  # noqa: N818 - an answer
    """The request is answered with *status*, words and a code: it goes no further."""

    def __init__(self, status: int, code: str, words: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.code = code
        self.words = words
        self.headers = headers or {}

    def response(self) -> Response:
        """Return it as the server answers it."""
        return Response.json({"message": self.words, "code": self.code}, self.status, self.headers)


def wrong(words: str) -> Refusal:
    """Return the refusal of what breaks a rule of the API."""
    return Refusal(400, "bad-request", words)


def missing(words: str = "there is nothing at this address") -> Refusal:
    """Return the refusal of what is not there."""
    return Refusal(404, "not-found", words)


def forbidden(permission: str) -> Refusal:
    """Return the refusal of what the key may not do."""
    return Refusal(403, "forbidden", f"this needs the permission {permission}")


def iso(ms: int) -> str:
    """Return a moment as the server writes it: UTC with milliseconds."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def moment_ms(text: str) -> int:
    """Return a moment, with its offset from UTC, in milliseconds since 1970.

    Raises:
        Refusal: There is no such moment.
    """
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise wrong(f"{text}: there is no such moment") from None


def thousandths(amount: Any) -> int:
    """Return an amount of money, major units with three decimals at most, as whole thousandths.

    Raises:
        Refusal: It is finer than that, or no amount.
    """
    if isinstance(amount, bool) or not isinstance(amount, int | float) or abs(amount) > 10**10:
        raise wrong("expected an amount: a number of major units")
    scaled = round(amount * 1000)
    if abs(scaled / 1000 - amount) > 1e-9:  # noqa: PLR2004 - far below a thousandth, far above a float's error
        raise wrong(f"{amount}: money has three decimals at most")
    return scaled
