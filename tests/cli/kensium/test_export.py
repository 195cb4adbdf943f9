"""`kensium export`: what is in a tenant, whole, masked where it is a code, and read on where a copy is kept."""

from __future__ import annotations

import csv
import io
import json
import sqlite3

import pytest
from click.testing import Result

from terminal.backends.kensium import feeds
from tests.cli.kensium.conftest import Office
from tests.sandbox.tenant import CODE


def rows(done: Result) -> list[dict[str, str]]:
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


@pytest.fixture
def shop(office: Office) -> Office:
    kensium = office.tenant.kensium
    kensium.know("item", [{"sku": f"S{number:03}", "name": f"Thing {number}"} for number in range(40)])
    stock = {"warehouseCode": "MAIN", "sku": "COFFEE", "basePrice": "2.505", "quantityAvailable": "7"}
    kensium.know("itemWarehouse", [stock])
    kensium.know("itemSerialLot", [{"warehouseCode": "MAIN", "sku": "COFFEE", "serialLotNbr": "0007"}])
    days = ("2026-01-30", "2026-01-31", "2026-02-01")
    sales = [{"id": f"000{number}", "saleDate": f"{day}T12:00:00Z"} for number, day in enumerate(days)]
    kensium.know("sale", [{**each, "registerCode": "R1", "tranNo": "9", "customerId": "1"} for each in sales])
    kensium.know("customer", [{"id": "02499", "memberId": "00049", "fullName": "=A", "phone": {"raw": "555"}}])
    return office


def test_lists_are_read_whole_page_by_page(shop: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from terminal.cli.kensium import rows as writing  # noqa: PLC0415 - as the command loads it

    monkeypatch.setattr(writing, "FIRST", 10)
    told = rows(shop("export", "items"))
    assert len(told) == 42
    assert {"sku": "S007", "name": "Thing 7", "long_name": "", "sale_uom": "", "stock_uom": ""} in told


@pytest.mark.parametrize(
    ("what", "first"),
    [
        ("warehouses", ("MAIN", "COFFEE", "2.505", "7")),
        ("lots", ("MAIN", "COFFEE", "0007")),
        ("customers", ("02499", "00049", "", "'=A", "555")),
    ],
)
def test_ids_and_prices_are_as_the_server_writes_them(shop: Office, what: str, first: tuple[str, ...]) -> None:
    (row,) = rows(shop("export", what))
    assert tuple(row.values()) == first


def test_sales_of_days(shop: Office) -> None:
    chosen = ("--from", "2026-01-31", "--to", "2026-02-01", "--customer", "1")
    assert [each["id"] for each in rows(shop("export", "sales", *chosen))] == ["0001"]
    done = shop("export", "sales", "--sync", "copy.db", "--from", "2026-01-31")
    assert (done.exit_code, "--sync keeps all sales" in done.output) == (2, True)


def test_with_a_copy_only_what_changed_is_read_and_all_is_written(shop: Office) -> None:
    copy, out = str(shop.folder / "items.db"), shop.folder / "items.jsonl"
    given = ("export", "items", "--sync", copy, "--out", str(out), "--format", "jsonl")
    done = shop(*given)
    assert done.exit_code == 0, done.output
    assert done.stderr == f"42 records in {out}.\n"
    shop.tenant.kensium.know("item", [{"sku": "S007", "name": "Changed"}])
    read = shop.tenant.counters()["requests"]["item"]
    assert shop(*given).exit_code == 0
    assert shop.tenant.counters()["requests"]["item"] - read == 1
    told = {each["sku"]: each["name"] for each in map(json.loads, out.read_text().splitlines())}
    assert (len(told), told["S007"]) == (42, "Changed")


def test_a_broken_way_leaves_what_had_come_in_the_copy_and_no_file(
    shop: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FIRST", 10)
    copy, out = shop.folder / "items.db", shop.folder / "items.csv"
    shop.rule(broken=("Item.name",))
    done = shop("export", "items", "--sync", str(copy), "--out", str(out))
    assert (done.exit_code, "told only a part" in done.output, out.exists()) == (1, True, False)
    shop.tenant.sandbox.away()
    done = shop("export", "items", "--sync", str(copy), "--out", str(shop.folder / "b.csv"))
    assert done.exit_code == 1
    assert "Reading the items did not work" in done.output
    assert not (shop.folder / "b.csv").exists()
    shop.tenant.sandbox.back()


def test_a_file_that_is_no_copy_is_left_alone(shop: Office) -> None:
    journal = shop.folder / "journal.db"
    with sqlite3.connect(journal) as db:
        db.execute("CREATE TABLE entries (cents INTEGER)")
    db.close()
    held = journal.read_bytes()
    for path in (journal, shop.file):
        done = shop("export", "items", "--sync", str(path))
        assert (done.exit_code, "no copy that was made here" in done.output) == (2, True)
    assert (journal.read_bytes(), len(list(shop.folder.iterdir()))) == (held, 2)


def test_a_gift_card_is_told_and_its_codes_are_masked(shop: Office) -> None:
    (card,) = rows(shop("export", "giftcard", CODE))
    assert (card["balance"], card["code_type"], card["code"]) == ("10.00", "PHYSICAL", "…b2c3")
    assert rows(shop("export", "giftcard", CODE, "--code-type", "EXTERNAL")) == []


def test_what_the_role_does_not_show_is_said(shop: Office) -> None:
    shop.tenant.without("UsePhysicalGiftCardCodes")
    done = shop("export", "giftcard", CODE)
    assert done.exit_code == 1
    assert "hides a part" in done.output
    shop.tenant.without("ViewSales")
    done = shop("export", "sales")
    assert done.exit_code == 1
    assert "ViewSales" in done.output


def test_who_is_asked_comes_from_the_configuration(shop: Office) -> None:
    shop.configure()
    assert len(rows(shop.run("export", "warehouses"))) == 1
    done = shop.run("export", "warehouses", "--backend", "other")
    assert done.exit_code == 2
