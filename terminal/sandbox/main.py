"""``terminald-sandbox``: the sandbox as a process of its own."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click

from terminal.httpd import CannotListen
from terminal.sandbox.asked import Asked, make, told

_WRONG_USE = 2

_HELP = """\
A PointOfSale server for testers, and servers of other kinds: strict, countable, able to misbehave.

It serves the wallet API, with --satellite that of tickets, with --onslip that of cash registers, with
--kensium that of gift cards, with --onlinepos that of another till, until it is stopped (Ctrl-C, SIGTERM). On
an address of this machine it also answers testers:

\b
  GET  /sandbox/ledger     wallets, and every transaction that took effect
  GET  /sandbox/counters   how often each call was asked for; sums of what took effect
  PUT  /sandbox/faults     {"faults": [{"kind": "drop", "after": true, "count": 3}], "seed": 1}
  PUT  /sandbox/away       {"for_ms": 5000}: nobody listens, then it is back; with "address": 1,
                           at the address --second alone
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
With --onslip, where till 1 is the terminal, and till 2 its external journal:
  GET  /sandbox/onslip/counters          requests; what took effect, by kind and by reference
  GET  /sandbox/onslip/effects           the same, one by one; also entities/{resource}
  PUT  /sandbox/onslip/faults            as above, for this server alone
  PUT  /sandbox/onslip/rules             {"clock_s": 300, "proof": "wrong", "if_match": true,
                                          "members": false}
  POST /sandbox/onslip/cut               {}: every event stream breaks
  POST /sandbox/onslip/revoke            {"id": "key:terminal+sandbox@demo.example"}
  POST /sandbox/onslip/seed              {"keys": [{"id": "key:a+b@demo.example", "key": "AAEC",
                                                    "permissions": ["show-tills", "bind-tills"]}],
                                          "entities": {"tills": [{"id": 3, "name": "Kiosk 3"}]}}

\b
With --kensium, where wallets are gift cards:
  GET  /sandbox/kensium/counters         requests; what took effect, by reference, purchase and gift card
  GET  /sandbox/kensium/entries          gift cards, transactions, purchases, payments; also effects
  PUT  /sandbox/kensium/faults           as above, for this server alone; a path may also be that of a
                                         field: "#giftcardTransAdd"
  PUT  /sandbox/kensium/rules            {"others": 0.1, "hold_s": 60, "broken": ["GiftCardTrans.balance"],
                                          "renamed": {"Query.giftcard": "card"}}
  POST /sandbox/kensium/others           {"code": "04a1b2c3", "cents": -100}: another customer pays with it
  POST /sandbox/kensium/code             {"code": "04a1b2c3", "expires": "2026-01-31T00:00:00Z"}
  POST /sandbox/kensium/cancel           {"id": "7"}: staff cancels what is only authorised
  POST /sandbox/kensium/expire           {}: every access token is expired
  POST /sandbox/kensium/seed             {"applications": [{"id": "kiosk", "secret": "s3cr3t"}],
                                          "records": {"location": [{"code": "MAIN", "name": "Main store"}]},
                                          "cards": [{"code": "04a1b2c3", "balance": 500, "pin": "1234"}]}

\b
With --onlinepos, where wallets are cards, and tokens their chips:
  GET  /sandbox/onlinepos/counters       requests; what took effect, by reference and card
  GET  /sandbox/onlinepos/effects        the same, one by one; also cards, orders
  PUT  /sandbox/onlinepos/faults         as above, for this server alone
  PUT  /sandbox/onlinepos/rules          {"scheme": {"algorithm": "sha256"}, "amount_checksum": "pieces",
                                          "others": [{"card": "090000200000001", "every": 3}]}
  POST /sandbox/onlinepos/spend          {"card": "090000200000001", "amount": -100}: another customer
  POST /sandbox/onlinepos/pay            {"ordernumber": 1000}: staff takes the money for it
  POST /sandbox/onlinepos/close          {"firmaid": 1234}: the till ends its day
  POST /sandbox/onlinepos/seed           {"products": [{"id": 3, "name": "Bun", "price": 1200, "group": 1}],
                                          "cards": [{"number": "0007", "rfid": "04AABBCC", "balance": 500}]}

Faults: kind delay | status | drop | hang | drip | half | mislabel | garbage; after (it took effect); method;
path (part of it); probability; count; ms (delay, drip); status, retry_after_s, words (status). An empty list:
behave.

\b
  curl -X PUT localhost:8091/sandbox/away -H 'Content-Type: application/json' -d '{"for_ms": 5000}'
"""
"""``\\b`` stands before lines that are to stay as they are."""


@click.command(help=_HELP, context_settings={"max_content_width": 100})
@click.option("--listen", default="127.0.0.1:8091", show_default=True, help="HOST:PORT; port 0: any free one.")
@click.option("--second", metavar="HOST:PORT", help="A second address of it, for clients that fail over.")
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
@click.option(
    "--onslip",
    is_flag=True,
    help="Serve the Onslip API, too: under /v1. Wallets are vouchers there.",
)
@click.option("--realm", default="demo.example", show_default=True, help="Onslip: alias of the company.")
@click.option(
    "--onslip-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/sandbox-onslip.json"),
    show_default=True,
    help="Onslip: file with a key that may do everything; made if there is none.",
)
@click.option(
    "--kensium",
    is_flag=True,
    help="Serve the Kensium API, too: under /kensium. Wallets are gift cards there.",
)
@click.option(
    "--kensium-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/sandbox-kensium.json"),
    show_default=True,
    help="Kensium: file with id and secret of an application that may do all; made if there is none.",
)
@click.option(
    "--onlinepos",
    is_flag=True,
    help="Serve the OnlinePOS API, too: under /onlinepos/api. Wallets are cards there.",
)
@click.option(
    "--onlinepos-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/sandbox-onlinepos.json"),
    show_default=True,
    help="OnlinePOS: file with token, company number and key of hashes; made if there is none.",
)
@click.option("--seed", default=0, show_default=True, help="What the dice of the faults start from.")
def main(**given: Any) -> None:
    """Serve until told to stop."""
    asked = Asked(**given)
    try:
        sandbox = make(asked)
        try:
            sandbox.start()
        except BaseException:
            sandbox.stop()
            raise
    except (CannotListen, OSError, ValueError) as error:
        click.echo(f"terminald-sandbox: {error}", err=True)
        sys.exit(_WRONG_USE)
    click.echo("\n".join(told(asked, sandbox)))
    sys.stdout.flush()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    sandbox.stop()
