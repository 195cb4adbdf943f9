"""How the Satellite server behaves, and how it says no."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from terminal.httpd import Problem, Request, Response

KINDS = ("product", "event", "session", "room", "sponsor", "device")
"""The types of device that the old generation has addresses for."""

Generation = Literal["old", "v5"]
Mode = Literal["strict", "trusting"]

_ITEM = ("product_id", "quantity", "description", "unitAmount", "totalAmount", "discountAmount", "tickets")
_TICKET = ("product_id", "description", "barcode")
NAMED = frozenset(
    {"items", *(f"items.{name}" for name in _ITEM), *(f"items.tickets.{name}" for name in _TICKET)}
)
"""The fields that v5 may have other names for, as the old generation has them."""

ADDRESS = re.compile(r"(?:[0-9A-Za-z.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?")
"""What may stand in a ``Host`` header."""

_AGENT = re.compile(r"(?P<app>[^/\s()]+)/(?P<version>[^/\s()]+)/(?P<code>[^/\s()]+) \((?P<device>.+)\)")


class SatelliteRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may differ from server to server, or is not documented.

    Attributes:
        mode: ``strict`` refuses what the contract forbids; ``trusting`` stores everything that is JSON, as the
            vendor says that the server does.
        repeat: The status for a sale that is already there.
        token_s: Life of an access token, in seconds.
        discovery_s: How long a look at the discovery page keeps devices welcome, in seconds.
        exposed_s: How long after it was added a device is told its credentials, in seconds.
        client_status: The status for wrong credentials: 400 in oauth2-php, 401 in RFC 6749.
        ping_s: How often a device is to ping, in seconds.
        names: Other names in v5 for fields of NAMED; an empty one: v5 does not have that field.
    """

    mode: Mode = "strict"
    repeat: Literal[200, 409] = 200
    token_s: Annotated[int, Meta(ge=0, le=86_400)] = 3600
    discovery_s: Annotated[int, Meta(ge=0, le=3600)] = 300
    exposed_s: Annotated[int, Meta(ge=0, le=3600)] = 600
    client_status: Literal[400, 401] = 400
    ping_s: Annotated[int, Meta(ge=1, le=86_400)] = 60
    names: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Refuse names for what is no field."""
        unknown = sorted(self.names.keys() - NAMED)
        if unknown:
            raise ValueError(f"names of {', '.join(sorted(NAMED))}, not of {unknown[0]}")

    @property
    def strict(self) -> bool:
        """Whether what the contract forbids is refused."""
        return self.mode == "strict"


class Answered(Exception):  # noqa: N818 - an answer
    """The request is answered with *response*: it goes no further."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def refused(
    status: int, words: str, fields: Mapping[str, list[str]] | None = None, *, number: int | None = None
) -> Answered:
    """Return a refusal. *number*: that of an application error, where it is not the status itself."""
    body: dict[str, Any] = {"code": number or status, "message": words}
    if fields:
        body["errors"] = fields
    return Answered(Response.json(body, status))


def not_found(words: str = "Not Found") -> Answered:
    """Return the refusal of what is not there."""
    return refused(404, words)


def read_json(request: Request) -> Any:
    """Return the body of *request*.

    Raises:
        Answered: It is no JSON, or not sent as such.
    """
    try:
        return request.json()
    except Problem as error:
        raise refused(error.status, error.words) from None
    except RecursionError:
        raise refused(400, "the body is nested too deeply") from None


def canonical(body: Any) -> str:
    """Return *body* as JSON, the same text for what says the same.

    Raises:
        Answered: It says what cannot be written down.
    """
    try:
        return json.dumps(body, sort_keys=True)
    except (ValueError, RecursionError):  # a number of more than 4300 digits; a list in a list in a list...
        raise refused(400, "the body holds a number that is too long, or is nested too deeply") from None


def agent_code(request: Request) -> str:
    """Return the device code in the User-Agent.

    Raises:
        Answered: The User-Agent does not follow the convention.
    """
    match = _AGENT.fullmatch(request.headers.get("user-agent", ""))
    if match is None:
        raise refused(400, "User-Agent: expected {app name}/{app version}/{device code} ({device user agent})")
    return match["code"]


def host(request: Request) -> str:
    """Return by which host and port this server was called.

    Raises:
        Answered: There is none that could be.
    """
    found = request.headers.get("host", "")
    if not ADDRESS.fullmatch(found):
        raise refused(400, "Host: expected a host and a port")
    return found


def iso(ms: int) -> str:
    """Return a moment as the server writes it."""
    return datetime.fromtimestamp(ms // 1000, UTC).isoformat()
