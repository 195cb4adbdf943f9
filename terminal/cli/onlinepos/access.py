"""Whom the commands ask, and as whom: a configured backend, or what the options say before there is one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from terminal.cli import common, reaching
from terminal.cli.errors import Trouble, WrongUse
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value
from terminal.settings.secrets import FileSecret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.backends.onlinepos.client import OnlinePos
    from terminal.backends.onlinepos.options import OnlinePosOptions
    from terminal.backends.onlinepos.wire import Call, Page

_TYPE = "onlinepos"
_INSTEAD = ", or say everything by --url and --secret-file"
_TIMEOUT_S = 60.0
_T = TypeVar("_T")

server_options = reaching.server_options(
    _TYPE,
    "Of the API, such as https://api.onlinepos.dk/api.",
    'Where {"token":"…","firmaid":1234,"key":"…"} is',
    click.option(
        "--firmaid", type=click.IntRange(1), metavar="NUMBER", help="Another company than the secret names."
    ),
)


class CardNumber(click.ParamType[str]):
    """The number of a card as it may be sent; zeros in front stay."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it; fails in words that do not repeat it."""
        from terminal.backends.onlinepos.values import card_number  # noqa: PLC0415 - not for any other command

        try:
            return value and card_number(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class Server(Value, frozen=True):
    """A server of the API, and the secret for it.

    Attributes:
        options: Where it is, and how it wants to be spoken to.
        file: Where the secret is.
        backend: As the configuration calls it; empty: it is not configured yet.
        firmaid: The company, if it is not the one of the secret.
        timeout_s: For each request.
    """

    options: OnlinePosOptions
    file: str
    backend: str = ""
    firmaid: int | None = None
    timeout_s: float = _TIMEOUT_S


def server(given: dict[str, Any]) -> Server:
    """Return whom a call speaks of; no configuration is read where the options say everything.

    Raises:
        WrongUse: The configuration has no such backend, nothing says where the secret is, or nothing may be
            sent to that address.
        ConfigError: The configuration has mistakes.
    """
    import msgspec  # noqa: PLC0415 - not for any other command

    from terminal.backends.onlinepos.options import OnlinePosOptions  # noqa: PLC0415 - likewise

    known: dict[str, Any] = {}
    file, name = given["secret_file"], ""
    if not (given["url"] and file):
        configured = common.backend(common.settings(), _TYPE, given["backend"], _INSTEAD, embedded=True)
        file, name = common.secret_path(configured, file, "--secret-file"), configured.name
        known = msgspec.to_builtins(configured.options)
    options = reaching.adapter_options(OnlinePosOptions, known, given)
    return Server(options, file, name, given["firmaid"])


def client(server: Server, options: OnlinePosOptions | None = None) -> OnlinePos:
    """Return a client of *server*, perhaps by other *options*; close it."""
    from terminal.backends.onlinepos.client import OnlinePos  # noqa: PLC0415 - an HTTP client

    secret = FileSecret(server.backend or _TYPE, Path(server.file))
    return OnlinePos(options or server.options, credential=lambda: of_company(secret(), server.firmaid))


def of_company(secret: str, firmaid: int | None) -> str:
    """Return *secret* for the company *firmaid*; None: as it is. What is no secret is left for its reader."""
    try:
        found = json.loads(secret)
    except ValueError:
        return secret
    if firmaid is None or not isinstance(found, dict):
        return secret
    return json.dumps(found | {"firmaid": firmaid}, separators=(",", ":"))


def names_another(server: Server) -> bool:
    """Return whether the secret of *server* is of another company than the one that was asked for."""
    if server.firmaid is None:
        return False
    secret = FileSecret(server.backend or _TYPE, Path(server.file))()
    return bool(json.loads(secret).get("firmaid") != server.firmaid)


class Reads:
    """Asks *client* for what a command needs, and says in a sentence where it does not get it.

    Args:
        client: Of the server.
        timeout_s: For each request.
        hint: What else to say then.
    """

    def __init__(self, client: OnlinePos, timeout_s: float, hint: str = "") -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._hint = hint

    def one(self, call: Call[_T], doing: str) -> _T:
        """Return what *call* answers.

        Raises:
            Trouble: It did not work; *doing* is what was tried, as in "Reading the cards".
        """
        try:
            found = self._client.do(call, self._timeout_s)
        except UnicodeEncodeError:
            raise WrongUse(f"{doing} cannot be asked for: the charset of the backend lacks a letter.") from None
        if isinstance(found, Answer):
            raise trouble(found, doing, self._hint)
        return found

    def each(self, page: Callable[[int], Call[Page[_T]]], doing: str) -> Iterator[_T]:
        """Give the elements of a list, page by page as they are wanted. Raises Trouble as ``one``."""
        for found in self._client.pages(page, lambda: self._timeout_s):
            if isinstance(found, Answer):
                raise trouble(found, doing, self._hint)
            yield from found


def trouble(answer: Answer, doing: str, more: str = "") -> Trouble:
    """Return what to say where a read did not work."""
    denied = "Is the secret right, and may this company make that call? Ask OnlinePOS support."
    # Where nobody was asked, the words say themselves what to do.
    return reaching.unread(answer, doing, {Outcome.DENIED: denied if answer.status is not None else ""}, more)
