"""An OnlinePOS that answers otherwise than its page tells: what a terminal makes of a stranger's card then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_wallet_making import CREDENTIAL, moment, order

NUMBER = "0400A1B2"
Open = Callable[[httpx.Response], OnlinePosServer]


@pytest.fixture(params=["rfid", "number"])
def open_pos(request: pytest.FixtureRequest) -> Iterator[Open]:
    opened: list[OnlinePosServer] = []

    def open_(answer: httpx.Response) -> OnlinePosServer:
        options = OnlinePosServer.Options(url="https://pos.example.org/api", cards=request.param)
        transport = httpx.MockTransport(lambda _: answer)
        opened.append(
            OnlinePosServer(
                "main", options, terminal_id="t", credential=lambda: CREDENTIAL, transport=transport
            )
        )
        return opened[-1]

    yield open_
    for pos in opened:
        pos.close()


@pytest.mark.parametrize(
    "answer",
    [
        {"json": {"ERROR": "Ukendt kort"}},
        {"json": {"status": "ERROR", "error": "Kortet findes ikke"}},
        {"content": '<?xml version="1.0" encoding="ISO-8859-1"?><fail> Ukendt kort </fail>'.encode("latin-1")},
        {"json": {"message": "No query results"}, "status_code": 404},
        {"json": {"error": "Bad input"}, "status_code": 400},
    ],
)
def test_a_card_that_the_server_refuses_is_no_wallet_and_no_failure(
    open_pos: Open, answer: dict[str, Any]
) -> None:
    """It is there: nothing is sold offline for such a card, and nobody else waits because of it."""
    pos = open_pos(httpx.Response(**{"status_code": 200, **answer}))
    reply = pos.balance(NUMBER, ENOUGH_S)
    assert reply.answer is WalletAnswer.NOT_PAIRED
    assert reply.words
    assert NUMBER not in reply.words
    told = pos.evidence(order(uid=NUMBER), None, moment(0), ENOUGH_S)
    assert isinstance(told, Answer)
    assert told.outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 500},
        {"status_code": 503, "text": "<html>Later</html>"},
        {"text": "<html>Log in</html>"},
        {"status_code": 404, "text": "<html>Not Found</html>"},
        {"content": b'<?xml version="1.0" encoding="ISO-8859-1"?><fail> Ukendt kort \xc3\xb8 </fail>'},
        {"content": b"<fail> Ukendt kort &oslash; </fail>"},
        {"content": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><fail>&x;</fail>'},
    ],
)
def test_what_may_be_something_before_the_server_says_nothing_of_a_card(
    open_pos: Open, answer: dict[str, Any]
) -> None:
    pos = open_pos(httpx.Response(**{"status_code": 200, **answer}))
    assert pos.balance(NUMBER, ENOUGH_S).answer is WalletAnswer.NO_ANSWER
    told = pos.evidence(order(uid=NUMBER), None, moment(0), ENOUGH_S)
    assert isinstance(told, Answer)
    assert told.outcome in (Outcome.UNKNOWN, Outcome.BUSY)
    assert "passwd" not in told.words
    assert pos.deliver(order(uid=NUMBER), ENOUGH_S).outcome in (Outcome.UNSENT, Outcome.BUSY)


@pytest.mark.parametrize(
    "words", ["Hash Not Matching!", "You don't have access to this call!", "", "<html>No</html>"]
)
def test_a_denial_of_the_terminal_is_none_of_the_card(open_pos: Open, words: str) -> None:
    pos = open_pos(httpx.Response(403, text=words))
    assert pos.balance(NUMBER, ENOUGH_S).answer is WalletAnswer.DENIED
    assert pos.deliver(order(uid=NUMBER), ENOUGH_S).outcome is Outcome.DENIED
