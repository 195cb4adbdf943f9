"""The till of Onslip that this terminal is: what is set for it there, and the devices that it reports.

    GET   ~realm                 who we are and what we may do
    GET   ~realm/tills/7         its settings; If-None-Match: 304 as long as nobody changes them
    GET   ~realm/locations/1     those of its place, for what the till leaves open
    PATCH ~realm/tills/7         If-Match: "…"  {"config": {"peripheral-bindings": [...]}}

Of a till, only the list of peripherals is ever written. It is inferred that a server leaves the rest of
``config`` as it is: one that does not gets back at once what it lost, and from then on ``config`` as a whole.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import monotonic
from typing import Any

from terminal import __version__
from terminal.backends.onslip.counters import count
from terminal.backends.onslip.models import Unreadable, plainly, read_stored
from terminal.backends.onslip.models_catalogue import Location, PaymentMethod
from terminal.backends.onslip.models_realm import ClientInfo, missing, usable
from terminal.backends.onslip.models_rules import newer, peripherals, schedules_of
from terminal.backends.onslip.models_till import PeripheralBinding, Till, TillConfig
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.realm import Realm, lacking
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found
from terminal.backends.onslip.rest_paths import entity
from terminal.core.delivery import Answer, Outcome
from terminal.core.report import Report
from terminal.core.till import Attached, Lack, TillSettings
from terminal.core.value import Value, replace

_LOG = logging.getLogger(__name__)

_TRIES = 2
_BIND = "terminalctl onslip bind"
_NO_ANSWER = (Outcome.UNSENT, Outcome.UNKNOWN, Outcome.BUSY)


class _Said(Value, frozen=True):
    """A list of peripherals that was sent, and what the server made of it."""

    sent: tuple[PeripheralBinding, ...]
    stored: tuple[PeripheralBinding, ...]


class Device:
    """The till that this terminal is; for one thread.

    Args:
        rest: Speaks with the realm.
        realm: What it tells of us.
        options: Which till and location, and what follows from the latter.
        running: The version of this terminal.
    """

    def __init__(
        self, rest: Onslip, realm: Realm, options: OnslipOptions, *, running: str = __version__
    ) -> None:
        self._rest = rest
        self._realm = realm
        self._options = options
        self._running = running
        self._said: _Said | None = None
        self._merges = True

    # -- what is set for it ----------------------------------------------------------------------------

    def settings(self, timeout_s: float) -> TillSettings | Answer:
        """Read what is set for this terminal; what is unchanged is not sent again."""
        until = monotonic() + timeout_s
        info = self._realm.info(timeout_s)
        if isinstance(info, Answer):
            return info
        notices: list[str] = []
        till = self._till(info, until, notices)
        if isinstance(till, Answer):
            return till
        location = self._location(info, till, until, notices)
        if isinstance(location, Answer):
            return location
        told = TillSettings(
            bound=till is not None and (info.till is not None or till.device_id is not None),
            schedules=self._schedules(info, till, location, notices),
            location=location.name if location is not None else "",
            usable=usable(info),
            missing=tuple(self._lacks(info)),
            currency=info.company.currency or "",
            locale=info.company.locale or "",
            cash_step=self._cash_step(info, until),
            notices=tuple(notices),
        )
        if till is None:
            return told
        return replace(
            told,
            name=till.name,
            description=till.description or "",
            offered=(till.client_version or "") if newer(till.client_version, self._running) else "",
            accounts=till.account_config is not None,
        )

    def _number(self, info: ClientInfo) -> int | None:
        """Return the id of the till that this terminal is: as the configuration says, else as the key does."""
        own = info.till.id if info.till is not None else None
        return self._options.till if self._options.till is not None else own

    def _till(self, info: ClientInfo, until: float, notices: list[str]) -> Till | Answer | None:
        number, realm = self._number(info), self._rest.realm
        if number is None:
            notices.append(f"This terminal is not bound to a till of the realm {realm}: {_BIND}")
            return None
        own = info.till if info.till is not None and info.till.id == number else None
        if info.till is not None and own is None:
            notices.append(
                f"The key is that of the till {info.till.id}, and `till` says {number}: correct one."
            )
        till: Till | Answer | None = own
        if not missing("configuration", info):
            till = self._realm.entity("tills", Till, number, until - monotonic())
        if isinstance(till, Answer):
            if till.outcome in _NO_ANSWER:
                return till
            notices.append(f"The till {number} cannot be read ({till.words}): correct `till`, or {_BIND}")
            return None
        if till is None:
            return None
        called = f"the till {till.id} {till.name!r}"
        if till.deleted is not None:
            notices.append(f"In the back office {called} was deleted: have it restored, or {_BIND}")
            return None
        if own is None and till.device_id is None:
            notices.append(f"No device is bound to {called} yet: {_BIND}")
        return till

    def _location(
        self, info: ClientInfo, till: Till | None, until: float, notices: list[str]
    ) -> Location | Answer | None:
        told = info.location
        number = self._options.location
        if number is None:
            number = till.location if till is not None else None
        if number is None:
            return told
        if "show-locations" not in info.permissions:
            return told if told is not None and told.id == number else None
        found = self._realm.entity("locations", Location, number, until - monotonic())
        if isinstance(found, Answer) and found.outcome not in _NO_ANSWER:
            notices.append(f"The location {number} cannot be read: {found.words}")
            return None
        return found

    def _schedules(
        self, info: ClientInfo, till: Till | None, location: Location | None, notices: list[str]
    ) -> tuple[str, ...] | None:
        found = schedules_of(till, location, use_location=self._options.location_settings)
        lacks = missing("auto-close", info)
        if found and lacks:
            why = ", ".join(lacks)
            notices.append(f"The server's schedules for closing the day are not obeyed: there is not {why}.")
        return None if lacks else found

    def _lacks(self, info: ClientInfo) -> list[Lack]:
        sales = ("external-journal",) if self._options.sales == "journal" else ("tabs", "orders")
        parts: dict[str, tuple[str, ...]] = {
            "": ("configuration", "events", *(("peripherals",) if self._options.peripherals != "none" else ())),
            "catalogue": ("catalogue", "modifiers"),
            "wallet": ("vouchers",),
            "sales": sales,
            "reports": ("external-journal",),
        }
        unable = [(role, lacking(part, info)) for role, needed in parts.items() for part in needed]
        return [Lack(role, why.words) for role, why in unable if why is not None]

    def _cash_step(self, info: ClientInfo, until: float) -> int | None:
        """Return what cash is rounded to; only a hint, so that it fails for itself."""
        left_s = until - monotonic()
        if "show-payment-methods" not in info.permissions or left_s <= 0:
            return None
        methods = self._realm.entities("payment-methods", PaymentMethod, left_s)
        if isinstance(methods, Answer):
            return None
        for each in methods:
            if each.type == "cash" and not each.hidden and each.deleted is None:
                step = each.rounding_multiple
                try:
                    return step.cents if step is not None else 0
                except ValueError:
                    return None
        return None

    # -- what is attached to it ------------------------------------------------------------------------

    def attached(self, devices: Sequence[Attached], timeout_s: float) -> Answer:
        """Let the server's list of peripherals say what is attached, unless it does.

        REFUSED: this terminal is no till there, or may not.
        """
        until = monotonic() + timeout_s
        info = self._realm.known or self._realm.info(timeout_s)
        if isinstance(info, Answer):
            return info
        if self._options.peripherals == "none":
            return Answer(Outcome.DELIVERED)
        unable = lacking("peripherals", info)
        number = self._number(info)
        if unable is not None:
            return replace(unable, outcome=Outcome.REFUSED)
        if number is None:
            return Answer(Outcome.REFUSED)  # ``settings`` has said it
        for _ in range(_TRIES):
            found = self._realm.versioned("tills", Till, number, until - monotonic())
            if isinstance(found, Answer):
                return found
            answer = self._report(*found, devices, until)
            if answer is not None:
                return answer
        return Answer(Outcome.BUSY, f"the till {number} is changed by others all the time")

    def counted(self, report: Report, timeout_s: float) -> Answer:
        """Let the server's counters of the till say what the Z report *report* says, where that is wanted.

        REFUSED: this terminal is no till there, or the counters are not its own; words may say so.
        """
        info = self._realm.known
        number = self._number(info) if info is not None else None
        if not self._options.till_state:
            return Answer(Outcome.DELIVERED)
        if number is None:
            return Answer(Outcome.REFUSED)
        return count(self._rest, number, report, timeout_s)

    def _report(self, till: Till, etag: str, devices: Sequence[Attached], until: float) -> Answer | None:
        """Write the list where it is another; None: somebody has changed the till meanwhile."""
        config = till.config or TillConfig()
        known = config.peripheral_bindings or ()
        ids = {each.device_id for each in known}
        wanted = peripherals([each for each in devices if each.seen or each.id in ids], known)
        if self._options.peripherals == "with a function":
            wanted = tuple(each for each in wanted if any(it.functions for it in each.service_bindings))
        if _alike(wanted, known) or self._said == _Said(wanted, known):
            return Answer(Outcome.DELIVERED)
        whole = replace(config, peripheral_bindings=wanted)
        listed = {"peripheral-bindings": plainly(whole)["peripheral-bindings"]}
        after = self._write(till.id, listed if self._merges else plainly(whole), etag, until)
        if self._merges and isinstance(after, tuple) and _lost(config, after[0].config):
            _LOG.warning("the server took a part of a till's config for the whole; it gets the whole back")
            self._merges = False
            after = self._write(till.id, plainly(whole), after[1], until)
        if not isinstance(after, tuple):
            return after
        stored = after[0].config or TillConfig()
        self._said = _Said(wanted, stored.peripheral_bindings or ())
        return Answer(Outcome.DELIVERED)

    def _write(
        self, id_: int | None, config: dict[str, Any], etag: str, until: float
    ) -> tuple[Till, str] | Answer | None:
        """Return the till afterwards, with its ETag; None: somebody has changed it meanwhile."""
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to report the devices")
        path = entity(self._rest.realm, "tills", str(id_))
        sent = self._rest.patch(path, {"config": config}, left_s, etag=etag)
        if not isinstance(sent, Found):
            return sent if isinstance(sent, Answer) else None
        try:
            return read_stored(Till, sent.body), sent.etag
        except Unreadable as error:
            return Answer(Outcome.REFUSED, str(error))


def _alike(one: Sequence[PeripheralBinding], other: Sequence[PeripheralBinding]) -> bool:
    """Return whether both are the same list, in whatever order."""
    return sorted(one, key=_device_id) == sorted(other, key=_device_id)


def _device_id(binding: PeripheralBinding) -> str:
    return binding.device_id


def _lost(before: TillConfig, after: TillConfig | None) -> bool:
    """Return whether something of a till's settings is gone."""
    return not plainly(before).keys() <= plainly(after or TillConfig()).keys() | {"peripheral-bindings"}
