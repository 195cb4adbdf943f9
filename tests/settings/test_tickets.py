"""What a kiosk for tickets needs: each mistake is named, and what is right is what the core gets."""

from pathlib import Path
from typing import Any

import pytest

from terminal.core.ticket_rules import CodeRules
from terminal.settings import Settings, in_force
from terminal.settings.notes import notes
from tests.settings.loading import loaded, mistakes, only

KIOSK = """
[terminal]
id = "kiosk-1"
job = "tickets"

[backends.office]
type = "gate"
url = "https://tickets.example.org/"
credential = "office"

[backends.wallets]
type = "pointofsale"
url = "https://pos.example.org/"
credential = "wallets"

[roles]
sales = "office"
wallet = "wallets"

[tickets]
event = 3
pay = ["coins", "wallet", "card"]

[[tickets.products]]
id = 4
name = "Adult"
price = 3000

[[tickets.products]]
id = "family"
name = "Family Pass"
price = 9000

[[tickets.products.tickets]]
product = 8
count = 2

[[tickets.products.tickets]]
product = 9
count = 3

[[tickets.discounts]]
name = "Group"
products = [4]
from_quantity = 5
percent = 10

[[devices]]
name = "paper"
role = "printer"
driver = "simulated"

[[devices]]
name = "front reader"
role = "reader"
driver = "pcsc"

[[devices]]
name = "slot"
role = "coin_acceptor"
driver = "pulse"
coins = { 1 = 50 }

[[devices]]
name = "panel"
role = "buttons"
driver = "simulated"
"""
PAPER, READER, SLOT, PANEL = (f"[[devices]]{each}" for each in KIOSK.split("[[devices]]")[1:])
HOPPER = '[[devices]]\nname = "hopper"\nrole = "payout"\ndriver = "simulated"\n'
PAY = 'pay = ["coins", "wallet", "card"]'


def changed(*changes: tuple[str, str]) -> str:
    text = KIOSK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_the_job_holds_what_the_core_needs(tmp_path: Path) -> None:
    settings = loaded(tmp_path, KIOSK)
    job = settings.job()
    assert (job.kind, job.office, job.wallet) == ("tickets", "office", "wallets")
    assert [child.count for child in job.tickets.products[1].tickets] == [2, 3]
    assert job.codes.length == 13
    assert settings.roles.catalogue == "office", "what is sold is what the tickets' server knows"


def test_a_kiosk_without_tokens_needs_neither_reader_nor_wallets(tmp_path: Path) -> None:
    settings = loaded(tmp_path, changed((READER, ""), ('wallet = "wallets"', ""), (PAY, 'pay = ["coins"]')))
    assert (settings.job().wallet, settings.roles.catalogue) == ("", "office")


def test_a_terminal_that_sells_no_tickets_may_have_their_server(tmp_path: Path) -> None:
    text = changed(('job = "tickets"', 'job = "topup"'), ("event = 3", ""))
    settings = loaded(tmp_path, text)
    assert (settings.roles.sales, settings.roles.catalogue) == ("office", "wallets")


@pytest.mark.parametrize(
    ("changes", "path", "sentence"),
    [
        ([(PAPER, "")], "devices", 'no device with role = "printer"'),
        ([(SLOT, "")], "tickets.pay[1]", 'found "coins"; expected a device with role = "coin_acceptor"'),
        ([(READER, "")], "tickets.pay[2]", 'found "wallet"; expected a device with role = "reader"'),
        (
            [(READER, ""), (PAY, 'pay = ["coins"]\nrefund = ["voucher", "credit"]')],
            "tickets.refund[2]",
            'found "credit"; expected a device with role = "reader"',
        ),
        ([(READER, ""), (PAY, 'tap = "join"\ntap_device = 7')], "tickets.tap", 'found "join"'),
        ([(READER, ""), (PAY, 'staff = ["04A1B2C3"]')], "tickets.staff", "a device with role"),
        ([('sales = "office"', "")], "roles.sales", "records its sales there"),
        ([('sales = "office"', 'sales = "wallets"')], "roles.sales", "pointofsale records no sales"),
        ([('wallet = "wallets"', "")], "roles.wallet", 'tickets.pay has "wallet"'),
        (
            [('wallet = "wallets"', ""), (PAY, 'change = ["credit"]')],
            "roles.wallet",
            'tickets.change or tickets.refund has "credit"',
        ),
        ([("event = 3", "")], "tickets.event", "the id of the event"),
        ([("event = 3", 'event = ""')], "tickets.event", 'found ""'),
        ([(PAY, 'tap = "check-in"')], "tickets.tap_device", "the id of the session or room"),
        ([(PAY, 'change = ["keep", "voucher"]')], "tickets.change[1]", '"keep" as the last one'),
        ([(PAY, 'pay = ["card"]\ncash_rounding = 100')], "tickets.cash_rounding", '"coins" in tickets.pay'),
        ([(PAY, "cash_rounding = -1")], "tickets.cash_rounding", "a whole number from 0 to 10000"),
        ([(PAY, 'staff = ["04:a1:b2:c3"]')], "tickets.staff[1]", "without separators"),
        ([('id = "family"', 'id = "cancel"')], "tickets.products[2].id", "are buttons of their own"),
        ([('id = "family"', 'id = ""')], "tickets.products[2].id", "as the server has it"),
        ([("price = 9000", "price = 90_000")], "tickets.products[2].price", "at most 50000"),
        ([("price = 9000", "printed = false")], "tickets.products[2].tickets", "printed = false"),
        ([("product = 9", "product = 8")], "tickets.products[2].tickets[1].product", "each product once"),
        ([("product = 9", 'product = ""')], "tickets.products[2].tickets[2].product", 'found ""'),
        ([("count = 3", "count = 19")], "tickets.products[2].tickets", "21 tickets for one piece"),
        ([("products = [4]", "products = [4, 'famly']")], "tickets.discounts[1].products[2]", '"family"?'),
        ([("products = [4]", "products = ['4']")], "tickets.discounts[1].products[1]", 'found "4"'),
        (
            [("percent = 10", "percent = 10\nstaff = true")],
            "tickets.discounts[1].staff",
            "nobody could give it",
        ),
        (
            [("percent = 10", "percent = 10\namount = 5")],
            "tickets.discounts[1]",
            "either `percent` or `amount`",
        ),
        ([(PAY, "max_tickets = 100")], "tickets.max_tickets", "at most 99"),
        (
            [(PAY, "max_tickets = 9999"), ("[tickets]", "[codes]\ncounter_width = 3\n[tickets]")],
            "tickets.max_tickets",
            "codes.counter_width = 4",
        ),
        (
            [("[tickets]", "[codes]\nsign = true\n[tickets]")],
            "codes",
            "one of `sign_credential` and `sign_key_file`",
        ),
        (
            [("[tickets]", "[codes]\nsign = true\nsign_credential = 'a'\nsign_key_file = 'b'\n[tickets]")],
            "codes",
            "one of `sign_credential` and `sign_key_file`",
        ),
        (
            [(PANEL, '[[devices]]\nname = "snacks"\nrole = "machine"\ndriver = "simulated"\n')],
            "devices",
            'none for the job "tickets"',
        ),
    ],
)
def test_each_mistake_is_named(
    tmp_path: Path, changes: list[tuple[str, str]], path: str, sentence: str
) -> None:
    found = mistakes(tmp_path, changed(*changes))
    assert path in found
    assert sentence in str(found[path])


@pytest.mark.parametrize("second", ["4", '"4"'])
def test_two_products_of_one_id_cannot_be_told_apart_by_a_button(tmp_path: Path, second: str) -> None:
    found = mistakes(tmp_path, changed(('id = "family"', f"id = {second}")))
    assert set(found) == {"tickets.products[1].id", "tickets.products[2].id"}


def test_discounts_of_products_that_the_server_names_are_not_judged(tmp_path: Path) -> None:
    start, end = KIOSK.index("[[tickets.products]]"), KIOSK.index("[[tickets.discounts]]")
    assert loaded(tmp_path, KIOSK[:start] + KIOSK[end:]).tickets.discounts[0].products == (4,)


@pytest.mark.parametrize(
    ("base", "width", "start", "room"),
    [(10, 2, 1, 99), (10, 2, 0, 100), (36, 2, 1, 1295), (10, 5, 0, 10_000), (36, 8, 1, 10_000)],
)
def test_what_one_sale_can_number(base: Any, width: int, start: int, room: int) -> None:
    rules = CodeRules(counter_base=base, counter_width=width, counter_start=start)
    assert rules.capacity == room


def test_the_key_that_signs_has_its_path_from_where_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    signed = loaded(tmp_path, f"[codes]\nsign = true\nsign_key_file = 'var/key'\n{KIOSK}")
    assert signed.codes.sign_key_file == str(tmp_path / "var/key")
    assert loaded(tmp_path, KIOSK).codes.sign_key_file == ""


def test_as_many_tickets_as_there_are_numbers_are_allowed(tmp_path: Path) -> None:
    assert loaded(tmp_path, changed((PAY, "max_tickets = 99"))).tickets.max_tickets == 99


def test_ways_of_change_that_nobody_can_go_are_noted(tmp_path: Path) -> None:
    def told(text: str) -> list[str]:
        return [note for note in notes(loaded(tmp_path, text)) if "payout" in note]

    (note,) = told(KIOSK)
    assert note.startswith('tickets.change and tickets.refund have "payout", and cash.payouts names nobody')
    (note,) = told(changed((PAY, "change = []")))
    assert note.startswith('tickets.refund has "payout"')
    assert told(f"[cash]\npayouts = ['hopper']\n{KIOSK}{HOPPER}") == []
    assert told(changed((PAY, 'pay = ["card"]'))) == []


def test_a_server_that_cannot_be_told_of_rounding_is_noted(tmp_path: Path) -> None:
    def told(text: str) -> list[str]:
        return [note for note in notes(loaded(tmp_path, text)) if "rounding" in note]

    assert told(KIOSK) == []
    (note,) = told(changed((PAY, "cash_rounding = 100")))
    assert note.startswith("tickets.cash_rounding: backend office has no field for it and is told exact")


def test_products_whose_price_nobody_knows_are_noted(tmp_path: Path) -> None:
    def told(text: str) -> list[str]:
        return [note for note in notes(loaded(tmp_path, text)) if "is sold" in note or "not sold" in note]

    without = ("price = 9000\n", "")
    assert told(KIOSK) == []
    (note,) = told(changed(without))
    assert note.startswith(
        "tickets.products[2] is not sold: it has no price, and backend office tells no prices"
    )
    assert (
        told(changed(without, ('credential = "office"', 'credential = "office"\nprice_field = "price"'))) == []
    )
    assert told(changed(without, ('wallet = "wallets"', 'wallet = "wallets"\ncatalogue = "wallets"'))) == []
    start, end = KIOSK.index("[[tickets.products]]"), KIOSK.index("[[tickets.discounts]]")
    (note,) = told(KIOSK[:start] + KIOSK[end:])
    assert note.startswith("Nothing is sold")


def test_a_kiosk_where_nobody_can_choose_is_noted(tmp_path: Path) -> None:
    assert not any("nobody can choose" in note for note in notes(loaded(tmp_path, KIOSK)))
    assert any("nobody can choose" in note for note in notes(loaded(tmp_path, changed((PANEL, "")))))


def test_tokens_of_the_staff_are_masked(tmp_path: Path) -> None:
    settings: Settings = loaded(tmp_path, changed((PAY, 'staff = ["04A1B2C3D4E5F6"]')))
    assert in_force(settings)["tickets"]["staff"] == ["…E5F6"]
    found = only(tmp_path, changed((PAY, 'staff = ["04A1B2C3D4E5F"]')))
    assert found.found == '"…4E5F"'
