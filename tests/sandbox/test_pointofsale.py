"""The sandbox's server is as strict as its contract, in each dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from terminal.sandbox import Fault, Sandbox
from tests.sandbox.conftest import UID, Client

Open = Callable[..., tuple[Sandbox, Client]]
GOOD = {"products": ["espresso"], "description": "Coffee"}


# -- the documentation's examples ----------------------------------------------------------------------


def test_the_terminal(open_sandbox: Open) -> None:
    _, ask = open_sandbox(permission="debit")
    answer = ask("GET", "/pos/terminal")
    assert answer.json() == {
        "data": {
            "id": "sandbox",
            "friendly_name": "Sandbox",
            "permission": "debit",
            "products": [
                {"id": "espresso", "friendly_name": "Espresso", "price": 25},
                {"id": "cappuccino", "friendly_name": "Cappucino", "price": 50},
            ],
        }
    }


def test_a_wallet(open_sandbox: Open) -> None:
    _, ask = open_sandbox(now_ms=lambda: 1_635_713_051_000)
    assert ask("GET", f"/pos/wallets/token/{UID}").json() == {
        "data": {
            "id": "wal_00000001",
            "token_id": UID,
            "created_at": "2021-10-31T20:44:11.000000Z",
            "balance": 150,
            "paired_user": "max.mustermann",
        }
    }


def test_a_debit_and_its_repeat(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox()
    order = {
        "products": ["espresso", "espresso", "cappuccino"],
        "description": "Your coffee order in H building",
        "tag": "coffee",
        "idempotency_key": "0QwKc2c9jUIxPyaHEjYQ",
    }
    first, second = ask.book(order), ask.book(order)
    assert (first.status_code, second.status_code) == (200, 202)
    assert first.json()["data"]["balance"] == second.json()["data"]["balance"] == 50
    assert sandbox.counters()["debits"] == {"count": 1, "sum": 100}
    assert sandbox.counters()["repeats"] == 1


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic s3cr3t-T0ken", "s3cr3t-T0ken"])
@pytest.mark.parametrize("dialect", ["documented", "pretix"])
def test_who_is_not_known_gets_401_everywhere(open_sandbox: Open, dialect: str, header: str | None) -> None:
    sandbox, ask = open_sandbox(dialect=dialect)
    slash = "/" if dialect == "pretix" else ""
    wallet = f"/pos/wallets/token/{UID}{slash}"
    headers = {"headers": {"Authorization": header}}
    for method, path in (("GET", f"/pos/terminal{slash}"), ("GET", wallet), ("PUT", wallet)):
        assert ask(method, path, **headers).status_code == 401
    assert ask.book(GOOD, **headers).status_code == 401
    assert sandbox.counters()["debits"] == {"count": 0, "sum": 0}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "products"),
        ({**GOOD, "products": []}, "products"),
        ({**GOOD, "products": "espresso"}, "products"),
        ({**GOOD, "products": ["tea"]}, "products"),
        ({**GOOD, "products": [1]}, "products"),
        ({**GOOD, "products": [True]}, "products"),
        ({**GOOD, "products": [["espresso"]]}, "products"),
        ({**GOOD, "products": ["espresso", None]}, "products"),
        ({"products": ["espresso"]}, "description"),
        ({**GOOD, "description": ""}, "description"),
        ({**GOOD, "description": 5}, "description"),
        ({**GOOD, "tag": 5}, "tag"),
        ({**GOOD, "idempotency_key": 5}, "idempotency_key"),
        ({**GOOD, "idempotency_key": ""}, "idempotency_key"),
        ({**GOOD, "idempotency_key": "x" * 256}, "idempotency_key"),
        ({**GOOD, "price": 5}, "price"),
        ({**GOOD, "amount": 5}, "amount"),
        ({"description": "x", "amount": 1.5}, "amount"),
        ({"description": "x", "amount": "5"}, "amount"),
        ({"description": "x", "amount": True}, "amount"),
        ({"description": "x", "amount": 0}, "amount"),
    ],
)
def test_a_wrong_booking_gets_400_with_the_field(open_sandbox: Open, body: object, field: str) -> None:
    sandbox, ask = open_sandbox()
    answer = ask.book(body)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert len(sandbox.ledger.transactions()) == 1


def test_all_mistakes_are_told_at_once(open_sandbox: Open) -> None:
    _, ask = open_sandbox()
    assert set(ask.book({"tag": 5, "price": 1}).json()["errors"]) == {"products", "description", "tag", "price"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff"])
def test_a_body_that_is_no_object_gets_400(open_sandbox: Open, content: bytes) -> None:
    _, ask = open_sandbox()
    path, headers = f"/pos/wallets/token/{UID}/transactions", {"Content-Type": "application/json"}
    assert ask("POST", path, content=content, headers=headers).status_code == 400


def test_a_form_gets_415(open_sandbox: Open) -> None:
    _, ask = open_sandbox()
    answer = ask("POST", f"/pos/wallets/token/{UID}/transactions", data={"description": "x"})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["message"]


@pytest.mark.parametrize(
    ("permission", "debit", "credit"), [("debit", 200, 403), ("credit", 403, 200), ("all", 200, 200)]
)
def test_permission(open_sandbox: Open, permission: str, debit: int, credit: int) -> None:
    sandbox, ask = open_sandbox(permission=permission)
    assert ask.book(GOOD).status_code == debit
    assert ask.book({"amount": -5, "description": "x"}).status_code == debit
    assert ask.book({"amount": 5, "description": "x"}).status_code == credit
    wallet = sandbox.ledger.wallet(UID)
    assert wallet is not None
    assert wallet.balance == 150 + (0 if debit == 403 else -30) + (0 if credit == 403 else 5)


def test_unknown_tokens_and_addresses_get_404(open_sandbox: Open) -> None:
    _, ask = open_sandbox()
    assert ask("GET", "/pos/wallets/token/04ffffff").status_code == 404
    assert ask("GET", f"/pos/wallets/token/{UID.upper()}").status_code == 404
    assert ask.book(GOOD, uid="04ffffff").status_code == 404
    assert ask("GET", "/pos/terminal/").status_code == 404
    assert ask("DELETE", f"/pos/wallets/token/{UID}").status_code == 405


@pytest.mark.parametrize(
    ("uid", "body", "status"),
    [
        ("04ffffff", {"pairing_code": "12345678"}, 200),
        ("04ffffff", {"pairing_code": "00000000"}, 404),
        ("04ffffff", {"pairing_code": "1234"}, 400),
        ("04ffffff", {"pairing_code": 12345678}, 400),
        ("04ffffff", {"pairing_code": "12345678", "more": 1}, 400),
        ("04ffffff", [], 400),
        ("04FFFFFF", {"pairing_code": "12345678"}, 400),
        ("04ffff", {"pairing_code": "12345678"}, 400),
    ],
)
def test_pairing(open_sandbox: Open, uid: str, body: object, status: int) -> None:
    sandbox, ask = open_sandbox()
    sandbox.ledger.add_code("12345678", "erika")
    answer = ask("PUT", f"/pos/wallets/token/{uid}", json=body)
    assert answer.status_code == status
    assert (sandbox.ledger.wallet(uid) is not None) == (status == 200)
    if status == 200:
        assert answer.json()["data"]["paired_user"] == "erika"


def test_a_balance_may_fall_below_zero_unless_it_may_not(open_sandbox: Open) -> None:
    _, ask = open_sandbox()
    assert ask.book({"amount": -500, "description": "x"}).json()["data"]["balance"] == -350
    _, ask = open_sandbox(overdraft=False)
    assert ask.book({"amount": -150, "description": "x"}).json()["data"]["balance"] == 0
    assert ask.book({"amount": -1, "description": "x"}).status_code == 400
    assert ask.book({"amount": 1, "description": "x"}).status_code == 200


# -- the plugin ----------------------------------------------------------------------------------------


def test_the_plugin_redirects_what_lacks_a_slash(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox(dialect="pretix")
    answer = ask("POST", f"/pos/wallets/token/{UID}/transactions", json=GOOD)
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/transactions/")
    assert sandbox.counters()["debits"] == {"count": 0, "sum": 0}


def test_the_plugin_answers_bare_and_201_and_ignores_keys(open_sandbox: Open) -> None:
    _, ask = open_sandbox(dialect="pretix")
    order = {"products": [1, 2], "description": "Coffee", "idempotency_key": "k"}
    first, second = (ask.book(order, headers={"X-Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.json()["balance"], second.json()["balance"]) == (75, 0)
    assert ask("GET", f"/pos/wallets/token/{UID}/").json()["balance"] == 0


def test_the_plugin_crashes_on_a_token_that_it_does_not_know(open_sandbox: Open) -> None:
    _, ask = open_sandbox(dialect="pretix")
    assert ask.book({"products": [1], "description": "x"}, uid="04ffffff").status_code == 500
    assert ask("GET", "/pos/wallets/token/04ffffff/").json() == {"detail": "Not found."}


def test_the_plugin_has_neither_amounts_nor_text_ids(open_sandbox: Open) -> None:
    _, ask = open_sandbox(dialect="pretix")
    assert set(ask.book({"amount": 5, "description": "x"}).json()) == {"amount", "products"}
    assert set(ask.book({"products": ["1"], "description": "x"}).json()) == {"products"}


def test_the_plugin_pages(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox(dialect="pretix")
    client = {"json": {"products": [{"id": n, "name": str(n), "price": n} for n in range(1, 4)]}}
    assert ask.admin("POST", "seed", client["json"]).status_code == 200
    first = ask("GET", "/pos/terminal/").json()
    assert set(first) == {"data", "links"}
    assert set(first["data"]) == {"products"}
    assert len(first["data"]["products"]) == 2
    assert first["links"]["next"] == f"{sandbox.url}pos/terminal/?page=2"
    second = ask("GET", "/pos/terminal/?page=2").json()
    assert [each["id"] for each in second["data"]["products"]] == [3]
    assert second["links"]["next"] is None
    for page in ("3", "0", "x"):
        assert ask("GET", f"/pos/terminal/?page={page}").status_code == 404


# -- keys in the header --------------------------------------------------------------------------------


def _keyed(ask: Client, key: str = "k", **more: Any) -> int:
    return ask.book(
        {"products": [1], "description": "x"}, headers={"X-Idempotency-Key": key, **more}
    ).status_code


def test_the_core_of_pretix_replays_an_answer_for_a_day(open_sandbox: Open) -> None:
    now_ms = [1_700_000_000_000]
    sandbox, ask = open_sandbox(dialect="pretix", keys="header-24h", now_ms=lambda: now_ms[0])
    assert [_keyed(ask), _keyed(ask), _keyed(ask, "other")] == [201, 201, 201]
    assert sandbox.counters()["debits"] == {"count": 2, "sum": 50}
    now_ms[0] += 86_400_001
    assert _keyed(ask) == 201
    assert sandbox.counters()["debits"] == {"count": 3, "sum": 75}


def test_a_key_counts_only_with_its_secret(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox(dialect="pretix", keys="header-24h")
    _keyed(ask)
    sandbox.roll("an0ther")
    assert _keyed(ask) == 201
    assert sandbox.counters()["debits"] == {"count": 2, "sum": 50}


def test_a_refusal_is_replayed_too_and_a_crash_is_not(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox(dialect="pretix", keys="header-24h")
    order = {"products": [9], "description": "x"}
    assert ask.book(order, headers={"X-Idempotency-Key": "a"}).status_code == 400
    assert _keyed(ask, "a") == 400
    headers = {"X-Idempotency-Key": "b"}
    good = {"products": [1], "description": "x"}
    assert ask.book(good, uid="04ffffff", headers=headers).status_code == 500
    sandbox.add_wallet("04ffffff", 50)
    assert ask.book(good, uid="04ffffff", headers=headers).status_code == 201


def test_while_the_twin_is_running_a_repeat_gets_409(open_sandbox: Open) -> None:
    sandbox, ask = open_sandbox(dialect="pretix", keys="header-24h")
    answers: list[int] = []

    def twin(*_: object) -> object:
        sandbox.faults.clear()
        answers.append(_keyed(ask))
        return real(*_)  # type: ignore[arg-type]

    real = sandbox.faults.after
    sandbox.faults.after = twin  # type: ignore[method-assign,assignment]
    sandbox.faults.set(Fault(kind="delay", after=True, ms=0))
    other = Client(sandbox)
    answers.append(_keyed(other))
    other.close()
    assert answers[0] == 409
    assert answers[-1] == 201
    assert sandbox.counters()["debits"] == {"count": 1, "sum": 25}
