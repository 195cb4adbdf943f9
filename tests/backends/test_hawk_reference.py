"""Hawk by its reference, Mozilla's own verifier: what our client sends is accepted, and nothing else is."""

from __future__ import annotations

import json
import os
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from terminal.backends import hawk
from terminal.backends.hawk import Target
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found, Listed
from terminal.backends.onslip.rest_paths import Search, entity, listing
from tests.backends.onslip_rest_making import KEY, SHOWN, client
from tests.support import needs

LIBRARY = "/usr/share/nodejs"
TILL = entity("demo.example", "tills", 7)
PRODUCTS = listing("demo.example", "products")
SEARCH = Search('updated>"2026-01-01T00:00:00.000Z"', "name", deleted=True)
POSSESSED = f"{KEY.id} usr:anna@demo.example"

Judge = Callable[..., dict[str, Any]]


def now_s() -> int:
    """The reference compares with this machine's clock."""
    return time.time_ns() // 10**9


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """Ask the reference about a request."""
    needs.file(f"{LIBRARY}/hawk/package.json", "node-hawk")
    command = [needs.program("node"), str(Path(__file__).with_name("hawk_reference.js"))]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"NODE_PATH": LIBRARY},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asks, answers = process.stdin, process.stdout

        def judge(request: dict[str, Any], payload: bytes | None, id: str = KEY.id) -> dict[str, Any]:  # noqa: A002 - as the reference calls it
            encoded = None if payload is None else b64encode(payload).decode()
            asked = {"request": request, "payload": encoded, "id": id, "key": SHOWN}
            asks.write(json.dumps(asked) + "\n")
            asks.flush()
            return dict(json.loads(answers.readline()))

        yield judge
        asks.close()


def sent(call: Callable[[Onslip], Any], acting_for: str = "") -> tuple[dict[str, Any], bytes | None]:
    """What our client sends for *call*, as the reference wants to have it."""
    requests: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, content=b"[]")

    onslip = client(keep, wall_s=now_s, acting_for=acting_for)
    assert isinstance(call(onslip), Found | Listed)
    onslip.close()
    (request,) = requests
    body = request.read()
    return {
        "method": request.method,
        "url": request.url.raw_path.decode("ascii"),
        "host": request.headers["host"],
        "port": 443,
        "authorization": request.headers["authorization"],
        "contentType": request.headers.get("content-type", ""),
    }, body or None


def listed(onslip: Onslip) -> Any:
    return onslip.list(PRODUCTS, 30, SEARCH)


def patched(onslip: Onslip) -> Any:
    return onslip.patch(TILL, {"description": "Kaffeautomat på övervåningen ☕"}, 30)


CALLS = pytest.mark.parametrize(
    "call",
    [
        listed,
        patched,
        lambda it: it.get(TILL, 30, etag='"a"'),
        lambda it: it.get(
            entity("demo.example", "locations", 2, "stock-balances", "@2016-12-31T23:00:00Z"), 30
        ),
        lambda it: it.post(TILL, None, 30),
        lambda it: it.put(TILL, {"name": "door"}, 30, etag='"a"'),
        lambda it: it.delete(TILL, 30),
        lambda it: it.report(TILL, {"type": "revisions"}, 30),
    ],
)


@CALLS
def test_what_our_client_sends_is_accepted(judge: Judge, call: Callable[[Onslip], Any]) -> None:
    assert judge(*sent(call)) == {"accepted": True}


def test_acting_for_another_is_accepted_under_both_ids(judge: Judge) -> None:
    request, body = sent(patched, acting_for="anna")
    assert judge(request, body, POSSESSED) == {"accepted": True}
    assert judge(request, body)["error"] == "Unknown credentials"


def test_of_a_content_type_only_the_kind_is_signed(judge: Judge) -> None:
    request, body = sent(patched)
    assert body is not None
    told = "Application/JSON; charset=utf-8"
    target = Target(request["method"], request["url"], request["host"], 443)
    signed = hawk.header(KEY, target, ts=now_s(), nonce="n1", content_type=told, body=body)
    assert judge(request | {"contentType": told, "authorization": signed}, body) == {"accepted": True}
    assert judge(request | {"contentType": told}, body) == {"accepted": True}
    assert judge(request | {"contentType": "text/plain"}, body)["error"] == "Bad payload hash"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"method": "PUT"}, "Bad mac"),
        ({"url": "/v1/~demo.example/tills/8"}, "Bad mac"),
        ({"host": "api.onslip360.com"}, "Bad mac"),
        ({"port": 8443}, "Bad mac"),
    ],
)
def test_a_request_that_was_changed_is_refused(judge: Judge, change: dict[str, Any], error: str) -> None:
    request, body = sent(patched)
    assert judge(request | change, body)["error"] == error


@pytest.mark.parametrize("attribute", ["hash", "mac", "nonce", "ts"])
def test_a_signature_that_was_changed_is_refused(judge: Judge, attribute: str) -> None:
    request, body = sent(patched)
    value = hawk.attributes(request["authorization"])[attribute]
    other = value[:-2] + ("0" if value[-2] != "0" else "1") + value[-1]
    changed = request["authorization"].replace(f'{attribute}="{value}"', f'{attribute}="{other}"')
    assert changed != request["authorization"]
    assert judge(request | {"authorization": changed}, body)["error"] == "Bad mac"


def test_a_body_that_was_changed_is_refused(judge: Judge) -> None:
    request, body = sent(patched)
    assert judge(request, (body or b"") + b" ")["error"] == "Bad payload hash"


def test_a_parameter_that_was_added_is_refused(judge: Judge) -> None:
    request, body = sent(listed)
    assert judge(request | {"url": request["url"] + ";x=1"}, body)["error"] == "Bad mac"


def test_a_request_that_is_sent_again_as_it_was_is_refused(judge: Judge) -> None:
    request, body = sent(patched)
    seen = [hawk.attributes(request["authorization"])["nonce"]]
    assert judge(request | {"seen": seen}, body)["error"] == "Invalid nonce"


def test_an_old_request_is_refused_with_the_servers_time_and_its_proof(judge: Judge) -> None:
    target = Target("GET", "/v1/~demo.example/tills/7", "test.onslip360.com", 443)
    asked = now_s()
    request = {
        "method": target.method,
        "url": target.path,
        "host": target.host,
        "port": target.port,
        "authorization": hawk.header(KEY, target, ts=asked - 300, nonce="n2"),
    }
    refused = judge(request, None)
    assert refused["error"] == "Stale timestamp"
    told = hawk.server_time(KEY, refused["challenge"])
    assert told is not None
    assert told >= asked
    again = request | {"authorization": hawk.header(KEY, target, ts=told, nonce="n3")}
    assert judge(again, None) == {"accepted": True}
