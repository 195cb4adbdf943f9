"""What Onslip says of the realm and of who asks: client info, events, errors; and what these let a terminal do.

After the types of Onslip's SDK 1.37.5. What each part of the terminal needs is inferred from the names of
permissions and features.
"""

from __future__ import annotations

from typing import Any, ClassVar

from terminal.backends.onslip.models import Entity, Model
from terminal.backends.onslip.models_catalogue import Location
from terminal.backends.onslip.models_till import Till, TillState
from terminal.backends.onslip.models_values import Base64, Id, Number, Secret, Word


class Operation(Word):
    """What happened to an entity."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"create", "update", "delete"})


class TokenType(Word):
    """How a client proves who it is."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"hawk-key", "access-token", "pkcs12"})


class Event(Model, frozen=True, kw_only=True):
    """One event of a stream; *payload* is the entity, to be read as what *resource* holds."""

    operation: Operation
    resource: str
    payload: dict[str, Any]

    def __repr__(self) -> str:
        """Without the payload, which may hold secrets."""
        return f"Event({self.operation!r}, {self.resource!r}, id={self.payload.get('id')!r})"


class AccessToken(Entity, frozen=True, kw_only=True):
    """The credentials that were used. *client*: the till that they are bound to."""

    type: TokenType
    name: str
    alias: Secret
    user: Id | None = None
    client: Id | None = None
    location: Id | None = None
    external: bool | None = None
    key: Base64 | None = None
    permissions: tuple[str, ...] | None = None


class Company(Entity, frozen=True, kw_only=True):
    """The company of the realm. *alias* is the realm."""

    name: str
    alias: str
    org_number: str | None = None
    address: str | None = None
    currency: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    sales_breakpoint_hour: Id | None = None


class ServiceEndpoint(Model, frozen=True, kw_only=True):
    """Another base address of the API."""

    uri: str


class MerchantParams(Model, frozen=True, kw_only=True):
    """What the account has. Of *required_features* a client must know all [inferred]."""

    vat_rates: tuple[Number, ...]
    available_features: tuple[str, ...]
    required_features: tuple[str, ...]


class ClientInfo(Model, frozen=True, kw_only=True):
    """Who one is, as the server sees it. Without a *till* the credentials are no trusted device [inferred]."""

    company: Company
    permissions: tuple[str, ...]
    service_endpoints: tuple[ServiceEndpoint, ...]
    merchant_params: MerchantParams
    access_token: AccessToken | None = None
    till: Till | None = None
    user: Entity | None = None
    location: Location | None = None
    till_state: TillState | None = None
    p2p_realm: str | None = None
    p2p_key: Base64 | None = None


# -- what may be done ----------------------------------------------------------------------------------

NEEDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "configuration": (frozenset({"show-tills"}), frozenset()),
    "binding": (frozenset({"show-tills", "bind-tills"}), frozenset()),
    "peripherals": (frozenset({"show-tills", "edit-till-config"}), frozenset()),
    "catalogue": (
        frozenset({"show-products", "show-product-groups", "show-button-maps", "show-payment-methods"}),
        frozenset(),
    ),
    "modifiers": (frozenset({"show-product-modifiers"}), frozenset()),
    "tabs": (frozenset({"show-tabs", "edit-tabs"}), frozenset()),
    "orders": (frozenset({"show-orders", "edit-orders"}), frozenset()),
    "external-journal": (frozenset({"add-external-records"}), frozenset({"external-journal"})),
    "vouchers": (frozenset({"show-vouchers", "use-vouchers"}), frozenset({"payment-vouchers"})),
    "events": (frozenset({"use-event-streams"}), frozenset()),
    "auto-close": (frozenset({"show-tills"}), frozenset({"auto-close-batch"})),
}
"""What each part of the terminal needs: permissions, and features of the account [inferred, both]."""


def missing(part: str, info: ClientInfo) -> tuple[str, ...]:
    """Return what is missing for *part* (a key of NEEDS), in words for a technician; empty: it may be used."""
    permissions, features = NEEDS[part]
    lacking = [f"the permission {each}" for each in sorted(permissions - set(info.permissions))]
    available = set(info.merchant_params.available_features)
    return (*lacking, *(f"the feature {each} of the account" for each in sorted(features - available)))


def usable(info: ClientInfo) -> frozenset[str]:
    """Return the parts of the terminal that may be used."""
    return frozenset(part for part in NEEDS if not missing(part, info))
