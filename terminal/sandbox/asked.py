"""What ``terminald-sandbox`` is asked for, and the sandbox that this makes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from terminal.sandbox.kensium.furnish import CLIENT
from terminal.sandbox.kensium.furnish import furnish as furnish_kensium
from terminal.sandbox.kensium.rules import KensiumRules
from terminal.sandbox.kensium.server import Kensium
from terminal.sandbox.keys import kept_client, kept_onlinepos, kept_onslip_key, kept_token
from terminal.sandbox.ledger import Item
from terminal.sandbox.onlinepos.furnish import furnish as furnish_onlinepos
from terminal.sandbox.onlinepos.rules import OnlinePosRules
from terminal.sandbox.onlinepos.server import OnlinePos
from terminal.sandbox.onlinepos.things import Company
from terminal.sandbox.onslip.furnish import Held, Sold, furnish
from terminal.sandbox.onslip.furnish import rules as onslip_rules
from terminal.sandbox.onslip.server import Onslip
from terminal.sandbox.satellite.page import PATH
from terminal.sandbox.satellite.rules import SatelliteRules
from terminal.sandbox.satellite.server import Satellite
from terminal.sandbox.server import Sandbox


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line, by their names there."""

    listen: str
    second: str | None
    database: str
    dialect: Literal["documented", "pretix"]
    keys: Literal["key", "header-24h", "none"] | None
    permission: Literal["debit", "credit", "all"]
    token_file: Path
    wallets: tuple[str, ...]
    products: tuple[str, ...]
    codes: tuple[str, ...]
    satellite: bool
    trusting: bool
    satellite_file: Path
    token_life: int
    tickets: tuple[str, ...]
    delegates: tuple[str, ...]
    onslip: bool
    realm: str
    onslip_file: Path
    kensium: bool
    kensium_file: Path
    onlinepos: bool
    onlinepos_file: Path
    seed: int


def make(asked: Asked) -> Sandbox:
    """Return the sandbox, not started yet.

    Raises:
        OSError: Its files cannot be made.
        ValueError: An option says what cannot be.
    """
    sandbox = Sandbox(
        _address("--listen", asked.listen),
        second=None if asked.second is None else _address("--second", asked.second),
        database=asked.database,
        dialect=asked.dialect,
        keys=asked.keys,
        permission=asked.permission,
        token=kept_token(asked.token_file),
        satellite=_rules(asked) if asked.satellite else None,
        client=kept_client(asked.satellite_file) if asked.satellite else None,
        onslip=onslip_rules(asked.realm) if asked.onslip else None,
        kensium=KensiumRules() if asked.kensium else None,
        onlinepos=OnlinePosRules() if asked.onlinepos else None,
        seed=asked.seed,
    )
    try:
        _fill(sandbox, asked)
        _fill_satellite(sandbox.satellite, asked.tickets, asked.delegates)
        _fill_onslip(sandbox.onslip, asked)
        _fill_onlinepos(sandbox.onlinepos, asked)
        _fill_kensium(sandbox.kensium, asked)
    except BaseException:
        sandbox.stop()
        raise
    return sandbox


def told(asked: Asked, sandbox: Sandbox) -> list[str]:
    """Return how a terminal is to be configured for it, line by line."""
    lines = [f"url = {sandbox.url}", f"token_file = {asked.token_file.absolute()}"]
    if sandbox.satellite is not None:
        lines += [
            f"satellite url = {sandbox.satellite_url()}",
            f"token_file = {asked.satellite_file.absolute()}",
            f"devices: {sandbox.base}{PATH}",
        ]
    if sandbox.onslip is not None:
        lines += [f"onslip url = {url}~{asked.realm}" for url in sandbox.onslip_urls]
        lines += [f"key_file = {asked.onslip_file.absolute()}"]
    if sandbox.kensium is not None:
        lines += [f"kensium url = {sandbox.kensium_url}", f"token_file = {asked.kensium_file.absolute()}"]
    if sandbox.onlinepos is not None:
        lines += [f"onlinepos url = {sandbox.onlinepos_url}", f"token_file = {asked.onlinepos_file.absolute()}"]
    return lines


def _rules(asked: Asked) -> SatelliteRules:
    return SatelliteRules(mode="trusting" if asked.trusting else "strict", token_s=asked.token_life)


def _fill(sandbox: Sandbox, asked: Asked) -> None:
    items = [Item(id_, id_.capitalize(), cents) for id_, cents in map(_pair, asked.products)]
    if not items and not sandbox.ledger.products():
        items = [Item("espresso", "Espresso", 25), Item("cappuccino", "Cappucino", 50)]
    if items:
        sandbox.set_products(items)
    for uid, cents in map(_pair, asked.wallets):
        sandbox.add_wallet(uid, cents)
    for code in asked.codes:
        digits, _, user = code.partition("=")
        if len(digits) != 8 or not digits.isdigit() or not user:  # noqa: PLR2004 - the contract's
            raise ValueError(f"--code {code}: expected 8 digits, = and a name")
        sandbox.ledger.add_code(digits, user)


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


def _fill_onslip(onslip: Onslip | None, asked: Asked) -> None:
    if onslip is None:
        return
    furnish(
        onslip,
        kept_onslip_key(asked.onslip_file, asked.realm),
        sold=_sold(asked),
        held=_held(asked),
    )


def _fill_kensium(kensium: Kensium | None, asked: Asked) -> None:
    if kensium is None:
        return
    client = kept_client(asked.kensium_file, CLIENT)
    furnish_kensium(kensium, client, sold=_sold(asked), held=_held(asked))


def _fill_onlinepos(onlinepos: OnlinePos | None, asked: Asked) -> None:
    if onlinepos is None:
        return
    token, firmaid, key = kept_onlinepos(asked.onlinepos_file)
    company = Company(firmaid=firmaid, token=token, key=key)
    furnish_onlinepos(onlinepos, company, sold=_sold(asked), held=_held(asked))


def _sold(asked: Asked) -> list[Sold]:
    return [Sold(id_, id_.capitalize(), cents) for id_, cents in map(_pair, asked.products)]


def _held(asked: Asked) -> list[Held]:
    return [Held(uid, cents) for uid, cents in map(_pair, asked.wallets)]


def _id(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"{text}: expected an id, a whole number from 1 on")
    return int(text)


def _pair(text: str) -> tuple[str, int]:
    name, _, cents = text.rpartition("=")
    if not name or not cents.lstrip("-").isdigit():
        raise ValueError(f"{text}: expected a name, = and whole cents")
    return name, int(cents)


def _address(option: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"{option} {text}: expected HOST:PORT")
    return host.strip("[]"), int(port)
