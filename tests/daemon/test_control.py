"""The control socket, over a real Unix socket: what it answers, what it refuses, and what it never tells."""

import json

import pytest

from terminal.core.delivery import Outcome
from terminal.core.events import PairingAsked
from terminal.core.facts import EntryState, PersonDecided
from terminal.core.token import mask
from tests.daemon import control_making
from tests.daemon.control_making import Desk, park_one, refused
from tests.journal.making import NOW, TOKEN, debit, ended, started, unclaimed

unstarted = control_making.unstarted


@pytest.fixture
def desk(unstarted: Desk) -> Desk:
    unstarted.start()
    return unstarted


# -- looking -------------------------------------------------------------------------------------------


def test_what_can_be_seen(desk: Desk) -> None:
    assert desk.get("status") == (200, {"terminal": "coffee-1", "queue": {"queued": 1}})
    assert desk.get("devices") == (200, {"devices": [{"name": "front", "health": "ok"}]})
    assert desk.get("screen") == (200, {"notice": "ready"})
    assert desk.get("journal") == (200, {"entries": []})


def test_entries_have_their_shape_and_no_whole_token(desk: Desk) -> None:
    desk.journal.commit([debit()], NOW)
    status, body = desk.get("journal")
    assert status == 200
    (entry,) = body["entries"]
    assert entry["token"] == mask(TOKEN) != TOKEN
    assert {name: entry[name] for name in ("seq", "key", "kind", "backend", "amount", "state", "attempts")} == {
        "seq": 1,
        "key": "d1",
        "kind": "debit",
        "backend": "main",
        "amount": 250,
        "state": "queued",
        "attempts": 0,
    }
    assert entry["pieces"] == [{"id": "espresso", "name": "Espresso", "price": 250}]
    assert entry["created"]["wall_ms"] == NOW.wall_ms


def test_no_answer_holds_a_whole_token(desk: Desk) -> None:
    desk.journal.commit([debit(), started()], NOW)
    desk.journal.commit([ended(outcome=Outcome.REFUSED, state=EntryState.PARKED, words="no")], NOW)
    answers = [desk.get("journal"), desk.get("journal/1"), desk.get("journal?state=parked")]
    answers.append(desk.post("journal/1/retry", {"by": "the technician", "reason": "tried"}))
    assert [status for status, _ in answers] == [200] * 4
    text = json.dumps(answers, ensure_ascii=False)
    assert TOKEN not in text
    assert text.count(mask(TOKEN)) == 4


def test_the_list_by_state_and_number(desk: Desk) -> None:
    desk.journal.commit([debit(f"d{number}") for number in range(1, 8)], NOW)
    desk.journal.commit([unclaimed()], NOW)
    keys = lambda answer: [each["key"] for each in answer[1]["entries"]]  # noqa: E731 - here only
    assert keys(desk.get("journal?state=parked")) == ["u1"]
    assert keys(desk.get("journal?limit=2")) == ["u1", "d7"]
    assert keys(desk.get("journal?limit=2&state=queued")) == ["d7", "d6"]
    assert keys(desk.get("journal?state=delivered")) == []


def test_the_story_of_an_entry(desk: Desk) -> None:
    desk.journal.commit([debit(), started()], NOW)
    desk.journal.commit(
        [ended(outcome=Outcome.REFUSED, state=EntryState.PARKED, words="closed", status=422)], NOW
    )
    status, body = desk.get("journal/1")
    assert status == 200
    assert body["entry"]["state"] == "parked"
    assert [(each["what"], each["words"]) for each in body["events"]][-1][1] == "closed"
    assert all(set(each) == {"at", "what", "how", "words"} for each in body["events"])


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("journal?state=lost", 400, "found state 'lost'; expected one of queued, sending, "),
        ("journal?state=", 400, "expected one of"),
        ("journal?limit=0", 400, "found '0' as limit; expected a whole number from 1 to 1000"),
        ("journal?limit=1001", 400, "from 1 to 1000"),
        ("journal?limit=-1", 400, "from 1 to 1000"),
        ("journal?limit=", 400, "from 1 to 1000"),
        ("journal?limit=%D9%A3", 400, "from 1 to 1000"),  # a digit, but no ASCII one
        ("journal?limit=" + "9" * 5000, 400, "from 1 to 1000"),  # more than int() takes
        ("journal/0", 400, "as number of an entry"),
        ("journal/abc", 400, "as number of an entry"),
        ("journal/1e3", 400, "as number of an entry"),
        ("journal/" + "7" * 6000, 400, "as number of an entry"),
        ("journal/12", 404, "there is no entry 12"),
        (f"journal/{2**62}", 404, "there is no entry"),
        ("journal/12/void", 405, "understands only POST"),
        ("sync", 405, "understands only POST"),
        ("nothing", 404, "there is nothing at this address"),
    ],
)
def test_what_cannot_be_looked_at_is_a_sentence(desk: Desk, path: str, status: int, words: str) -> None:
    assert words in refused(desk.get(path), status)


# -- a person decides ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "state"), [("void", "voided"), ("retry", "queued")])
def test_a_named_person_decides(desk: Desk, action: str, state: str, caplog: pytest.LogCaptureFixture) -> None:
    park_one(desk)
    status, body = desk.post(f"journal/1/{action}", {"by": "the technician", "reason": "looked at the server"})
    assert (status, body["entry"]["state"]) == (200, state)
    assert desk.told == [PersonDecided("d1", action, "the technician", "looked at the server")]
    found = desk.journal.entry("d1")
    assert found is not None
    assert found.state is EntryState(state)
    assert [(each.what, each.how, each.words) for each in desk.journal.story(1).events][-1] == (
        "the technician",
        action,
        "looked at the server",
    )
    assert f"{action}: entry 1 by the technician: looked at the server" in caplog.text


@pytest.mark.parametrize("action", ["void", "retry"])
def test_a_decision_that_does_not_fit_is_refused(desk: Desk, action: str) -> None:
    desk.journal.commit([debit(), started(), ended()], NOW)
    before = desk.journal.entry("d1")
    refused(desk.post(f"journal/1/{action}", {"by": "the technician", "reason": "why not"}), 409)
    assert desk.journal.entry("d1") == before
    assert desk.told == [], "nobody acts on what was not written"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"by": "the technician"},
        {"reason": "why not"},
        {"by": "", "reason": "why not"},
        {"by": "  ", "reason": "why not"},
        {"by": "the technician", "reason": "\t"},
        {"by": "the technician", "reason": "why\n<0>not: a line of its own in the log"},
        {"by": "me\x1b[2J", "reason": "why not"},
        {"by": "E" * 101, "reason": "why not"},
        {"by": "the technician", "reason": "x" * 501},
        {"by": 5, "reason": "why not"},
        {"by": "the technician", "reason": "why not", "amount": 5},
        [],
        "void",
    ],
)
def test_a_decision_has_a_name_and_a_reason_of_one_line(desk: Desk, body: object) -> None:
    park_one(desk)
    refused(desk.post("journal/1/void", body), 400)
    found = desk.journal.entry("d1")
    assert found is not None
    assert found.state is EntryState.PARKED


def test_a_decision_is_bounded_and_sent_as_json(desk: Desk) -> None:
    park_one(desk)
    refused(desk.ask("POST", "journal/1/void", raw=b"{"), 400)
    refused(desk.ask("POST", "journal/1/void", raw=b" " * 70_000), 413)
    refused(desk.ask("POST", "journal/1/void"), 415)
    assert "there is no entry 9" in refused(desk.post("journal/9/void", {"by": "me", "reason": "no"}), 404)
    refused(desk.post("journal/x/void", {"by": "the technician", "reason": "no"}), 400)
    assert desk.journal.counts()[EntryState.PARKED] == 1


# -- services ------------------------------------------------------------------------------------------


def test_sync_and_reload(desk: Desk) -> None:
    assert desk.post("sync") == (200, {"queue": {"queued": 1}})
    assert desk.done == ["sync", "reload"], "the server is asked even where nothing waits"
    status, body = desk.post("catalogue/reload")
    assert (status, set(body)) == (200, {"words"})
    assert desk.done == ["sync", "reload", "reload"]


def test_pairing_is_asked_of_the_loop(desk: Desk) -> None:
    status, body = desk.post("pair", {"code": "1234-ABCD"})
    assert (status, set(body)) == (200, {"words"})
    assert desk.posted == [PairingAsked("1234-ABCD")]
    for code in ("", "12 34", "1" * 65, "a/b", 'x"', "12345678\n", 12345678):
        refused(desk.post("pair", {"code": code}), 400)
    assert len(desk.posted) == 1


# -- simulation ----------------------------------------------------------------------------------------


def test_hands_act_and_wait_for_what_follows(desk: Desk) -> None:
    assert desk.sim("tap", uid="04A1") == (200, {"words": "front: tap done."})
    assert desk.sim("tap", "front", uid="04A2", twice=True)[0] == 200
    assert desk.sim("coin", "slot", cents=50) == (200, {"words": "slot: coin done."})
    flush = ("flush", 5)
    assert desk.done == [("tap", "04A1", False), flush, ("tap", "04A2", True), flush, ("coin", 50), flush]


@pytest.mark.parametrize(
    ("verb", "device", "args", "status", "words"),
    [
        ("tap", "", {"uid": ""}, 409, "a card has a UID"),
        ("tap", "", {}, 400, "'tap' takes uid, twice; found nothing"),
        ("tap", "", {"uid": "04", "more": 1}, 400, "'tap' takes uid, twice; found uid, more"),
        ("unplug", "", {}, 409, "several devices know 'unplug': say which one of front, slot"),
        ("unplug", "front", {"hard": True}, 400, "'unplug' takes nothing; found hard"),
        ("coin", "front", {"cents": 1}, 404, "'front' does not know 'coin'"),
        ("dance", "", {}, 404, "no simulated device knows 'dance'"),
        ("tap", "rear", {"uid": "04"}, 404, "there is no simulated device 'rear'; there are front, slot"),
        ("network", "", {}, 400, "the network is switched by"),
        ("network", "", {"up": "no"}, 400, "the network is switched by"),
    ],
)
def test_what_a_hand_cannot_do_is_a_sentence(
    desk: Desk, *, verb: str, device: str, args: dict[str, object], status: int, words: str
) -> None:
    assert words in refused(desk.sim(verb, device, **args), status)
    assert desk.done == []


def test_an_unplugged_one_of_several_is_named(desk: Desk) -> None:
    assert desk.sim("unplug", "slot")[0] == 200
    assert desk.done[0] == "slot unplugged"


def test_the_network_is_cut_and_mended(desk: Desk) -> None:
    assert desk.sim("network", up=False) == (200, {"words": "The network is cut."})
    assert desk.sim("network", up=True) == (200, {"words": "The network is there."})
    assert desk.done == [("network", False), ("network", True)]


def test_a_mistake_inside_of_a_hand_is_no_answer_to_a_person(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    words = refused(desk.sim("coin", cents=13), 500)
    assert "mistake" not in words
    assert "a mistake inside of the driver" in caplog.text, "the log says why"


@pytest.mark.parametrize("verb", ["tap", "network"])
def test_a_real_terminal_has_no_hands(unstarted: Desk, verb: str) -> None:
    unstarted.start(real=True)
    assert "no device of this terminal is simulated" in refused(unstarted.sim(verb, up=True), 409)
    assert unstarted.done == []
