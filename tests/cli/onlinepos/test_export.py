"""`onlinepos export`: everything of a company, each thing once, exact, and never half a file."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from terminal.backends.onlinepos import client
from terminal.cli.out_file import OutFile
from terminal.httpd import Request, Response
from tests.backends.onlinepos_server import json as in_json
from tests.backends.onlinepos_server import serving, xml
from tests.cli.onlinepos.conftest import Office, Open
from tests.sandbox.shop import CARD, FIRMAID, Shop

DAY = ("--from", "2023-11-14", "--to", "2023-11-14")


def rows(lines: list[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(lines))


def sold(line: int, order: int = 1, time: str = "2023-11-14 23:00:00", **more: Any) -> dict[str, Any]:
    """A line as the server has it."""
    about = {"orderlineid": line, "orderid": order, "timestamp_pay": time, "timestamp_order": time}
    return {**about, "productid": 1, "count": 1, "price": 25.5, "paymenttype": "Kort", **more}


def page(number: int, *lines: dict[str, Any], link: str | None = None) -> Response:
    told = {"current_page": number, "data": lines, "next_page_url": link}
    return in_json(json.dumps(told))


# -- sales ---------------------------------------------------------------------------------------------


def test_sales_come_page_by_page_over_the_links_and_are_exact(open_office: Open) -> None:
    office, shop = open_office(per_page=2)
    for number in range(5):
        shop.order(paid=1, displayOrderNo=str(number))
    found = rows(office.export("sales", *DAY))
    assert [each["order_number"] for each in found] == ["1000", "1001", "1002", "1003", "1004"]
    assert {(each["price"], each["price_without_vat"], each["eans"]) for each in found} == {
        ("50.00", "40", "0001 A1")
    }
    assert {(each["paid"], each["paid_utc"]) for each in found} == {
        ("2023-11-14 23:13:20", "2023-11-14T22:13:20Z")
    }
    assert len(office.export("sales", "--limit", "3")) == 4
    assert len(office.export("sales", "--from-order", "15000004")) == 3
    assert len(office.export("sales", "--from", "2023-11-15")) == 1
    assert rows(office.export("sales", "--to", "2023-11-14 23:13")) == []


def test_what_is_new_is_added_to_a_file(open_office: Open, tmp_path: Path) -> None:
    office, shop = open_office(per_page=2)
    out = tmp_path / "sales.csv"
    asked = ("export", "sales", "--out", str(out), "--continue")
    assert office(*asked).exit_code == 2, "there is nothing to go on with"
    for _ in range(3):
        shop.order(paid=1)
    first = office("export", "sales", "--out", str(out), "--limit", "2")
    assert (first.exit_code, "There are more" in first.stderr) == (0, True)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    shop.clock.pass_s(3600)
    shop.order(paid=1)
    assert "2 records more than the 2 that were there" in office(*asked).stderr
    assert "0 records more than the 4" in office(*asked).stderr
    assert [each["line"] for each in rows(out.read_text().splitlines())] == [
        "23000001", "23000002", "23000003", "23000004",
    ]  # fmt: skip
    assert not out.with_name("sales.csv.part").exists()
    wrong = office(*asked, "--format", "jsonl")
    assert (wrong.exit_code, "was not written by this command in this format" in wrong.stderr) == (2, True)


def test_what_was_broken_off_is_gone_on_with(tmp_path: Path) -> None:
    """The first run meets a broken page; the file of the day before stays as it was until all is there."""
    pages = [page(1, sold(1), sold(2), link="http://{host}?page=2"), in_json("oops")]

    def answer(request: Request) -> Response:
        told = pages[1 if request.query.get("page") == "2" else 0]
        link = f"http://{request.headers['host']}{request.path}"
        return Response(told.status, told.body.replace(b"http://{host}", link.encode()), told.headers)

    out, part = tmp_path / "sales.csv", tmp_path / "sales.csv.part"
    out.write_text("yesterday\n")
    with serving(answer) as peer:
        office = Office(tmp_path, peer.url)
        done = office("export", "sales", "--out", str(out))
        assert (done.exit_code, "--continue goes on with" in done.stderr) == (1, True)
        assert (out.read_text(), len(part.read_text().splitlines())) == ("yesterday\n", 3)
        with part.open("a") as torn:
            torn.write("3,1,")
        pages[1] = page(2, sold(2), sold(3))
        done = office("export", "sales", "--out", str(out), "--continue")
    assert done.exit_code == 0, done.output
    assert [each["line"] for each in rows(out.read_text().splitlines())] == ["1", "2", "3"]
    assert not part.exists()


def test_one_number_of_two_different_lines_is_not_believed(tmp_path: Path) -> None:
    with serving(lambda _: page(1, sold(7), sold(7), sold(7, price=1))) as peer:
        office = Office(tmp_path, peer.url)
        out = tmp_path / "orders.csv"
        for what in ("sales", "orders"):
            done = office("export", what, "--out", str(out))
            assert (done.exit_code, "two different things of the line 7" in done.stderr) == (1, True)
        assert not out.exists()
        assert not out.with_name("orders.csv.part").exists(), "orders cannot be gone on with"


def test_what_has_changed_since_then_is_said_and_kept(tmp_path: Path) -> None:
    price = [25]
    with serving(lambda _: page(1, sold(7, price=price[0]))) as peer:
        office = Office(tmp_path, peer.url)
        out = tmp_path / "sales.csv"
        assert office("export", "sales", "--out", str(out)).exit_code == 0
        price[0] = 26
        done = office("export", "sales", "--out", str(out), "--continue")
    assert (done.exit_code, "tells 1 of them otherwise now" in done.stderr) == (0, True)
    assert rows(out.read_text().splitlines())[0]["price"] == "25.00"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/exportSales/v20?page=2",
        "{here}/../v21?page=2",
        "http://user@{host}/api/exportSales/v20?page=2",
        "{here}?page=1",
        "{here}?page=3",
        "{here}?token=1",
        "http://[broken",
    ],
)
def test_a_link_that_leads_elsewhere_or_in_a_circle_is_not_followed(tmp_path: Path, link: str) -> None:
    def answer(request: Request) -> Response:
        host = request.headers["host"]
        leads = link.format(here=f"http://{host}{request.path}", host=host)
        return page(1, sold(1), link=leads)

    with serving(answer) as peer:
        done = Office(tmp_path, peer.url)("export", "sales", "--out", str(tmp_path / "sales.csv"))
    assert (done.exit_code, len(peer.asked)) == (1, 1), done.output
    assert "Reading the sales did not work" in done.stderr
    assert not (tmp_path / "sales.csv").exists()


def test_links_that_never_end_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_PAGES", 3)

    def answer(request: Request) -> Response:
        number = int(request.query.get("page", "1"))
        here = f"http://{request.headers['host']}{request.path}"
        return page(number, sold(1), link=f"{here}?page={number + 1}")

    with serving(answer) as peer:
        done = Office(tmp_path, peer.url)("export", "sales")
    assert (done.exit_code, len(peer.asked)) == (1, 3)
    assert "more than 3 pages" in done.stderr


def test_an_export_asks_for_a_page_when_the_one_before_is_written(tmp_path: Path) -> None:
    """Of a server without an end only so much is read as is wanted: nothing is gathered first."""

    def answer(request: Request) -> Response:
        number = int(request.query.get("page", "1"))
        here = f"http://{request.headers['host']}{request.path}"
        return page(number, sold(2 * number), sold(2 * number + 1), link=f"{here}?page={number + 1}")

    with serving(answer) as peer:
        lines = Office(tmp_path, peer.url).export("sales", "--limit", "5", "--format", "jsonl")
    assert [json.loads(each)["line"] for each in lines] == [2, 3, 4, 5, 6]
    assert len(peer.asked) == 3


def test_the_hour_that_comes_twice(tmp_path: Path) -> None:
    lines = [sold(1, time="2023-10-29 01:59:00"), sold(2, time="2023-10-29 02:30:00")]
    lines.append(sold(3, time="2023-10-29 03:00:00"))
    with serving(lambda _: page(1, *lines)) as peer:
        office = Office(tmp_path, peer.url)
        found = rows(office.export("sales", "--to", "2023-10-29 02:45 summer"))
        assert [(each["line"], each["paid_utc"]) for each in found] == [
            ("1", "2023-10-28T23:59:00Z"),
            ("2", ""),
        ]
        found = rows(office.export("sales", "--from", "2023-10-29 02:15 winter"))
        assert [each["line"] for each in found] == ["2", "3"]
        done = office("export", "sales", "--from", "2023-10-29 02:15")
    assert (done.exit_code, "02:15 summer" in done.stderr, "02:15 winter" in done.stderr) == (2, True, True)


def test_orders_are_the_sums_of_their_lines(tmp_path: Path) -> None:
    lines = [sold(1), sold(2, price=-4.5, count=-1, paymenttype="Kontant"), sold(3, 2)]
    with serving(lambda _: page(1, *lines)) as peer:
        first, second = rows(Office(tmp_path, peer.url).export("orders"))
    assert (first["lines"], first["count"], first["price"]) == ("2", "0", "21.00")
    assert first["payments"] == "Kort 25.50; Kontant -4.50"
    assert (second["order"], second["price"]) == ("2", "25.50")


def test_a_concern_is_read_part_by_part(open_office: Open) -> None:
    office, shop = open_office(concern_lines=2)
    for company in (FIRMAID, 9000, FIRMAID):
        shop.order(paid=1, shopId=company)
    found = rows(office.export("koncern", *DAY))
    assert [(each["company"], each["price"]) for each in found] == [
        ("1234", "25.00"), ("9000", "25.00"), ("1234", "25.00"),
    ]  # fmt: skip
    assert len(office.export("koncern", *DAY, "--company", "9000")) == 2


def test_a_concern_without_offsets_is_no_circle(tmp_path: Path) -> None:
    line = {
        "id": 1,
        "chk": 1,
        "date": "14.11.2023",
        "time": "10:00",
        "product_id": 1,
        "amount": 1,
        "price": "1,00",
    }
    told = in_json(json.dumps({"sales": [{"line": line}]}))
    with serving(lambda _: told) as peer:
        done = Office(tmp_path, peer.url)("export", "koncern", *DAY)
    assert (done.exit_code, len(peer.asked)) == (1, 2)
    assert "does not mind the offset" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "x">]><error>&b;</error>',
        "<error>" + "<a>" * 40 + "</a>" * 40 + "</error>",
        "<sales><line></sales>",
    ],
)
def test_hostile_xml_is_a_sentence(tmp_path: Path, text: str) -> None:
    with serving(lambda _: xml(text)) as peer:
        done = Office(tmp_path, peer.url)("export", "koncern", *DAY)
    assert done.exit_code == 1
    assert done.stderr.startswith("Reading the sales of the concern did not work: ")


def test_the_journal_is_asked_for_a_day_at_a_time(open_office: Open) -> None:
    office, shop = open_office()
    shop.order(paid=1)
    shop.pos.close_day(FIRMAID)
    found = rows(office.export("journal", "--from", "2023-11-13", "--to", "2023-11-15"))
    assert [(each["kind"], each["amount"]) for each in found] == [
        ("debit", "50.00"), ("credit", "40.00"), ("credit", "10.00"),
    ]  # fmt: skip
    assert shop.pos.counters()["requests"] == {
        "POST /onlinepos/api/external/makeorder": 1,
        "POST /onlinepos/api/end_of_day_journal": 3,
    }


# -- cards, campaigns, stock ---------------------------------------------------------------------------


def used(shop: Shop) -> None:
    for amount in (700, -250):
        shop.admin("POST", "spend", {"card": CARD, "amount": amount})
    shop.admin("POST", "spend", {"card": CARD, "amount": 7, "campaign": 27})


@pytest.mark.parametrize("shape", ["schema", "sample"])
def test_cards_are_texts_and_tell_of_nobody_unless_that_is_wanted(open_office: Open, shape: str) -> None:
    office, shop = open_office(page_of_cards=1, status_shape=shape)
    used(shop)
    found = rows(office.export("cards"))
    assert [(each["card"], each["balance"], each["closed"]) for each in found] == [
        (CARD, "104.50", "False"), ("0002", "0.00", "True"),
    ]  # fmt: skip
    assert "rfid" not in found[0]
    assert rows(office.export("cards", "--personal", "--open"))[0]["phone"] == "12345678"
    (one,) = [json.loads(each) for each in office.export("cards", "--group", "VIP", "--format", "jsonl")]
    assert (one["card"], one["balance"], one["group"]) == (CARD, "104.50", "VIP")
    assert len(office.export("cards", "--group", "None such")) == 1


def test_points_come_page_by_page(open_office: Open) -> None:
    office, shop = open_office(page_of_cards=1)
    used(shop)
    shop.admin("POST", "spend", {"card": "0002", "amount": 3, "campaign": 28})
    found = rows(office.export("points"))
    assert [(each["card"], each["campaign"], each["points"]) for each in found] == [
        (CARD, "27", "7"), ("0002", "28", "3"),
    ]  # fmt: skip
    assert len(office.export("points", "--card", CARD)) == 2


def test_what_happened_to_cards(open_office: Open) -> None:
    office, shop = open_office()
    used(shop)
    (moved,) = rows(office.export("movements", *DAY))
    assert moved == {
        "card": CARD,
        "name": "Jens Åge",
        "deposit": "7.00",
        "withdrawal": "2.50",
        "subtotal": "4.50",
    }
    one, every = office.export("history", "--card", CARD), office.export("history", "--all")
    assert one == every
    assert [(each["kind"], each["amount"]) for each in rows(one)] == [("Deposit", "7.00"), ("Purchase", "2.50")]
    assert len(office.export("history", "--all", "--to", "2023-11-13")) == 1
    assert office("export", "history").exit_code == 2


def test_campaigns_and_stock(open_office: Open) -> None:
    office, _ = open_office()
    (given,) = rows(office.export("campaigns"))
    assert (given["campaign"], given["role"], given["product_name"], given["points"]) == (
        "27", "given", "Stor kaffe", "9",
    )  # fmt: skip
    assert len(office.export("campaigns", "--inactive")) == 3
    assert office.export("stock")[1:] == ["0001,A1,5.000"]
    assert office.export("stock", "--values") == ["location,product,amount,value"]
    assert office("export", "stock", "--location", "5").exit_code == 2


# -- wrong use -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["sales", "--from", "yesterday"], "is no time: expected a day such as"),
        (["sales", "--from", "2023-02-30"], "is a time that there is not"),
        (["sales", "--from", "2023-03-26 02:30"], "clocks in Denmark were put forward"),
        (["sales", "--continue"], "name it by --out"),
        (["movements", "--from", "2023-01-02"], "Missing option '--to'"),
        (["movements", "--from", "2023-01-02", "--to", "2023-01-01"], "--from is later than --to."),
        (["sales", "--out", "/no/such/folder/a.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_asked(tmp_path: Path, args: list[str], words: str) -> None:
    done = Office(tmp_path, "http://127.0.0.1:9/api")("export", *args)
    assert (done.exit_code, words in done.stderr) == (2, True), done.output


def test_two_do_not_write_one_file(tmp_path: Path) -> None:
    out = str(tmp_path / "sales.csv")
    with OutFile(out) as file:
        file.write("a\n")
        done = Office(tmp_path, "http://127.0.0.1:9/api")("export", "sales", "--out", out)
        assert (done.exit_code, "Another command is writing" in done.stderr) == (2, True)
    assert Path(out).read_text() == "a\n"


def test_nothing_goes_out_in_the_open_unasked(tmp_path: Path) -> None:
    office = Office(tmp_path, "http://shop.example/api")
    from click.testing import CliRunner  # noqa: PLC0415 - not as the office asks

    from terminal.cli import cli  # noqa: PLC0415 - likewise

    said = ["--url", office.url, "--secret-file", str(office.file)]
    done = CliRunner().invoke(cli, ["onlinepos", "export", "stock", *said])
    assert (done.exit_code, "Add --allow-http if nobody can listen there" in done.stderr) == (2, True)


def test_a_number_that_is_none_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    office = Office(tmp_path, "http://127.0.0.1:9/api")
    for args in (["export", "history", "--card", "12 34"], ["export", "koncern", *DAY, "--card", "a/b"]):
        done = office(*args)
        assert (done.exit_code, "letters and digits is expected" in done.stderr) == (2, True)


def test_a_card_of_the_server_that_cannot_be_asked_for_is_a_sentence(tmp_path: Path) -> None:
    cards = in_json('[{"cardnumber": "0900/../0001", "balance": "1,00"}]')
    with serving(lambda _: cards) as peer:
        done = Office(tmp_path, peer.url)("export", "history", "--all")
    assert (done.exit_code, "which it cannot be asked for" in done.stderr) == (1, True)
    assert "0900/../0001" not in done.output
