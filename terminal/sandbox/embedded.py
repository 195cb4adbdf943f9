"""The sandbox inside the daemon, and a network that can be cut: for testers, with simulated devices only."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx

from terminal.backends.transport import Transport
from terminal.sandbox.kensium.furnish import CLIENT
from terminal.sandbox.kensium.furnish import furnish as furnish_kensium
from terminal.sandbox.kensium.rules import KensiumRules
from terminal.sandbox.keys import kept_client, kept_onlinepos, kept_onslip_key, kept_token
from terminal.sandbox.ledger import Item
from terminal.sandbox.onlinepos.furnish import furnish as furnish_onlinepos
from terminal.sandbox.onlinepos.rules import OnlinePosRules
from terminal.sandbox.onlinepos.things import Company
from terminal.sandbox.onslip.furnish import Held, Sold, furnish, rules
from terminal.sandbox.satellite.rules import SatelliteRules
from terminal.sandbox.server import Sandbox
from terminal.settings import SandboxSection


def embedded(section: SandboxSection) -> Sandbox:
    """Return the embedded server, not started yet.

    Raises:
        OSError: Its files cannot be made.
        ValueError: A product or wallet of the section cannot be one, or a file holds something else.
    """
    host, _, port = section.listen.rpartition(":")
    Path(section.database).parent.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(
        (host.strip("[]"), int(port)),
        database=section.database,
        dialect=section.dialect,
        token=kept_token(section.token_file),
        satellite=_satellite(section),
        client=kept_client(section.satellite_file) if section.satellite else None,
        onslip=rules(section.onslip_realm) if section.onslip else None,
        kensium=KensiumRules() if section.kensium else None,
        onlinepos=OnlinePosRules() if section.onlinepos else None,
    )
    try:
        _fill(sandbox, section)
    except BaseException:
        sandbox.stop()
        raise
    return sandbox


def _fill(sandbox: Sandbox, section: SandboxSection) -> None:
    if section.products:
        sandbox.set_products([Item(each.id, each.name, each.price) for each in section.products])
    for wallet in section.wallets:
        sandbox.add_wallet(wallet.token, wallet.balance)
    if sandbox.satellite is not None:
        tickets = [(each.id, each.name, each.price) for each in section.ticket_products]
        sandbox.satellite.know("product", *tickets)
        for person in section.delegates:
            sandbox.satellite.add_delegate(person.id, person.name, person.token)
    sold = [Sold(each.id, each.name, each.price, each.group, each.vat) for each in section.products]
    held = [Held(each.token, each.balance) for each in section.wallets]
    if sandbox.onslip is not None:
        key = kept_onslip_key(section.onslip_file, section.onslip_realm)
        furnish(sandbox.onslip, key, sold=sold, held=held, cash_step=section.onslip_cash_step)
    if sandbox.onlinepos is not None:
        token, firmaid, key_of_hashes = kept_onlinepos(section.onlinepos_file)
        company = Company(firmaid=firmaid, token=token, key=key_of_hashes)
        furnish_onlinepos(sandbox.onlinepos, company, sold=sold, held=held)
    if sandbox.kensium is not None:
        furnish_kensium(sandbox.kensium, kept_client(section.kensium_file, CLIENT), sold=sold, held=held)


def _satellite(section: SandboxSection) -> SatelliteRules | None:
    if not section.satellite:
        return None
    return SatelliteRules(mode=section.satellite_mode, token_s=section.satellite_token_s)


class CuttableNetwork(httpx.BaseTransport):
    """The way to every server, until somebody pulls the plug."""

    def __init__(self) -> None:
        self._way = Transport(ssl.create_default_context())
        self._up = True

    def switch(self, up: bool) -> None:  # noqa: FBT001 - the position of the switch itself
        """Mend the network, or cut it: calls under way still end, but what has no end breaks."""
        self._up = up
        if not up:
            self._way.hang_up()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*, unless the network is cut."""
        if not self._up:
            raise httpx.ConnectError("the simulated network is cut")
        return self._way.handle_request(request)

    def close(self) -> None:
        """Close every connection."""
        self._way.close()
