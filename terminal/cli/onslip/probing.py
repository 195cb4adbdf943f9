"""What a realm is like: everything that `onslip probe` reads. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from terminal import __version__
from terminal.backends.onslip import client as onslip_client
from terminal.backends.onslip.goods import Goods
from terminal.backends.onslip.goods_shelf import scale_of
from terminal.backends.onslip.models import Entity
from terminal.backends.onslip.models_catalogue import ButtonMap, PaymentMethod, ProductGroup
from terminal.backends.onslip.models_realm import NEEDS, ClientInfo, missing, usable
from terminal.backends.onslip.models_rules import button_map_of, newer, schedules_of
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.realm import Realm
from terminal.backends.onslip.rest import Onslip
from terminal.cli.finding import Finding
from terminal.cli.onslip import access, words
from terminal.cli.onslip.access import Server
from terminal.core import cron
from terminal.core.delivery import Answer, Outcome

_E = TypeVar("_E", bound=Entity)

_LONG_AGO_S = 86_400
_SKEW_S = 60  # what servers of this kind usually let pass
_FRACTION = 10_000
_MOST_NAMED = 8
_SWITCHED_OFF = {
    "configuration": "the settings of the till",
    "binding": "terminalctl onslip bind",
    "peripherals": "telling the server which devices are attached",
    "catalogue": "products, prices and VAT of the server",
    "modifiers": "choices that are shown with a product",
    "tabs": "sales as tabs that a register resumes",
    "orders": "sales as orders",
    "external-journal": "sales and Z reports in an external journal",
    "vouchers": "vouchers as wallets",
    "events": "hearing of changes at once; they are asked for now and then all the same",
    "auto-close": "closing by the schedules of the back office",
}


class Probe:
    """Looks at a realm.

    Args:
        server: Who is asked.
        client: By whom.
        options: Of the backend as it is configured, or would be.
    """

    def __init__(self, server: Server, client: Onslip, options: OnslipOptions) -> None:
        self._server = server
        self._client = client
        self._options = options
        self._timeout_s = server.timeout_s
        self.realm = Realm(client, server.backend or server.place.realm)

    def look(self) -> Iterator[Finding]:
        """Give what is found, one thing after the other; ends early where nothing can be asked."""
        yield from self._health()
        info = self.realm.info(self._timeout_s)
        if isinstance(info, Answer):
            yield Finding("who we are", "trouble", str(words.trouble(info, "Asking who we are", reads=True)))
            return
        yield self._clock()
        yield from _who(info)
        yield from _parts(info)
        yield self._vat(info)
        yield self._payments()
        yield from self._till(info)
        yield self._goods()

    # -- the server ------------------------------------------------------------------------------------

    def _health(self) -> Iterator[Finding]:
        for name in ("alive", "ready"):
            answer = self._client.get(f"health/{name}", self._timeout_s)
            if not isinstance(answer, Answer):
                yield Finding(f"health/{name}", "ok", "the server says so")
                continue
            away = answer.outcome in (Outcome.UNSENT, Outcome.BUSY, Outcome.UNKNOWN)
            yield Finding(f"health/{name}", "trouble" if away else "unknown", answer.words)

    def _clock(self) -> Finding:
        """Sign by a time long ago: the refusal of that proves the server's own time."""
        late = access.client(self._server, wall_s=lambda: onslip_client.wall_s() - _LONG_AGO_S)
        try:
            answer = late.client_info(self._timeout_s)
            ahead_s = late.offset_s - _LONG_AGO_S
        finally:
            late.close()
        if ahead_s == -_LONG_AGO_S:
            told = "the server accepts a signature that is a day old: it does not look at the time"
            if isinstance(answer, Answer):
                told = "the server refuses an old signature without proving its time: keep NTP running"
            return Finding("clock", "unknown", told)
        if abs(ahead_s) <= 1:
            return Finding("clock", "ok", "ours and the server's are the same")
        side = "ahead of" if ahead_s > 0 else "behind"
        told = f"the server's is {abs(ahead_s)} s {side} ours; signatures follow it"
        return Finding("clock", "note" if abs(ahead_s) <= _SKEW_S else "trouble", told)

    # -- what is sold, and how it is paid --------------------------------------------------------------

    def _vat(self, info: ClientInfo) -> Finding:
        groups = self.realm.entities("product-groups", ProductGroup, self._timeout_s)
        rates = list(info.merchant_params.vat_rates)
        rates += [] if isinstance(groups, Answer) else [each.vat_rate for each in groups]
        told = ", ".join(f"{each.normalize():f}" for each in sorted(set(rates), reverse=True)) or "none"
        scale = scale_of("auto", rates)
        if scale is None:
            return Finding("VAT rates", "unknown", f"{told}: percents or fractions? Set vat_unit yourself")
        unit = "fraction" if scale == _FRACTION else "percent"
        return Finding("VAT rates", "ok", f"{told} ({unit})", {"vat_unit": unit})

    def _payments(self) -> Finding:
        found = self._all("payment-methods", PaymentMethod)
        if isinstance(found, Finding):
            return found
        shown = [
            f"{each.id} {each.name} ({each.type}"
            + (f", rounded to {each.rounding_multiple.normalize():f})" if each.rounding_multiple else ")")
            for each in found
        ]
        return Finding("payment methods", "ok", _named(shown))

    def _goods(self) -> Finding:
        told = Goods(self.realm, self._options, self._server.backend or self._server.place.realm).terminal(
            self._timeout_s
        )
        if isinstance(told, Answer):
            return Finding("products", "off", told.words)
        return Finding(
            "products", "ok" if told.products else "note", f"{len(told.products)} would be sold here"
        )

    def _till(self, info: ClientInfo) -> Iterator[Finding]:
        if info.till is None:
            yield Finding("till", "note", "this key is that of no till: terminalctl onslip bind")
        else:
            yield Finding("till", "ok", f"{info.till.id} {info.till.name} ({info.till.type or 'till'})")
            if newer(info.till.client_version, __version__):
                told = f"{info.till.client_version} is there for this terminal, and {__version__} is running"
                yield Finding("new version", "note", told)
            if info.till_state is not None and info.till_state.z_report_pending:
                yield Finding("closing", "note", "the server waits for a Z report: terminalctl report z")
        there = self._options.location_settings
        for schedule in schedules_of(info.till, info.location, use_location=there) or ():
            try:
                cron.parse(schedule)
            except ValueError as error:
                yield Finding("schedule", "trouble", f"{schedule!r} is none that is documented: {error}")
            else:
                yield Finding("schedule", "ok", schedule)
        usual = self._options.button_map or self._options.default_button_map
        number = self._options.button_map or button_map_of(info.till, info.location, usual, use_location=there)
        maps = self._all("button-maps", ButtonMap)
        if isinstance(maps, Finding):
            yield maps
            return
        names = _named([f"{each.id} {each.name} ({each.type})" for each in maps])
        if number is None:
            yield Finding("button map", "note", f"none is set, so all products are sold; there are: {names}")
        elif number in {each.id for each in maps}:
            yield Finding("button map", "ok", f"{number}; there are: {names}")
        else:
            yield Finding("button map", "trouble", f"{number} is set, and not there; there are: {names}")

    def _all(self, name: str, kind: type[_E]) -> tuple[_E, ...] | Finding:
        found = self.realm.entities(name, kind, self._timeout_s)
        if isinstance(found, Answer):
            return Finding(name.replace("-", " "), "off", str(words.trouble(found, "Reading them", reads=True)))
        return tuple(each for each in found if each.deleted is None)


def _who(info: ClientInfo) -> Iterator[Finding]:
    company = info.company
    more = ", ".join(each for each in (company.currency, company.time_zone) if each)
    yield Finding("company", "ok", f"{company.name} ({company.alias})" + (f", {more}" if more else ""))
    user = "none" if info.user is None else f"{info.user.id}"
    alias = info.user.others.get("alias") if info.user is not None else None
    yield Finding("user", "ok", f"{user} {alias}" if isinstance(alias, str) else user)
    place = info.location
    yield Finding("location", "ok" if place else "note", f"{place.id} {place.name}" if place else "none")
    endpoints = ", ".join(each.uri for each in info.service_endpoints) or "none but the one that is configured"
    yield Finding("endpoints", "ok", endpoints)
    required = info.merchant_params.required_features
    if required:
        yield Finding("the account requires", "note", f"{', '.join(required)}: ask Onslip what that means")


def _parts(info: ClientInfo) -> Iterator[Finding]:
    for part in NEEDS:
        lacking = missing(part, info)
        if lacking:
            off = _SWITCHED_OFF.get(part, part)
            yield Finding(part, "off", f"without {', '.join(lacking)}: no {off}")
        else:
            yield Finding(part, "ok", "permitted")
    can = usable(info)
    if "external-journal" in can:
        yield Finding(
            "sales", "ok", "as records of an external journal, if the key is bound to one", {"sales": "journal"}
        )
    elif {"orders", "tabs"} <= can:
        yield Finding("sales", "ok", "as orders with a tab, for a register to resume", {"sales": "orders"})
    else:
        yield Finding("sales", "off", "they cannot be recorded with this key")


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more if names else "none"
