"""The control socket: HTTP and JSON over a Unix socket. terminalctl and the pages use nothing else.

Who may connect is decided by the socket's file permissions. Nothing here decides about money: requests that
change something become events of the loop or a named person's facts in the journal.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from terminal.core.events import Event, PairingAsked
from terminal.core.facts import EntryState, Fact, PersonDecided
from terminal.core.reconcile_times import since_ms
from terminal.core.records import Entry
from terminal.core.shown import brief, whole
from terminal.core.stamp import Stamp
from terminal.daemon import desk
from terminal.daemon.desk import By
from terminal.httpd import Handler, Problem, Request, Response, Route
from terminal.journal.errors import DecisionRefused
from terminal.journal.rows import Story

_LOG = logging.getLogger(__name__)


class _Decision(msgspec.Struct, forbid_unknown_fields=True):
    by: By
    reason: Annotated[str, Meta(max_length=500)]


class _Resolution(_Decision, forbid_unknown_fields=True):
    how: Literal["delivered", "resend", "write-off"]


_ACTIONS = {"delivered": "delivered", "resend": "retry", "write-off": "void"}
"""What a person asks for, and what facts.PersonDecided calls it."""


class _Pairing(msgspec.Struct, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\A[0-9A-Za-z-]+\Z")]


class _Simulation(msgspec.Struct, forbid_unknown_fields=True):
    device: Annotated[str, Meta(max_length=40)] = ""
    args: dict[str, str | int | bool] = {}


class Books(Protocol):
    """What the control socket needs of the journal."""

    def entry_by_seq(self, seq: int) -> Entry | None:
        """Return one entry."""

    def story(self, seq: int) -> Story | None:
        """Return everything that is known of one entry."""

    def entries(self, state: Any = None, limit: int = 50, before: int | None = None) -> list[Entry]:
        """Return the newest entries."""

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        """Write down what a person decided."""


class Control:
    """The routes of the control socket.

    Args:
        status: Makes the status.
        screen: Makes what is shown; needs no journal, which may be what is wrong.
        devices: Makes how each device is, likewise.
        books: The journal.
        now: Reads the clock.
        post: Puts an event into the loop's inbox.
        committed: Is told what was committed here.
        sync_now: Lets the sync engine try everything at once.
        reload: Reads the catalogue again.
        hands: Verbs of the simulated devices, by device name; empty on a real terminal.
        network: Cuts and mends the simulated network; None on a real terminal.
        trial: Lets a technician try a device; see daemon.trials.
        flush: Waits until the loop has decided what was posted.
        settling_ms: By a server's name, after how long what it has not booked it will not book any more; of
            servers that must be looked at to know.
    """

    def __init__(
        self,
        *,
        status: Callable[[], dict[str, Any]],
        screen: Callable[[], dict[str, Any]],
        devices: Callable[[], list[dict[str, Any]]],
        books: Books,
        now: Callable[[], Stamp],
        post: Callable[[Event], None],
        committed: Callable[[Sequence[Fact]], None],
        sync_now: Callable[[], None],
        reload: Callable[[], None],
        hands: Mapping[str, Mapping[str, Callable[..., Any]]],
        network: Callable[[bool], None] | None,
        trial: Handler,
        flush: Callable[[float], bool],
        settling_ms: Mapping[str, int],
    ) -> None:
        self._status = status
        self._screen = screen
        self._devices = devices
        self._books = books
        self._now = now
        self._post = post
        self._committed = committed
        self._sync_now = sync_now
        self._reload = reload
        self._hands = hands
        self._network = network
        self._trial = trial
        self._flush = flush
        self._settling_ms = settling_ms

    def routes(self) -> list[Route]:
        """Return what the socket answers."""
        routes = [
            Route("GET", "/v1/status", lambda _: Response.json(self._status())),
            Route("GET", "/v1/devices", lambda _: Response.json({"devices": self._devices()})),
            Route("POST", "/v1/devices/{name}/try", self._trial),
            Route("GET", "/v1/screen", lambda _: Response.json(self._screen())),
            Route("GET", "/v1/journal", self._list),
            Route("GET", "/v1/journal/{seq}", self._show),
            Route("POST", "/v1/journal/{seq}/resolve", self._resolve),
            Route("POST", "/v1/journal/{seq}/void", lambda request: self._decided(request, "void")),
            Route("POST", "/v1/journal/{seq}/retry", lambda request: self._decided(request, "retry")),
            Route("POST", "/v1/sync", self._sync),
            Route("POST", "/v1/pair", self._pair),
            Route("POST", "/v1/catalogue/reload", self._reload_catalogue),
            Route("POST", "/v1/sim/{verb}", self._simulate),
        ]
        return [desk.sentences(each) for each in routes]

    # -- the journal -----------------------------------------------------------------------------------

    def _list(self, request: Request) -> Response:
        state = request.query.get("state")
        known = [each.value for each in EntryState]
        if state is not None and state not in known:
            raise Problem(400, f"found state {state[:20]!r}; expected one of {', '.join(known)}")
        limit = desk.number(request.query.get("limit", "50"), "limit", 1, 1000)
        entries = self._books.entries(EntryState(state) if state else None, limit)
        return Response.json({"entries": [brief(entry) for entry in entries]})

    def _show(self, request: Request) -> Response:
        story = self._books.story(desk.entry_number(request))
        if story is None:
            raise Problem(404, f"there is no entry {request.params['seq']}")
        events = [msgspec.to_builtins(event) for event in story.events]
        return Response.json({"entry": whole(story.entry), "events": events})

    def _resolve(self, request: Request) -> Response:
        decision: _Resolution = request.json(_Resolution)
        return self._decide(request, _ACTIONS[decision.how], decision)

    def _decided(self, request: Request, action: str) -> Response:
        decision: _Decision = request.json(_Decision)
        return self._decide(request, action, decision)

    def _decide(self, request: Request, action: str, decision: _Decision) -> Response:
        desk.line(decision.by, "by, which is who decided")
        desk.line(decision.reason, "reason")
        entry = self._entry(request)
        if action == "retry":
            self._has_settled(entry)
        fact = PersonDecided(entry.key, action, decision.by, decision.reason)
        try:
            self._books.commit((fact,), self._now(), urgent=True)
        except DecisionRefused as error:
            raise Problem(409, str(error)) from None
        self._committed((fact,))
        _LOG.warning("%s: entry %d by %s: %s", action, entry.seq, decision.by, decision.reason)
        return Response.json({"entry": brief(self._entry(request))})

    def _has_settled(self, entry: Entry) -> None:
        """Refuse to send *entry* again while its server may still book the last try, unseen by any look."""
        if not entry.in_doubt or entry.sent is None:
            return
        left_ms = self._settling_ms.get(entry.backend, 0) - since_ms(entry.sent, self._now())
        if left_ms > 0:
            raise Problem(
                409,
                f"the server {entry.backend} may still book what was sent last of entry {entry.seq}: look "
                f"there again in {-(-left_ms // 1000)} s, and send it then if it is not booked",
            )

    def _entry(self, request: Request) -> Entry:
        entry = self._books.entry_by_seq(desk.entry_number(request))
        if entry is None:
            raise Problem(404, f"there is no entry {request.params['seq']}")
        return entry

    # -- services --------------------------------------------------------------------------------------

    def _sync(self, _: Request) -> Response:
        self._sync_now()
        self._reload()  # where nothing waits to be delivered, this alone shows that the server accepts us again
        return Response.json({"queue": self._status()["queue"]})

    def _pair(self, request: Request) -> Response:
        pairing: _Pairing = request.json(_Pairing)
        self._post(PairingAsked(pairing.code))
        return Response.json(
            {"words": "Present the token to the reader now; the screen tells whether it worked."}
        )

    def _reload_catalogue(self, _: Request) -> Response:
        self._reload()
        return Response.json({"words": "The catalogue is being read."})

    # -- simulation ------------------------------------------------------------------------------------

    def _simulate(self, request: Request) -> Response:
        asked: _Simulation = request.json(_Simulation)
        verb = request.params["verb"]
        if verb == "network" and self._network is not None:
            up = asked.args.get("up")
            if not isinstance(up, bool):
                raise Problem(400, 'the network is switched by {"up": true} or {"up": false}')
            self._network(up)
            return Response.json({"words": f"The network is {'there' if up else 'cut'}."})
        name, do = self._hand(verb, asked.device)
        try:
            inspect.signature(do).bind(**asked.args)
        except TypeError:
            takes = ", ".join(inspect.signature(do).parameters) or "nothing"
            raise Problem(400, f"{verb!r} takes {takes}; found {', '.join(asked.args) or 'nothing'}") from None
        try:
            seen = do(**asked.args)
        except ValueError as error:
            raise Problem(409, str(error)) from None
        # So that whoever acts and then looks sees what followed.
        self._flush(desk.FLUSH_S)
        told = seen if isinstance(seen, dict) else {}  # what there is to see, if somebody only looked
        return Response.json({**told, "words": f"{name}: {verb} done."})

    def _hand(self, verb: str, device: str) -> tuple[str, Callable[..., Any]]:
        if not self._hands:
            raise Problem(409, "no device of this terminal is simulated: there is nothing to play with")
        if device and device not in self._hands:
            raise Problem(404, f"there is no simulated device {device!r}; there are {', '.join(self._hands)}")
        able = {name: hands[verb] for name, hands in self._hands.items() if verb in hands}
        if device:
            able = {name: do for name, do in able.items() if name == device}
        if not able:
            whom = repr(device) if device else "no simulated device"
            raise Problem(404, f"{whom} knows {verb!r}" if not device else f"{whom} does not know {verb!r}")
        if len(able) > 1:
            raise Problem(409, f"several devices know {verb!r}: say which one of {', '.join(able)} (--device)")
        return next(iter(able.items()))
