"""What is sent for a call of OnlinePOS, and how it is signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.onlinepos import cards, day_journal, stock, writes
from terminal.backends.onlinepos.hash import CANDIDATES, ORDERS, Credentials, HashScheme
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.values import Unreadable, read_time
from terminal.backends.onlinepos.wire import JSON, Request, Signing, compose, next_page
from terminal.backends.onlinepos.writes import NewCard
from tests.backends.onlinepos_making import DAY, FIRMAID, KEY, MINE, TOKEN

SIGNING = Signing()
DATES = "start_date=20200802&end_date=20200802"
BACKWARDS = tuple(reversed(ORDERS["createVoucher"]))


def digest(text: str | bytes, algorithm: str = "sha1") -> str:
    raw = text.encode() if isinstance(text, str) else text
    return hmac.new(KEY.encode(), raw, algorithm).hexdigest()


def form(request: Request, signing: Signing = SIGNING) -> dict[str, str]:
    """Return the fields of the form that is sent."""
    sent = compose(request, MINE, signing)
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl((sent.content or b"").decode(), strict_parsing=True, encoding=signing.charset))


def body(request: Request) -> Any:
    """Return the JSON that is sent."""
    sent = compose(request, MINE, SIGNING)
    assert sent.headers["Content-Type"].startswith(JSON)
    return json.loads(sent.content or b"")


# -- hashes --------------------------------------------------------------------------------------------


def test_the_likely_scheme_signs_credentials_and_values_in_the_order_of_the_page() -> None:
    sent = form(writes.deposit("0900", 500).request)
    assert sent == {"hash": digest(f"{TOKEN}{FIRMAID}09005"), "cardnumber": "0900", "amount": "5"}
    assert len(sent["hash"]) == 40


@pytest.mark.parametrize(
    ("scheme", "signed", "algorithm"),
    [
        (HashScheme("sha256"), f"{TOKEN}{FIRMAID}77262020080220200802", "sha256"),
        (HashScheme(with_credentials=False), "77262020080220200802", "sha1"),
        (
            HashScheme(with_credentials=False, separator="&"),
            "voucherno=77&campaignid=26&start_date=20200802&end_date=20200802",
            "sha1",
        ),
        (
            HashScheme(separator="&", keep_empty=True),
            f"token={TOKEN}&firmaid={FIRMAID}&name=&voucherno=77&campaignid=26&{DATES}",
            "sha1",
        ),
        (
            HashScheme(with_credentials=False, orders={"createVoucher": BACKWARDS}),
            "20200802202008022677",
            "sha1",
        ),
    ],
)  # fmt: skip
def test_what_is_not_known_of_the_hash_is_data(scheme: HashScheme, signed: str, algorithm: str) -> None:
    request = writes.create_voucher("77", 26, DAY, DAY).request
    assert form(request, Signing(scheme))["hash"] == digest(signed, algorithm)


def test_the_interval_signs_its_own_order_and_not_that_of_its_body() -> None:
    request = writes.create_vouchers("10", "15", points=7, campaign=26, name="Test", start=DAY).request
    for scheme in (HashScheme(), HashScheme(with_credentials=False)):
        sent = json.loads(compose(request, MINE, Signing(scheme)).content or b"")
        assert sent.pop("hash") == digest(f"{TOKEN}{FIRMAID}1015Test26720200802")
    assert sent == {
        "voucherNoFrom": "10", "voucherNoTo": "15", "points": 7, "campaignid": 26, "name": "Test",
        "startDate": 20_200_802,
    }  # fmt: skip


def test_a_header_signs_the_very_bytes_that_are_sent() -> None:
    request = writes.adjust_values([("0900", 26, -5)]).request
    sent = compose(request, MINE, SIGNING)
    expected = b'{"firmaid":9000,"updateCards":[{"cardNumber":"0900","campaignId":26,"value":-5}]}'
    assert sent.content == expected
    assert sent.headers["hash"] == hmac.new(KEY.encode(), expected, hashlib.sha256).hexdigest()


def test_each_card_has_a_hash_of_its_own() -> None:
    new = [NewCard(3, rfid="90003000010", group="Bar"), NewCard(2, "Søren", birthday=date(1981, 2, 20))]
    first, second = body(writes.add_cards(new).request)["cards"]
    told = {"type": 3, "rfid": "90003000010", "group": "Bar"}
    assert first == {"hash": digest(f"{TOKEN}{FIRMAID}390003000010Bar"), **told}
    told = {"type": 2, "name": "Søren", "birthday": 19_810_220}
    assert second == {"hash": digest(f"{TOKEN}{FIRMAID}2Søren19810220"), **told}


@pytest.mark.parametrize(("reads", "signed"), [("empty", ""), ("query", "cardNumbers=0900%2C0901&page=2")])
def test_a_read_is_signed_as_the_options_say(reads: Any, signed: str) -> None:
    request = cards.statuses(2, numbers=["0900", "0901"]).request
    sent = compose(request, MINE, Signing(reads=reads))
    assert sent.headers["hash"] == digest(signed, "sha256")
    assert sent.path == "/card/getStatusOfCards?cardNumbers=0900%2C0901&page=2"
    assert "hash" not in compose(request, MINE, SIGNING).headers


def test_the_candidates_are_all_there_is_and_sign_differently() -> None:
    assert CANDIDATES[0] == HashScheme()
    fields = {"CardNo": "0"}
    assert len({scheme.sign("cardInfo", fields, MINE) for scheme in CANDIDATES}) == len(CANDIDATES) == 12


def test_what_cannot_be_signed_is_said() -> None:
    with pytest.raises(ValueError, match="signs no field colour"):
        HashScheme().sign("deposit", {"colour": "red"}, MINE)
    with pytest.raises(ValueError, match="unknown has no hash"):
        HashScheme().sign("unknown", {}, MINE)
    with pytest.raises(ValueError, match="OnlinePOS support gives one out"):
        HashScheme().sign("deposit", {}, Credentials(TOKEN, FIRMAID))
    assert TOKEN not in repr(MINE)
    assert KEY not in repr(MINE)


def test_options_make_the_scheme() -> None:
    options = OnlinePosOptions(
        hash_algorithm="sha256", hash_credentials=False, hash_names=True, hash_empty=True
    )
    assert options.scheme == HashScheme("sha256", with_credentials=False, separator="&", keep_empty=True)
    assert OnlinePosOptions().scheme == CANDIDATES[0]
    with pytest.raises(ValueError, match="https://"):
        OnlinePosOptions(url="http://api.onlinepos.example/api")


# -- bodies --------------------------------------------------------------------------------------------


def test_every_request_says_who_asks_and_for_which_format() -> None:
    sent = compose(cards.card("0900").request, MINE, SIGNING)
    assert (sent.path, sent.content) == ("/getCard/0900", None)
    assert sent.headers == {"token": TOKEN, "firmaid": "9000", "Accept": "application/json"}
    assert TOKEN not in repr(sent)
    assert compose(writes.deposit("1", 0).request, MINE, SIGNING).headers["Accept"] == "application/xml"
    assert compose(cards.by_rfid("04A1").request, MINE, SIGNING).headers["JSON"] == "1"


def test_the_company_stands_in_paths_that_want_it() -> None:
    moment = read_time("2016-03-15 17:00:00").moments[0]
    sent = compose(cards.movements(moment, moment).request, MINE, SIGNING)
    assert sent.path == "/getCardMovements/9000/1458057600/1458057600"


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_letters_are_written_and_signed_in_the_charset_of_the_options(charset: str) -> None:
    sent = form(writes.add_card(NewCard(3, "Blåbærgrød & co")).request, Signing(charset=charset))
    assert sent["name"] == "Blåbærgrød & co"
    assert sent["hash"] == digest(f"{TOKEN}{FIRMAID}3Blåbærgrød & co".encode(charset))


@pytest.mark.parametrize("name", ["Blåbærgrød", "Łukasz"])
def test_json_is_signed_as_it_is_sent_whatever_forms_are_written_in(name: str) -> None:
    signing = Signing(charset="iso-8859-1")
    made = writes.create_vouchers("10", "12", points=5, campaign=27, name=name)
    sent = json.loads((compose(made.request, MINE, signing).content or b"").decode("utf-8"))
    assert sent["hash"] == digest(f"{TOKEN}{FIRMAID}1012{name}275")
    cards_ = compose(writes.add_cards([NewCard(3, name)]).request, MINE, signing)
    (sent,) = json.loads(cards_.content or b"")["cards"]
    assert sent["hash"] == digest(f"{TOKEN}{FIRMAID}3{name}")


def test_a_letter_that_the_charset_lacks_is_refused() -> None:
    request = writes.add_card(NewCard(3, "Łukasz")).request
    with pytest.raises(ValueError, match="encode"):
        compose(request, MINE, Signing(charset="iso-8859-1"))


def test_deposits_are_whole_kroner_unless_parts_are_allowed() -> None:
    with pytest.raises(ValueError, match="no whole number of kroner"):
        writes.deposit("0900", 1250)
    sent = form(writes.deposit("0900", -1250, overwrite=True, fractions=True).request)
    assert sent["amount"] == "-12.5"
    assert sent["overwrite_balance"] == "true"
    assert sent["hash"] == digest(f"{TOKEN}{FIRMAID}0900-12.5true")


def test_stock_and_points_are_forms() -> None:
    sent = form(stock.update("0001", 3, "return", "A-1").request)
    assert (sent["type"], sent["amount"], sent["hash"]) == ("3", "3", digest(f"{TOKEN}{FIRMAID}000133A-1"))
    assert form(stock.stock_of(["52929", "0589"]).request) == {"ean": "52929,0589"}
    adjusted = form(writes.adjust_value(26, -80, rfid="04A1").request)
    assert adjusted == {"CardID": "04A1", "CampaignID": "26", "value": "-80"}
    for wrong in ({}, {"number": "1", "rfid": "2"}):
        with pytest.raises(ValueError, match="by its number or by its RFID"):
            writes.adjust_value(26, 5, **wrong)
    with pytest.raises(ValueError, match="at least one piece"):
        stock.update("0001", 0, "sale", "1")


def test_a_voucher_is_made_by_get_with_a_body_or_by_post() -> None:
    assert writes.create_voucher("77", 26, DAY, DAY).request.method == "GET"
    assert writes.create_voucher("77", 26, DAY, DAY, method="POST").request.method == "POST"


def test_the_journal_is_asked_for_in_danish_time() -> None:
    first, last = (read_time(f"2023-08-20 {hour}:00:00").moments[0] for hour in ("08", "09"))
    sent = compose(day_journal.journal(first, last, register=4).request, MINE, SIGNING)
    assert parse_qs(sent.path.partition("?")[2]) == {
        "time_from": ["2023-08-20T08:00:00"], "time_to": ["2023-08-20T09:00:00"], "cash_register_id": ["4"],
    }  # fmt: skip
    assert form(day_journal.journal(first, last, place="form").request)["time_to"] == "2023-08-20T09:00:00"


# -- pages ---------------------------------------------------------------------------------------------

BASE = "https://api.onlinepos.dk/api"
V20 = "/exportSales/v20"


def test_a_link_is_read_for_its_page_only() -> None:
    assert next_page("http://api.onlinepos.dk/api/exportSales/v20?page=2", BASE, V20) == 2
    assert next_page("https://API.onlinepos.dk:443/api/exportSales/v20?page=17", BASE + "/", V20) == 17


@pytest.mark.parametrize(
    "link",
    [
        "http://evil.example/api/exportSales/v20?page=2", "http://api.onlinepos.dk/other?page=2",
        "ftp://api.onlinepos.dk/api/exportSales/v20?page=2",
        "http://api.onlinepos.dk:8080/api/exportSales/v20?page=2",
        "http://me@api.onlinepos.dk/api/exportSales/v20?page=2", "http://api.onlinepos.dk/api/exportSales/v20",
        "http://api.onlinepos.dk/api/exportSales/v20?page=two", "http://api.onlinepos.dk/api/exportSales/v20?p=2",
        "http://api.onlinepos.dk/api/exportSales/v20?page=2&token=x", "http://[::1/?page=2", "",
        "http://api.onlinepos.dk/api/exportSales/v20?page=9999999", "http://api.onlinepos.dk.evil.example/?page=2",
    ],
)  # fmt: skip
def test_a_link_that_leads_elsewhere_is_refused(link: str) -> None:
    with pytest.raises(Unreadable, match="found a link"):
        next_page(link, BASE, V20)


@given(st.text(max_size=60))
def test_whatever_a_link_is_it_yields_a_page_or_is_refused(link: str) -> None:
    for start in ("", "http://", "http://api.onlinepos.dk/api/exportSales/v20?page="):
        try:
            assert next_page(start + link, BASE, V20) >= 0
        except Unreadable:
            continue
