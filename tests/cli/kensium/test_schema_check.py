"""`kensium schema-check`: against schemas with things missing, called otherwise and of another type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query

from terminal.backends.kensium.needs import Use, use_of
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.kensium.schema import Finding
from terminal.backends.kensium.sheet import Mark
from terminal.core.value import replace
from tests.cli.kensium.conftest import Office
from tests.sandbox.tenant import Tenant

OTHERWISE: dict[str, Any] = {
    "missing": ("GiftCardTransAddInput.authorizeOnly", "Customer.status"),
    "renamed": {"GiftCard.balance": "balances"},
    "types": {"Item.sku": "Int"},
}


class Kept:
    """What one look at a tenant printed and saved: the other tests look at that."""

    def __init__(self, folder: Path, rules: dict[str, Any]) -> None:
        tenant = Tenant(rules)
        try:
            self.file = folder / "schema.json"
            self.done = Office(tenant, folder)("schema-check", "--save", str(self.file), "--json")
            self.graphiql = json.dumps({"data": tenant.data(get_introspection_query())})
        finally:
            tenant.close()

    def told(self) -> dict[str, dict[str, Any]]:
        return {each["path"]: each for each in json.loads(self.done.stdout)}


@pytest.fixture(scope="module")
def otherwise(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("otherwise"), OTHERWISE)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("plain"), {})


def test_a_schema_as_it_is_needed_is_said_to_be_that(office: Office, plain: Kept) -> None:
    assert (plain.done.exit_code, plain.told()) == (0, {})
    done = office.run("schema-check", "--schema", str(plain.file))
    assert done.exit_code == 0, done.output
    assert done.output == "The schema has everything that is used here, as it is used.\n"


def test_what_is_otherwise_is_told_with_what_it_stops(otherwise: Kept) -> None:
    assert otherwise.done.exit_code == 1
    told = otherwise.told()
    assert {path: (each["what"], each["needed"], each["near"]) for path, each in told.items()} == {
        "giftcard.results.balance": ("renamed", True, "balances"),
        "item.results.sku": ("other type", True, None),
        "giftcardTransAdd(trans.authorizeOnly)": ("missing", False, None),
        "customer.results.status": ("missing", False, None),
    }
    stops = {path: each["stops"] for path, each in told.items()}
    assert stops["giftcard.results.balance"] == "gift cards as wallets"
    assert stops["item.results.sku"] == "the catalogue"
    assert stops["giftcardTransAdd(trans.authorizeOnly)"] == 'top_up or spend = "authorise"'
    assert told["giftcardTransAdd(trans.authorizeOnly)"]["sure"] == "assumed"
    assert "expected a text" in told["item.results.sku"]["words"]


def test_people_get_names_to_paste_and_those_mend_it(office: Office, otherwise: Kept) -> None:
    office.configure()
    done = office.run("schema-check", "--schema", str(otherwise.file))
    assert done.exit_code == 1, done.output
    lines = done.output.splitlines()
    at = lines.index("[backends.pos.names]")
    assert lines[at + 1] == '"giftcard.results.balance" = "balances"'
    assert lines[0].split() == ["WHAT", "STOPS", "FOUND"]
    assert "does not work like this" in lines[-1]
    office.configure('[backends.pos.names]\n"giftcard.results.balance" = "balances"')
    done = office.run("schema-check", "--schema", str(otherwise.file))
    assert "giftcard.results.balance" not in done.output


def test_what_is_needed_is_as_this_terminal_is_configured(office: Office, plain: Kept) -> None:
    kept = json.loads(plain.file.read_text())
    del kept["types"]["GiftCardTransAddInput"]["members"]["authorizeOnly"]
    file = office.folder / "schema.json"
    file.write_text(json.dumps(kept))
    office.configure()
    done = office.run("schema-check", "--schema", str(file))
    assert done.exit_code == 0
    assert "configured to use works" in done.output
    office.configure('top_up = "authorise"')
    assert office.run("schema-check", "--schema", str(file)).exit_code == 1


def test_what_was_saved_and_what_graphiql_tells_is_looked_at_without_the_server(
    office: Office, otherwise: Kept
) -> None:
    office.tenant.sandbox.away()
    file = office.folder / "graphiql.json"
    file.write_text(otherwise.graphiql)
    for each in (otherwise.file, file):
        done = office.run("schema-check", "--schema", str(each), "--json")
        assert (done.exit_code, done.stdout) == (1, otherwise.done.stdout)
    office.tenant.sandbox.back()


def test_a_file_without_a_schema_is_wrong_use(office: Office) -> None:
    file = office.folder / "schema.json"
    for text in ("", "[]", "{}", '{"data": {"__schema": {}}}', "no json"):
        file.write_text(text)
        done = office.run("schema-check", "--schema", str(file))
        assert (done.exit_code, "holds no schema" in done.output) == (2, True), text


def test_a_saved_schema_that_lacks_a_type_is_not_passed_over(office: Office, plain: Kept) -> None:
    """A comparison would find nothing wrong in what it does not see."""
    file = office.folder / "schema.json"
    kept = json.loads(plain.file.read_text())
    del kept["types"]["GiftCardResults"]
    file.write_text(json.dumps(kept))
    done = office.run("schema-check", "--schema", str(file))
    assert done.exit_code == 1
    assert "GiftCardResults" in done.output


def test_a_server_that_tells_nothing_is_a_sentence(office: Office) -> None:
    office.rule(introspection=False)
    done = office("schema-check")
    assert done.exit_code == 1
    assert "Asking for the schema did not work" in done.output
    office.tenant.sandbox.away()
    done = office("schema-check")
    assert (done.exit_code, "Nothing was sent" in done.output) == (1, True)
    office.tenant.sandbox.back()


def test_neither_secret_nor_token_is_told(office: Office) -> None:
    office.file.write_text('{"client_id":"kiosk","client_secret":"wr0ng-secret"}')
    done = office("schema-check")
    assert done.exit_code == 1
    assert "wr0ng-secret" not in done.output


@pytest.mark.parametrize(
    ("path", "exit_code"),
    [
        ("giftcard.results.balance", 1),
        ("giftcardTransAdd.id", 1),
        ("giftcardTransAdd(trans.refNo)", 1),
        ("giftcard(codeType)", 1),
        ("purchaseAdd(add.taxAmount)", 1),
        ("item", 1),
        ("itemWarehouse.results.basePrice", 1),
        ("giftcard.results.codes", 0),
        ("giftcardTransAdd(trans.authorizeOnly)", 0),
        ("giftcardTransCapture", 0),
        ("purchaseAdd(add.memberId)", 0),
        ("itemWarehouse", 0),
        ("sale", 0),
    ],
)
def test_what_is_left_out_must_be_something_that_can_be(
    office: Office, plain: Kept, path: str, exit_code: int
) -> None:
    """Who follows the hint to leave out what a server has not must hear what that stops."""
    office.configure(f'[backends.pos.names]\n"{path}" = ""')
    done = office.run("schema-check", "--schema", str(plain.file))
    assert (done.exit_code, "left out" in done.output) == (exit_code, exit_code == 1), done.output


def test_without_a_list_of_stock_the_items_must_have_prices(office: Office, plain: Kept) -> None:
    office.configure('[backends.pos.names]\nitemWarehouse = ""\n"item.results.warehouses" = ""')
    done = office.run("schema-check", "--schema", str(plain.file))
    assert (done.exit_code, "item.results.warehouses" in done.output) == (1, True)


# -- what a finding stops ------------------------------------------------------------------------------

PLAIN = KensiumOptions(url="https://pos.example.com")
NAMED = replace(PLAIN, channel="KIOSK")
HOLDS = replace(PLAIN, spend="authorise")


@pytest.mark.parametrize(
    ("path", "what", "options", "stops", "needed"),
    [
        ("giftcard", "missing", PLAIN, "gift cards as wallets", True),
        ("giftcard.results.codes.isMasked", "missing", PLAIN, "gift cards as wallets", True),
        ("giftcard(codeType).PHYSICAL", "missing word", PLAIN, "gift cards as wallets", True),
        ("giftcard(codeType).EXTERNAL", "missing word", PLAIN, "", False),
        ("giftcardTransAdd(trans)", "renamed", PLAIN, "gift cards as wallets", True),
        ("giftcardTransAdd(trans.pin)", "missing", PLAIN, "", False),
        ("giftcardTransAdd(trans.till)", "wanted", PLAIN, "gift cards as wallets", True),
        ("giftcardTransAdd(trans.transType).USE", "missing word", PLAIN, "gift cards as wallets", True),
        ("giftcardTransAdd(trans.transType).IMPORT", "missing word", PLAIN, "", False),
        ("giftcardTransAdd.status.AUTHORIZED", "missing word", HOLDS, "", False),
        ("giftcardTransAdd(trans.authorizeOnly)", "missing", HOLDS, 'top_up or spend = "authorise"', True),
        ("giftcardTransCapture(trans.cancel)", "missing", HOLDS, 'spend = "authorise"', True),
        (
            "giftcardTransCapture(trans.cancel)",
            "missing",
            replace(PLAIN, top_up="authorise"),
            'spend = "authorise"',
            False,
        ),
        ("giftcardTransCapture", "missing", PLAIN, 'top_up or spend = "authorise"', False),
        ("purchaseAdd(add.lineItems.sku)", "missing", PLAIN, "purchases of what is sold", True),
        ("purchaseAdd(add.channel)", "missing", PLAIN, "", False),
        ("purchaseAdd(add.channel)", "missing", NAMED, "purchases of what is sold", True),
        ("purchaseAdd(add.email)", "missing", PLAIN, "", False),
        ("purchaseAdd", "missing", replace(PLAIN, purchases=False), "purchases of what is sold", False),
        ("item(warehouseCode)", "missing", PLAIN, "", False),
        ("item(since)", "missing", PLAIN, "the catalogue", True),
        ("sale.results", "missing", PLAIN, "`kensium export sales`", False),
        ("terminalPayment.start", "missing", PLAIN, "card terminals", False),
        ("giftcardEdit", "missing", PLAIN, "", False),
        ("productBanner.results", "missing", PLAIN, "", False),
    ],
)  # fmt: skip
def test_what_a_finding_stops(path: str, what: Any, options: KensiumOptions, stops: str, needed: bool) -> None:  # noqa: FBT001 - a parameter
    finding = Finding(path, what, Mark.TOLD, "")
    assert use_of(finding, options, payments=False) == Use(stops, needed)


def test_card_terminals_count_where_they_are_paid_at_through_this_server() -> None:
    finding = Finding("terminalPayment.capture", "missing", Mark.ASSUMED, "")
    assert use_of(finding, PLAIN, payments=True) == Use("card terminals", needed=True)
