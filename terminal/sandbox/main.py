"""``terminald-sandbox``: the sandbox as a process of its own."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Literal

import click

from terminal.httpd import CannotListen
from terminal.sandbox.keys import kept_client, kept_onslip_key, kept_token
from terminal.sandbox.ledger import Item
from terminal.sandbox.onslip_furnish import furnish
from terminal.sandbox.onslip_rules import OnslipRules
from terminal.sandbox.satellite import Satellite
from terminal.sandbox.satellite_page import PATH
from terminal.sandbox.satellite_rules import SatelliteRules
from terminal.sandbox.server import Sandbox

_WRONG_USE = 2


@click.command(context_settings={"max_content_width": 100})
@click.option("--listen", default="127.0.0.1:8091", show_default=True, help="HOST:PORT; port 0: any free one.")
@click.option(
    "--database",
    default=":memory:",
    show_default=True,
    help="File that keeps wallets and transactions; without it they are gone at the end.",
)
@click.option(
    "--dialect",
    type=click.Choice(["documented", "pretix"]),
    default="documented",
    show_default=True,
    help="How it speaks. pretix ignores idempotency keys: a repeat books twice.",
)
@click.option(
    "--keys",
    type=click.Choice(["key", "header-24h", "none"]),
    help="What becomes of idempotency keys, if not as in the dialect.",
)
@click.option(
    "--permission",
    type=click.Choice(["debit", "credit", "all"]),
    default="all",
    show_default=True,
    help="What the terminal may do.",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/sandbox.token"),
    show_default=True,
    help="File with the API token that it asks for; made if there is none.",
)
@click.option("--wallet", "wallets", multiple=True, metavar="UID=CENTS", help="A wallet. May be repeated.")
@click.option("--product", "products", multiple=True, metavar="ID=CENTS", help="A product. May be repeated.")
@click.option("--code", "codes", multiple=True, metavar="CODE=USER", help="A pairing code of 8 digits.")
@click.option(
    "--satellite", is_flag=True, help="Serve the Satellite API, too, which records tickets: under /api."
)
@click.option(
    "--trusting",
    is_flag=True,
    help="Satellite: store whatever comes, in place of refusing what breaks the rules.",
)
@click.option(
    "--satellite-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/sandbox-satellite.json"),
    show_default=True,
    help="Satellite: file with the credentials that it knows from the start; made if there is none.",
)
@click.option(
    "--token-life",
    default=3600,
    show_default=True,
    type=click.IntRange(1, 86_400),
    help="Satellite: seconds after which an access token expires.",
)
@click.option("--ticket", "tickets", multiple=True, metavar="ID=CENTS", help="Satellite: a product.")
@click.option(
    "--delegate", "delegates", multiple=True, metavar="UID=ID", help="Satellite: a person with a token."
)
@click.option("--onslip", is_flag=True, help="Serve the Onslip API, too: under /v1.")
@click.option("--realm", default="demo.example", show_default=True, help="Onslip: alias of the company.")
@click.option(
    "--onslip-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/sandbox-onslip.json"),
    show_default=True,
    help="Onslip: file with a key that may do everything; made if there is none.",
)
@click.option("--seed", default=0, show_default=True, help="What the dice of the faults start from.")
def main(
    *,
    listen: str,
    database: str,
    dialect: Literal["documented", "pretix"],
    keys: Literal["key", "header-24h", "none"] | None,
    permission: Literal["debit", "credit", "all"],
    token_file: Path,
    wallets: tuple[str, ...],
    products: tuple[str, ...],
    codes: tuple[str, ...],
    satellite: bool,
    trusting: bool,
    satellite_file: Path,
    token_life: int,
    tickets: tuple[str, ...],
    delegates: tuple[str, ...],
    onslip: bool,
    realm: str,
    onslip_file: Path,
    seed: int,
) -> None:
    """A PointOfSale server for testers, and a Satellite server: strict, countable, and able to misbehave.

    It serves the wallet API, and with --satellite that of tickets, until it is stopped (Ctrl-C, SIGTERM). On
    an address of this machine it also answers testers:

    \b
      GET  /sandbox/ledger     wallets, and every transaction that took effect
      GET  /sandbox/counters   how often each call was asked for; sums of what took effect
      PUT  /sandbox/faults     {"faults": [{"kind": "drop", "after": true, "count": 3}], "seed": 1}
      PUT  /sandbox/away       {"for_ms": 5000}: nobody listens, then it is back
      PUT  /sandbox/keys       {"keys": "none"}: forget idempotency keys
      POST /sandbox/seed       {"wallets": [{"token": "04a1b2c3", "balance": 500}],
                                "products": [{"id": "espresso", "name": "Espresso", "price": 25}],
                                "codes": [{"code": "12345678", "user": "max.mustermann"}]}
      POST /sandbox/reset      {}

    \b
    With --satellite, besides /satellite/devices, where staff lets devices in:
      GET  /sandbox/satellite/sales          every sale as it was stored; also interactions, devices
      GET  /sandbox/satellite/counters       requests; how often each purchase code took effect
      PUT  /sandbox/satellite/faults         as above, for this server alone
      PUT  /sandbox/satellite/rules          {"mode": "trusting", "repeat": 409, "token_s": 5}
      POST /sandbox/satellite/discovery      {}: as if somebody had looked at that page
      POST /sandbox/satellite/approve        {"code": "80POS"}; also revoke
      POST /sandbox/satellite/expire         {}: every access token is expired
      POST /sandbox/satellite/seed           {"things": {"product": [{"id": 4, "name": "Adult", "price": 30}]},
                                              "delegates": [{"id": 7, "name": "Kiri", "rfid": "04AABBCC"}]}

    \b
    With --onslip:
      GET  /sandbox/onslip/counters          requests; what took effect, by kind and by reference
      GET  /sandbox/onslip/effects           the same, one by one; also entities/{resource}
      PUT  /sandbox/onslip/faults            as above, for this server alone
      PUT  /sandbox/onslip/rules             {"clock_s": 300, "proof": "wrong", "if_match": true}
      POST /sandbox/onslip/cut               {}: every event stream breaks
      POST /sandbox/onslip/revoke            {"id": "key:terminal+sandbox@demo.example"}
      POST /sandbox/onslip/seed              {"keys": [{"id": "key:a+b@demo.example", "key": "AAEC",
                                                        "permissions": ["show-tills", "bind-tills"]}],
                                              "entities": {"tills": [{"id": 3, "name": "Kiosk 3"}]}}

    Faults: kind delay | status | drop | hang | drip | half | garbage; after (it took effect); method; path
    (part of it); probability; count; ms (delay, drip); status, retry_after_s, words (status). An empty list:
    behave.

    \b
      curl -X PUT localhost:8091/sandbox/away -H 'Content-Type: application/json' -d '{"for_ms": 5000}'
    """  # noqa: D301 - click wants the character itself
    try:
        sandbox = Sandbox(
            _address(listen),
            database=database,
            dialect=dialect,
            keys=keys,
            permission=permission,
            token=kept_token(token_file),
            satellite=_rules(trusting=trusting, token_life=token_life) if satellite else None,
            client=kept_client(satellite_file) if satellite else None,
            onslip=OnslipRules(realm=realm) if onslip else None,
            seed=seed,
        )
        try:
            _fill(sandbox, wallets, products, codes)
            _fill_satellite(sandbox.satellite, tickets, delegates)
            if sandbox.onslip is not None:
                furnish(sandbox.onslip, kept_onslip_key(onslip_file, realm))
            sandbox.start()
        except BaseException:
            sandbox.stop()
            raise
    except (CannotListen, OSError, ValueError) as error:
        click.echo(f"terminald-sandbox: {error}", err=True)
        sys.exit(_WRONG_USE)
    click.echo(f"url = {sandbox.url}\ntoken_file = {token_file.absolute()}")
    if satellite:
        click.echo(f"satellite url = {sandbox.satellite_url()}\ntoken_file = {satellite_file.absolute()}")
        click.echo(f"devices: {sandbox.base}{PATH}")
    if onslip:
        click.echo(f"onslip url = {sandbox.onslip_url}~{realm}\nkey_file = {onslip_file.absolute()}")
    sys.stdout.flush()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    sandbox.stop()


def _fill(
    sandbox: Sandbox, wallets: tuple[str, ...], products: tuple[str, ...], codes: tuple[str, ...]
) -> None:
    items = [Item(id_, id_.capitalize(), cents) for id_, cents in map(_pair, products)]
    if not items and not sandbox.ledger.products():
        items = [Item("espresso", "Espresso", 25), Item("cappuccino", "Cappucino", 50)]
    if items:
        sandbox.set_products(items)
    for uid, cents in map(_pair, wallets):
        sandbox.add_wallet(uid, cents)
    for code in codes:
        digits, _, user = code.partition("=")
        if len(digits) != 8 or not digits.isdigit() or not user:  # noqa: PLR2004 - the contract's
            raise ValueError(f"--code {code}: expected 8 digits, = and a name")
        sandbox.ledger.add_code(digits, user)


def _rules(*, trusting: bool, token_life: int) -> SatelliteRules:
    return SatelliteRules(mode="trusting" if trusting else "strict", token_s=token_life)


def _fill_satellite(satellite: Satellite | None, tickets: tuple[str, ...], delegates: tuple[str, ...]) -> None:
    if satellite is None:
        if tickets or delegates:
            raise ValueError("--ticket and --delegate go with --satellite")
        return
    sold = [(_id(id_), f"Product {id_}", cents) for id_, cents in map(_pair, tickets)]
    if not sold and not satellite.store.things("product"):
        sold = [(4, "Adult", 30), (3, "Family Pass", 150), (8, "Adult", 0), (9, "Child", 0)]
    if sold:
        satellite.know("product", *sold)
    for uid, id_ in map(_pair, delegates):
        satellite.add_delegate(_id(str(id_)), f"Delegate {id_}", uid)


def _id(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"{text}: expected an id, a whole number from 1 on")
    return int(text)


def _pair(text: str) -> tuple[str, int]:
    name, _, cents = text.rpartition("=")
    if not name or not cents.lstrip("-").isdigit():
        raise ValueError(f"{text}: expected a name, = and whole cents")
    return name, int(cents)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"--listen {text}: expected HOST:PORT")
    return host.strip("[]"), int(port)
