"""The OnlinePOS server: who is let in, with which hash, and how a refusal looks."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.sandbox.onlinepos.rules import HashScheme
from terminal.sandbox.onlinepos.things import Company
from tests.sandbox.shop import CARD, CHIP, FIRMAID, KEY, OTHER, TOKEN, Shop, sha1, sha256, told

NOBODY: list[dict[str, str | None]] = [
    {"token": None}, {"token": "wrong"}, {"firmaid": None}, {"firmaid": "9000"}, {"firmaid": "77"},
    {"firmaid": "x"},
]  # fmt: skip


@pytest.mark.parametrize("headers", NOBODY)
@pytest.mark.parametrize("path", ["getProducts", "offer", "exportSales/v20"])
def test_both_headers_have_to_fit_each_other(shop: Shop, headers: dict[str, str | None], path: str) -> None:
    answer = shop("GET", path, **headers)
    assert (answer.status_code, answer.text) == (403, "User not found!")


def test_a_call_may_be_denied(shop: Shop) -> None:
    shop.pos.know([Company(firmaid=7, token=OTHER, key=OTHER, denied=("deposit",))])
    answer = shop("POST", "deposit", token=OTHER, firmaid="7")
    assert (answer.status_code, answer.text) == (403, "You don't have access to this call!")
    assert shop("GET", "getProducts", token=OTHER, firmaid="7").status_code == 200


@pytest.mark.parametrize(
    ("dress", "kind", "text"),
    [
        ("text", "text/html; charset=UTF-8", "User not found!"),
        ("json", "application/json", '{"error":"User not found!"}'),
        (
            "xml",
            "application/xml",
            '<?xml version="1.0" encoding="ISO-8859-1"?>\n<fail>User not found!</fail>',
        ),
        ("empty", None, ""),
    ],
)
def test_a_403_may_be_dressed_differently(open_shop: Any, dress: str, kind: str | None, text: str) -> None:
    answer = open_shop(rules={"forbidden": dress})("GET", "getProducts", token=OTHER)
    assert (answer.status_code, answer.headers.get("content-type"), answer.text) == (403, kind, text)


FORMS = [
    ("deposit", {"cardnumber": CARD, "amount": "1"}),
    ("addCard", {"type": "2"}),
    ("editCard", {"cardnumber": CARD, "name": "x"}),
    ("campaign/cardInfo", {"CardNo": CARD}),
    (
        "createVoucher",
        {"voucherno": "V1", "campaignid": "27", "start_date": "20250101", "end_date": "20260101"},
    ),
    ("updateStock", {"ean": "0001", "amount": "1", "type": "2", "orderno": "1"}),
]


@pytest.mark.parametrize(("path", "values"), FORMS)
@pytest.mark.parametrize("given", [None, "", "0" * 40])
def test_a_form_without_the_right_hash_changes_nothing(
    shop: Shop, path: str, values: dict[str, str], given: str | None
) -> None:
    answer = shop.form(path, values if given is None else {"hash": given, **values})
    assert (answer.status_code, answer.text) == (403, "Hash Not Matching!")
    assert not shop.pos.effects()


@pytest.mark.parametrize(("path", "values"), FORMS)
def test_the_right_hash_is_over_credentials_and_values(shop: Shop, path: str, values: dict[str, str]) -> None:
    """In the documented order, which is that in which these values stand."""
    answer = shop.form(path, {"hash": sha1(f"{TOKEN}{FIRMAID}" + "".join(values.values())), **values})
    assert answer.status_code == 200
    wrong = {name: f"{value}1" for name, value in values.items()}
    assert shop.form(path, {"hash": sha1(f"{TOKEN}{FIRMAID}{CARD}"), **wrong}).status_code == 403


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        ({}, f"{TOKEN}{FIRMAID}{CARD}5"),
        ({"with_credentials": False}, f"{CARD}5"),
        ({"separator": "&", "pairs": True}, f"token={TOKEN}&firmaid={FIRMAID}&cardnumber={CARD}&amount=5"),
        ({"separator": "|", "keep_empty": True}, f"{TOKEN}|{FIRMAID}|{CARD}|5|"),
    ],
)
def test_the_scheme_of_forms_is_a_setting(open_shop: Any, scheme: dict[str, Any], text: str) -> None:
    shop = open_shop(rules={"scheme": HashScheme(**scheme)})
    values = {"cardnumber": CARD, "amount": "5"}
    assert shop.form("deposit", {"hash": sha1(text), **values}).status_code == 200
    assert shop.form("deposit", {"hash": sha1(text).upper(), **values}).status_code == 403
    assert shop.form("deposit", {"hash": sha256(text.encode()), **values}).status_code == 403
    assert shop.balance() == 10_500


def test_the_algorithm_and_the_charset_of_forms_are_settings(open_shop: Any) -> None:
    shop = open_shop(rules={"scheme": HashScheme(algorithm="sha256"), "charset": "iso-8859-1"})
    hash_ = sha256(f"{TOKEN}{FIRMAID}{CARD}Åse".encode("latin-1"))
    raw = f"hash={hash_}&cardnumber={CARD}&name=%C5se".encode()
    answer = shop("POST", "editCard", raw, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert told(answer) == "status: Card updated"
    assert shop.read(f"getCard/{CARD}")[0]["name"] == "Åse"


def test_a_form_that_is_not_sent_as_one_has_no_fields(shop: Shop) -> None:
    hash_ = sha1(f"{TOKEN}{FIRMAID}{CARD}5")
    answer = shop("POST", "deposit", f"hash={hash_}&cardnumber={CARD}&amount=5".encode())
    assert (answer.status_code, shop.balance()) == (403, 10_000)


@pytest.mark.parametrize("path", ["card/editCards", "campaign/adjustValues"])
def test_json_is_hashed_as_it_is_sent(shop: Shop, path: str) -> None:
    raw = b'{"firmaid": 1234,\n "updateCards": []}'
    kind = {"Content-Type": "application/json"}
    assert shop("POST", path, raw, **kind, hash=sha256(raw)).json() == {"updatedCards": []}
    for wrong in (sha256(raw.replace(b"\n", b"")), sha256(raw).upper(), sha256(raw, "other"), ""):
        answer = shop("POST", path, raw, **kind, hash=wrong)
        assert (answer.status_code, answer.text) == (403, "Hash Not Matching!")


@pytest.mark.parametrize("path", ["card/editCards", "campaign/adjustValues"])
def test_the_body_names_the_same_company_as_the_header(shop: Shop, path: str) -> None:
    answer = shop.signed(path, {"firmaid": 9000, "updateCards": []})
    assert (answer.status_code, answer.text) == (403, "You don't have access to this call!")


@pytest.mark.parametrize(("gets", "text"), [("empty", b""), ("query", b"groups=VIP&page=1")])
def test_reads_of_cards_may_want_a_hash(open_shop: Any, gets: str, text: bytes) -> None:
    shop = open_shop(rules={"scheme": HashScheme(gets=gets)})
    path = "card/getStatusOfCards?groups=VIP&page=1"
    assert shop("GET", path).status_code == 403
    assert shop("GET", path, hash=sha256(text)).status_code == 200


def test_the_probe_of_a_hash_changes_nothing(shop: Shop) -> None:
    """A look for a card that cannot exist tells a right hash from a wrong one."""
    wrong = shop.form("campaign/cardInfo", {"hash": "0", "CardNo": "-"}, JSON="1")
    right = shop.hashed("campaign/cardInfo", "CardNo CardID", {"CardNo": "-"}, JSON="1")
    assert (wrong.status_code, wrong.text) == (403, "Hash Not Matching!")
    assert (right.status_code, right.json()) == (200, {"ERROR": "Unknown Card - CardInfo"})


def test_no_secret_is_told(shop: Shop) -> None:
    company = shop.pos.store.thing(Company, FIRMAID)
    shop.deposit("1")
    said = [
        repr(company),
        *(shop.admin("GET", what).text for what in ("counters", "effects", "rules", "cards")),
    ]
    assert not [each for each in said if TOKEN in each or KEY in each]
    assert CHIP in said[-1], "cards are for testers"
