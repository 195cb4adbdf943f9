"""Event streams of Onslip: a new one for each connection, ended at once, and its id told nobody."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from terminal.backends.onslip.events import Events
from terminal.backends.onslip.realm import Realm as Told
from terminal.core.delivery import LONGEST_RETRY_AFTER_MS, Answer, Outcome
from terminal.httpd import Reply, Request
from terminal.sandbox.embedded import CuttableNetwork
from tests.backends.onslip_bench import asked
from tests.backends.onslip_events_making import (
    EVERYTHING,
    ID,
    INFO,
    Listener,
    Script,
    event,
    listener,
    options,
    rest_of,
    without,
)
from tests.sandbox.realm import Realm
from tests.support.waiting import wait_until

Listen = Callable[..., Listener]


@pytest.fixture
def listen(realm: Realm) -> Iterator[Listen]:
    """Somebody who listens, not started yet."""
    with ExitStack() as stack:

        def listen(**more: Any) -> Listener:
            made = listener(realm, **more)
            stack.callback(made.close)
            return made

        yield listen


def nothing(names: frozenset[str]) -> None:
    """There is nothing to tell."""
    pytest.fail(f"told of {set(names)}")


def noted(realm: Realm, monkeypatch: pytest.MonkeyPatch, note: Callable[[Request], object]) -> None:
    """Let *note* see every request that reads a stream."""
    streams = realm.onslip._api.streams
    read = streams.read

    def reads(request: Request) -> Reply:
        note(request)
        return read(request)

    monkeypatch.setattr(streams, "read", reads)


def made(realm: Realm) -> int:
    """How many streams were asked for."""
    return asked(realm, "POST /event-streams")


# -- with the sandbox ----------------------------------------------------------------------------------


def test_everything_first_then_what_changes_by_its_name(realm: Realm, listen: Listen) -> None:
    found = listen().start()
    realm("PATCH", "/products/1", {"price": 20})
    realm("POST", "/vouchers/5", {"amount": 1})
    realm("PATCH", "/tills/8", {"description": "not ours"})
    realm("PATCH", "/tills/7", {"client-version": "2.0"})
    realm("DELETE", "/payment-methods/4")
    told = [EVERYTHING, {"products"}, {"tills"}, {"payment-methods"}]
    assert found.heard(4) == [frozenset(each) for each in told]
    assert made(realm) == 1


def test_everything_is_read_while_the_stream_is_there_already(realm: Realm, listen: Listen) -> None:
    states: list[str] = []

    def first() -> None:
        states.extend(each["state"] for each in realm("GET", "/event-streams").json())
        realm("PATCH", "/products/1", {"price": 21})  # while everything is being read

    found = listen()
    found.first = first
    found.start()
    assert found.heard(2) == [EVERYTHING, frozenset({"products"})]
    assert states == ["active"]


def test_a_stream_that_is_cut_ends_and_the_next_is_a_new_one(realm: Realm, listen: Listen) -> None:
    found = listen().start()
    assert realm.admin("POST", "cut", {}).json() == {"cut": 1}
    assert found.ended() == Answer(Outcome.UNKNOWN, "the server ended the event stream")
    assert realm("GET", "/event-streams").json() == []
    again = listen().start()
    assert again.heard(1) == [EVERYTHING]
    assert made(realm) == 2


def test_a_stop_ends_it_at_once_wherever_it_is(realm: Realm, listen: Listen) -> None:
    found = listen().start()
    found.stop.set()
    assert found.ended() == Answer(Outcome.UNSENT, "this terminal is stopping")
    wait_until(lambda: realm("GET", "/event-streams").json() == [], what="the server to see that it was left")
    late = listen()
    late.stop.set()
    assert late.start().ended().words == "this terminal is stopping"
    closed = listen().start()
    closed.rest.close()
    assert closed.ended().outcome in (Outcome.UNKNOWN, Outcome.UNSENT)


def test_a_server_that_goes_away_ends_it(realm: Realm, listen: Listen) -> None:
    found = listen().start()
    realm.sandbox.away()
    assert found.ended().outcome is Outcome.UNKNOWN
    answer = listen().events.follow(nothing, found.stop)
    assert answer is not None
    assert answer.outcome is Outcome.UNSENT


def test_a_simulated_network_that_is_cut_carries_no_events(realm: Realm) -> None:
    network = CuttableNetwork()
    set_ = options(f"{realm.sandbox.base}/v1/", till=7)
    found = Listener(rest_of(set_, realm.clock.ms // 1000, network), set_).start()
    network.switch(up=False)
    assert found.ended() == Answer(Outcome.UNKNOWN, "the server ended the event stream")
    found.close()


def test_silence_is_the_end_of_a_stream(listen: Listen) -> None:
    found = listen(events_silence_s=0.5).start()
    assert found.ended() == Answer(Outcome.UNKNOWN, "nothing was heard from 127.0.0.1 for 0.5 s")


def test_words_now_and_then_keep_a_stream_however_long_the_head_may_take(realm: Realm, listen: Listen) -> None:
    found = listen(events_silence_s=30.0).start()
    with pytest.MonkeyPatch.context() as patch:  # its time-out is over, and the stream goes on
        patch.setattr(
            "terminal.backends.transport._left", lambda *_: pytest.fail("the head's time-out is asked")
        )
        realm("PATCH", "/products/1", {"price": 20})
        realm("PATCH", "/products/1", {"price": 21})
        assert found.heard(3)[1:] == [frozenset({"products"})] * 2


@pytest.mark.parametrize("signed", [False, True])
def test_a_stream_is_signed_for_only_where_that_is_wanted(
    realm: Realm, listen: Listen, monkeypatch: pytest.MonkeyPatch, *, signed: bool
) -> None:
    proofs: list[bool] = []
    noted(realm, monkeypatch, lambda request: proofs.append("authorization" in request.headers))
    listen(events_signed=signed).start()
    assert proofs == [signed]


# -- what may be listened to ---------------------------------------------------------------------------


def test_a_key_that_may_use_no_streams_asks_for_none(realm: Realm, listen: Listen) -> None:
    realm.only("show-products", "show-tills")
    found = listen()
    answer = found.events.follow(nothing, found.stop)
    assert answer is not None
    assert answer.outcome is Outcome.DENIED
    assert "use-event-streams" in answer.words
    assert made(realm) == 0


def test_only_what_may_be_seen_is_asked_for(realm: Realm, listen: Listen) -> None:
    realm.only("use-event-streams", "show-products", "show-tills")
    assert listen().start().heard(1) == [frozenset({"products", "tills"})]
    realm.only("use-event-streams", "show-vouchers")
    found = listen()
    answer = found.events.follow(nothing, found.stop)
    assert answer is not None
    assert (answer.outcome, made(realm)) == (Outcome.DENIED, 1)


def test_who_is_no_till_listens_to_none(realm: Realm, listen: Listen) -> None:
    assert listen(till=None).start().heard(1) == [EVERYTHING - {"tills"}]


def test_the_till_of_the_key_is_listened_to() -> None:
    script = Script()
    assert script.run()[0] == [EVERYTHING]
    assert script.queries() == [dict.fromkeys(EVERYTHING, "") | {"tills": "id:7"}]


def test_a_server_that_takes_no_such_query_tells_of_all_tills_and_ours_counts() -> None:
    script = Script(event("tills", id=8), event("tills", id=7))
    script.made.insert(0, httpx.Response(400, json={"message": "no such query"}))
    assert script.run()[0] == [EVERYTHING, frozenset({"tills"})]
    assert [each["tills"] for each in script.queries()] == ["id:7", ""]


def test_nobody_who_wants_no_events_asks_for_anything() -> None:
    script = Script()
    quiet = Events(script.listener.rest, Told(script.listener.rest, "main"), without(script.listener))
    assert quiet.follow(nothing, script.listener.stop) is None
    assert script.asked == []


# -- what a stream may say -----------------------------------------------------------------------------


def test_what_nobody_understands_is_harmless(caplog: pytest.LogCaptureFixture) -> None:
    script = Script(
        ": keep-alive\n",
        "data: {}\n",
        "data: []\n",
        "data: no json\n",
        event("planets", id=1),
        event("products", "merge", id=1),
        'data: {"operation": "update", "resource": "button-maps",\ndata: "payload": {"id": 3}, "new": 1}\n',
        "data: cut off",
    )
    with caplog.at_level(logging.DEBUG):
        heard, answer = script.run()
    assert heard == [EVERYTHING, frozenset({"products"}), frozenset({"button-maps"})]
    assert answer == Answer(Outcome.UNKNOWN, "the server ended the event stream")
    assert len([each for each in caplog.records if "passed over" in each.message]) == 1


def test_an_event_beyond_all_bounds_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(event("products", id=1), "data: " + 2_000_000 * "x")
    heard, answer = script.run()
    assert heard == [EVERYTHING, frozenset({"products"})]
    assert (answer.outcome, "longer than 1048576 bytes" in answer.words) == (Outcome.UNKNOWN, True)


@pytest.mark.parametrize(("told", "meant"), [("2500", 2500), ("9" * 9, LONGEST_RETRY_AFTER_MS)])
def test_a_server_may_say_when_it_is_asked_again(told: str, meant: int) -> None:
    assert Script(f"retry: {told}").run()[1].retry_after_ms == meant


# -- bad answers, and the secret -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (httpx.Response(403, json={"message": "no streams for you"}), Outcome.DENIED),
        (httpx.Response(404, json={"message": "what is that"}), Outcome.REFUSED),
        (httpx.Response(500), Outcome.UNKNOWN),
        (httpx.Response(200, json={"state": "pending"}), Outcome.UNKNOWN),
        (httpx.Response(200, json=[]), Outcome.UNKNOWN),
        (httpx.Response(200, json={"id": "x" * 1001}), Outcome.UNKNOWN),
        (httpx.Response(200, json={"id": ".."}), Outcome.UNKNOWN),
        (httpx.Response(200, json={"id": ""}), Outcome.UNKNOWN),
        (httpx.Response(200, content=b"<html>"), Outcome.UNKNOWN),
    ],
)
def test_without_a_stream_nothing_is_told(answer: httpx.Response, outcome: Outcome) -> None:
    script = Script()
    script.made = [answer, answer]
    heard, found = script.run()
    assert (heard, found.outcome) == ([], outcome)
    assert not any(each.url.path.endswith("/stream") for each in script.asked)


def test_a_realm_that_says_nothing_readable_is_asked_no_further() -> None:
    script = Script()
    script.info = {"hello": "world"}
    assert script.run()[1].outcome is Outcome.UNKNOWN
    assert len(script.asked) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 410])
def test_a_stream_that_is_gone_again_is_no_refusal_and_its_id_stays_secret(status: int) -> None:
    script = Script()
    words = f"there is no stream {ID}, nor s3cret%2Fstream%2Bid%3D%3D, nor S3CRET/STREAM+ID=="
    script.refuses = httpx.Response(status, json={"message": words})
    heard, answer = script.run()
    assert (heard, answer.outcome) == ([], Outcome.BUSY)
    assert "there is no stream [secret], nor [secret], nor [secret]" in answer.words


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("status", [401, 403])
def test_a_stream_that_wants_a_signature_says_what_to_try(status: int, *, signed: bool) -> None:
    script = Script(events_signed=signed)
    script.refuses = httpx.Response(status, json={"message": "who are you"})
    heard, answer = script.run()
    assert (heard, answer.outcome) == ([], Outcome.DENIED)
    assert ("events_signed = true" in answer.words) is not signed


def test_a_page_in_place_of_a_stream_is_none() -> None:
    script = Script("<html>")
    script.kind = "text/html"
    heard, answer = script.run()
    assert (heard, answer.outcome) == ([], Outcome.UNKNOWN)
    assert "is something else before it?" in answer.words


def test_the_id_stands_in_no_log_and_no_words(
    realm: Realm, listen: Listen, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: list[str] = []
    noted(realm, monkeypatch, lambda request: ids.append(request.params["id"]))
    with caplog.at_level(logging.DEBUG):
        found = listen().start()
        realm("PATCH", "/products/1", {"price": 20})
        found.heard(2)
        told = repr((found.events, found.rest, found.stop))
        realm.admin("POST", "cut", {})
        told += repr(found.ended())
    (secret,) = ids
    assert len(secret) >= 32
    assert secret not in caplog.text + told


def test_a_failure_on_the_way_names_no_address_of_a_stream() -> None:
    def network(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/stream"):
            raise httpx.ConnectError(f"cannot reach {request.url}", request=request)
        return httpx.Response(200, json={"id": ID} if request.method == "POST" else INFO)

    set_ = options("https://test.onslip360.com/v1/")
    script = Listener(rest_of(set_, 1, httpx.MockTransport(network)), set_)
    answer = script.events.follow(nothing, script.stop)
    assert answer is not None
    assert answer.outcome is Outcome.UNSENT
    assert "s3cret" not in answer.words.lower()


def test_no_thread_is_left(realm: Realm, listen: Listen) -> None:
    before = threading.active_count()
    found = listen().start()
    found.close()
    wait_until(lambda: threading.active_count() <= before, what="threads to end")
