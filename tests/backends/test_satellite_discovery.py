"""Device discovery: how a terminal gets its credentials."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.bearer import Credentials
from terminal.backends.satellite.access import agent
from terminal.backends.satellite.discovery import (
    Discovery,
    DiscoveryError,
    Found,
    Waiting,
    checked_address,
    discover,
)
from tests.backends.satellite_making import CLIENT_ID, CLIENT_SECRET, HOST

ADDRESS = f"{HOST}/api/v5/device-request/new.json"
SECRET = "owsso0wssogksk4s8gwg4gksw4w0"
PENDING = {
    "id": 24,
    "code": "83A",
    "secret": SECRET,
    "agent": "x",
    "apiUrl": f"{HOST}/api",
    "createdAt": "2017-10-03T10:17:55+13:00",
}
ADDED = {
    **PENDING,
    "clientId": CLIENT_ID,
    "clientSecret": CLIENT_SECRET,
    "clearedStatus": "added",
}


class Page:
    """A server that answers as it is told, one answer after the other; the last again and again."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        agent_said = request.headers["user-agent"]
        assert "authorization" not in request.headers
        assert request.headers["content-type"] == "application/json"
        self.asked.append((request.method, str(request.url), agent_said, json.loads(request.content)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def told(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(body).encode(), headers=headers)


class Time:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.paused: list[float] = []

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.now += seconds


def asking(page: Page, **more: str) -> Discovery:
    sent_by = agent("terminald", "83A", "kiosk-1")
    return Discovery(ADDRESS, "83A", SECRET, agent=sent_by, transport=httpx.MockTransport(page), **more)


def through(page: Page, time: Time, limit_s: float = 600) -> list[Found | Waiting]:
    discovery = asking(page)
    return list(discover(discovery.ask, limit_s=limit_s, every_s=5, clock=lambda: time.now, pause=time.pause))


def test_it_asks_with_one_secret_until_somebody_has_pressed_add() -> None:
    page, time = Page(told(PENDING), told(PENDING), told(ADDED)), Time()
    answers = through(page, time)
    waiting = Waiting("Press Add beside 83A on the Device Discovery page (request 24)", 24)
    assert answers == [waiting, waiting, Found(Credentials(CLIENT_ID, CLIENT_SECRET), f"{HOST}/api")]
    assert [(method, url, body) for method, url, _, body in page.asked] == [
        ("POST", ADDRESS, {"code": "83A", "secret": SECRET})
    ] * 3
    assert all(said.startswith("terminald/") and "/83A (" in said for _, _, said, _ in page.asked)
    assert time.paused == [5, 5]


def test_a_wish_is_sent_with_it() -> None:
    page = Page(told(ADDED))
    assert isinstance(asking(page, preferred_type="checkin").ask(), Found)
    assert page.asked[0][3] == {"code": "83A", "secret": SECRET, "preferredType": "checkin"}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
        told({}, 500),
        told({}, 502),
        told({}, 503),
        told({}, 429),
        told({"message": "Not Found"}, 404),
        httpx.Response(404, text="<html>"),
        told({}, 410),
    ],
    ids=str,
)
def test_what_may_pass_is_waited_for(answer: httpx.Response | Exception) -> None:
    answers = through(Page(answer, told(ADDED)), Time())
    assert [type(each) for each in answers] == [Waiting, Found]
    assert isinstance(answers[0], Waiting)
    assert answers[0].words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (told({"message": "in use"}, 409), "refuses the code 83A: in use. If another device has it, choose"),
        (told({"message": "bad"}, 400), "refuses the code 83A: bad"),
        (told({}, 403), "refuses the code 83A"),
        (told({}, 302, Location="https://evil.example/"), "never followed"),
        (told({}, 307, Location="https://evil.example/"), "never followed"),
        (told({**PENDING, "code": "84"}), "no Device Discovery"),
        (told({"hello": 1}), "no Device Discovery"),
        (httpx.Response(200, text="<html>"), "no Device Discovery"),
        (told({**PENDING, "secret": "another"}), "Another device has asked under the code 83A"),
        (told({**PENDING, "clearedStatus": "rejected"}), "not added, but 'rejected'"),
        (told({**ADDED, "clientSecret": "two words"}), "printable ASCII"),
        (told({**ADDED, "clientId": "grüße"}), "printable ASCII"),
    ],
)
def test_what_does_not_pass_ends_it_with_a_sentence(answer: httpx.Response, words: str) -> None:
    page = Page(answer)
    with pytest.raises(DiscoveryError, match=words) as failed:
        through(page, Time())
    assert len(page.asked) == 1
    assert "evil" not in str(failed.value)
    assert SECRET not in str(failed.value)


def test_it_does_not_wait_for_ever() -> None:
    page, time = Page(told(PENDING)), Time()
    with pytest.raises(DiscoveryError, match=r"within 60 s. The last answer: Press Add beside 83A"):
        through(page, time, limit_s=60)
    assert len(page.asked) == 12
    assert sum(time.paused) <= 60


def test_nothing_tells_the_secrets() -> None:
    page = Page(told({"message": f"no {SECRET.upper()}"}, 500))
    discovery = asking(page)
    found = Found(Credentials(CLIENT_ID, CLIENT_SECRET), "")
    heard = repr((discovery, discovery.ask(), found, str(found)))
    assert "[secret]" in heard
    for secret in (SECRET, CLIENT_ID, CLIENT_SECRET):
        assert secret.lower() not in heard.lower()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "no address"),
        ("83A", "no address"),
        ("ftp://example.org/api/device-request/new", "no address"),
        ("https://user:pw@example.org/api/device-request/new", "no address"),
        ("https://[/api/device-request/new", "no address"),
        ("https://example.org:port/api/device-request/new", "no address"),
        ("https://example.org/api/device-request/new two", "no address"),
        ("https://exämple.org/api/device-request/new", "no address"),
        ("https://example.org/", "its path ends in /device-request/new"),
        ("https://example.org/api/device-request/new/../../x", "its path ends in"),
        ("http://example.org/api/device-request/new", "--allow-http"),
    ],
)
def test_an_address_that_credentials_may_not_come_from(address: str, words: str) -> None:
    with pytest.raises(DiscoveryError, match=words):
        checked_address(address, allow_http=False)


@pytest.mark.parametrize(
    "address",
    [
        ADDRESS,
        f" {HOST}/api/device-request/new\n",
        f"{HOST}/api/device-request/new?x=1",
        "http://127.0.0.1:8091/api/v5/device-request/new.json",
    ],
)
def test_an_address_of_the_page(address: str) -> None:
    assert checked_address(address, allow_http=False) == address.strip()
    open_one = address.replace("https://", "http://")
    assert checked_address(open_one, allow_http=True) == open_one.strip()


@given(status=st.integers(200, 599), body=st.binary(max_size=300))
def test_no_answer_raises_anything_but_a_sentence(status: int, body: bytes) -> None:
    discovery = asking(Page(httpx.Response(status, content=body)))
    try:
        answer: object = discovery.ask()
    except DiscoveryError as error:
        answer = error
    assert str(answer)


@given(
    st.dictionaries(
        st.sampled_from([*ADDED, "clearedStatus"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()) | st.just("83A"),
    )
)
def test_no_object_raises_anything_but_a_sentence(body: dict[str, Any]) -> None:
    discovery = asking(Page(told(body)))
    try:
        answer: object = discovery.ask()
    except DiscoveryError as error:
        answer = error
    assert isinstance(answer, Found | Waiting | DiscoveryError)
