"""`onslip probe`: it finds out what the sandbox was told to be, changes nothing, and puts a tried cent back."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from terminal.sandbox.faults import Fault
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.cli.onslip.conftest import Office
from tests.sandbox.realm import ID, SECRET


def set_rules(office: Office, **rules: Any) -> None:
    assert office.realm.admin("PUT", "rules", rules).status == 200


def probed(office: Office, *args: str, code: int = 0) -> dict[str, Any]:
    done = office("probe", "--json", *args)
    assert done.exit_code == code, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def finding(told: dict[str, Any], what: str) -> tuple[str, str]:
    found = next(each for each in told["findings"] if each["what"] == what)
    return found["state"], found["words"]


def effects(office: Office) -> dict[str, int]:
    found: dict[str, int] = office.realm.onslip.counters()["effects"]
    return found


def test_what_people_are_told(office: Office) -> None:
    set_rules(office, members=True)
    cash = {"id": 5, "name": "Cash", "type": "cash", "virtual": False, "rounding-multiple": 1.0}
    office.realm.onslip.know("payment-methods", [cash])
    done = office("probe")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].split() == ["WHAT", "IS", "FOUND"]
    assert "clock                   ok    ours and the server's are the same" in lines
    assert "company                 ok    demo.example (demo.example)" in lines
    assert "user                    ok    1 kiosk" in lines
    assert "VAT rates               ok    25, 12, 6, 0 (percent)" in lines
    assert "payment methods         ok    4 Card (payment-voucher), 5 Cash (cash, rounded to 1)" in lines
    assert "products                ok    2 would be sold here" in lines
    assert lines[lines.index("[backends.onslip]") :] == [
        "[backends.onslip]",
        'type = "onslip"',
        f'url = "{office.realm.sandbox.onslip_url}"',
        'realm = "demo.example"',
        "allow_http = true",
        f'token_file = "{office.file}"',
        'sales = "journal"',
        'vat_unit = "percent"',
        'voucher_lookup = "query"',
        'voucher_query = "identifiers:\\"{identifier}\\""',
    ]
    assert "\x1b[" not in done.output


def test_the_key_is_named_so_that_a_daemon_finds_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(office.folder)
    done = office("probe", file=Path(office.file.name))
    assert f'token_file = "{office.file}"' in done.output.splitlines()


def test_nothing_is_changed_and_no_identifier_is_told(office: Office) -> None:
    done = office("probe")
    assert effects(office) == {}
    assert "04a1" not in done.output
    assert done.output.count("POST") == 0


UNPROVEN = ("unknown", "the server refuses an old signature without proving its time: keep NTP running")
NO_QUERY = ("note", "no form of a query finds one: a list of all vouchers is kept here")


@pytest.mark.parametrize(
    ("rules", "what", "found"),
    [
        ({"clock_s": 40}, "clock", ("note", "the server's is 40 s ahead of ours; signatures follow it")),
        ({"clock_s": -3000}, "clock", ("trouble", "the server's is 3000 s behind ours; signatures follow it")),
        ({"proof": "none"}, "clock", UNPROVEN),
        ({"proof": "wrong"}, "clock", UNPROVEN),
        ({"vat_rates": (0.25, 0.12)}, "VAT rates", ("ok", "0.25, 0.12 (fraction)")),
        ({"vat_rates": (1, 0)}, "VAT rates", ("unknown", "1, 0: percents or fractions? Set vat_unit yourself")),
        ({"members": True}, "vouchers by identifier", ("ok", 'identifiers:"{identifier}"')),
        ({}, "vouchers by identifier", NO_QUERY),
        ({}, "parameters by &", ("note", "not understood")),
        ({}, "parameters by ;", ("ok", "understood")),
        ({}, "payload hashes", ("ok", "checked by the server")),
        ({"payload_hash": "unchecked"}, "payload hashes", ("note", "not checked by the server")),
        ({"endpoints": ["https://one.example/v1/"]}, "endpoints", ("ok", "https://one.example/v1/")),
    ],
)  # fmt: skip
def test_it_finds_out(office: Office, rules: dict[str, Any], what: str, found: tuple[str, str]) -> None:
    if "vat_rates" in rules:
        group = {"id": 1, "name": "Drinks", "type": "goods", "vat-rate": rules["vat_rates"][0]}
        office.realm.onslip.know("product-groups", [group])
    set_rules(office, **rules)
    told = probed(office, code=1 if found[0] == "trouble" else 0)
    assert finding(told, what) == found


def test_what_follows_for_the_configuration(office: Office) -> None:
    told = probed(office)["configuration"]
    assert (told["voucher_lookup"], "voucher_query" in told) == ("list", False)
    office.realm.only(*PERMISSIONS - {"add-external-records"})
    assert probed(office)["configuration"]["sales"] == "orders"
    office.realm.only(*PERMISSIONS - {"add-external-records", "edit-tabs"})
    told = probed(office)
    assert "sales" not in told["configuration"]
    assert finding(told, "sales")[0] == "off"


def test_what_a_missing_permission_switches_off_is_said(office: Office) -> None:
    office.realm.only("show-tills")
    set_rules(office, features=())
    told = probed(office)
    state, why = finding(told, "vouchers")
    assert state == "off"
    for each in (
        "permission show-vouchers",
        "permission use-vouchers",
        "feature payment-vouchers of the account",
    ):
        assert f"the {each}" in why
    assert why.endswith(": no vouchers as wallets")
    assert finding(told, "binding")[1] == "without the permission bind-tills: no terminalctl onslip bind"
    assert finding(told, "configuration") == ("ok", "permitted")
    assert finding(told, "vouchers by identifier") == ("unknown", "the vouchers cannot be read")
    assert finding(told, "products")[0] == "off"


def test_a_till_its_map_and_its_schedules(office: Office) -> None:
    realm = office.realm.onslip
    buttons = [{"x": 0, "y": 0, "action": "add-product-item", "product": 2}]
    realm.know(
        "button-maps",
        [{"id": 3, "name": "Kiosk", "type": "menu-section", "width": 1, "height": 0, "buttons": buttons}],
    )
    config = {"button-map": 3, "auto-close-batch-schedules": ["15 9 * * *", "@daily"]}
    realm.know("tills", [{"id": 7, "name": "Kiosk", "config": config, "client-version": "999.0"}])
    office.realm.key(ID, SECRET, *PERMISSIONS, till=7)
    told = probed(office, code=1)
    assert finding(told, "till") == ("ok", "7 Kiosk (till)")
    assert finding(told, "button map") == ("ok", "3; there are: 3 Kiosk (menu-section)")
    assert finding(told, "products") == ("ok", "1 would be sold here")
    assert finding(told, "schedule") == ("ok", "15 9 * * *")
    assert ("trouble", "@daily") in [(it["state"], it["words"][1:7]) for it in told["findings"]]
    assert finding(told, "new version")[0] == "note"
    realm.know("tills", [{"id": 7, "name": "Kiosk", "config": {"button-map": 4}}])
    assert finding(probed(office, code=1), "button map")[0] == "trouble"


def test_a_server_that_is_away_or_knows_no_such_key(office: Office) -> None:
    office.write("key:nobody@demo.example", SECRET)
    told = probed(office, code=1)
    assert finding(told, "who we are")[0] == "trouble"
    assert "Is the key right" in finding(told, "who we are")[1]
    office.realm.onslip.faults.set(Fault(kind="drop"))
    assert finding(probed(office, code=1), "health/alive")[0] == "trouble"


# -- which sign spends ---------------------------------------------------------------------------------


def booked(office: Office) -> dict[str, int]:
    """How often, and by how much in all, was really booked on the voucher."""
    found: dict[str, int] = office.realm.onslip.counters()["vouchers"].get("5", {"count": 0, "thousandths": 0})
    return found


@pytest.mark.parametrize("sign", ["negative", "positive"])
@pytest.mark.parametrize(("balance", "limit"), [(100, 10), (0, 0), (0, 1)])
def test_the_sign_is_found_and_the_cent_put_back(office: Office, sign: str, balance: int, limit: int) -> None:
    set_rules(office, spends=sign)
    payment = {"payment-method": 4, "balance": balance, "credit-limit": limit}
    office.realm.onslip.know(
        "vouchers", [{"id": 5, "type": "payment", "identifiers": ["04a1"], "payment": payment}]
    )
    told = probed(office, "--voucher", "5", "--yes")
    assert finding(told, "spending") == ("ok", f"by {sign} amounts")
    assert told["configuration"]["voucher_sign"] == sign
    assert booked(office) == {"count": 2, "thousandths": 0}
    assert told["trial"][-1] == "The voucher is as it was."


def test_nothing_is_booked_without_a_yes(office: Office) -> None:
    done = office("probe", "--voucher", "5")
    assert (done.exit_code, booked(office)["count"]) == (2, 0)
    assert "--yes" in done.output


@pytest.mark.parametrize("voucher", ["6", "99"])
def test_a_voucher_without_money_is_left_alone(office: Office, voucher: str) -> None:
    coupon = {"product": 1, "quantity": 3, "credit-limit": 0}
    office.realm.onslip.know("vouchers", [{"id": 6, "type": "coupon", "identifiers": ["b"], "coupon": coupon}])
    assert office("probe", "--voucher", voucher, "--yes").exit_code == 2
    assert effects(office) == {}


def test_a_reverse_that_fails_is_said_exactly(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = office.realm.onslip.faults
    usual = faults.after

    def once(method: str, response: Any, path: str = "") -> Any:
        if method == "POST" and path.endswith("/vouchers/5"):
            faults.set(Fault(kind="status", method="POST", status=503))
        return usual(method, response, path)

    monkeypatch.setattr(faults, "after", once)
    told = probed(office, "--voucher", "5", "--yes", code=1)
    state, words = finding(told, "spending")
    assert state == "trouble"
    assert words.startswith("+0.01 was booked, and -0.01 was not. Compare the voucher 5 in the back office")
    assert told["trial"][1] == "+0.01 was booked."
    assert told["trial"][3].startswith("-0.01 was not booked: the server answered 503")
    assert booked(office) == {"count": 1, "thousandths": 10}
    assert "voucher_sign" not in told["configuration"]


def test_a_key_that_may_not_book_books_nothing(office: Office) -> None:
    office.realm.only(*PERMISSIONS - {"use-vouchers"})
    told = probed(office, "--voucher", "5", "--yes")
    assert finding(told, "spending")[0] == "unknown"
    assert "use-vouchers" in told["trial"][1]
    assert booked(office)["count"] == 0


MISHAPS = (
    Fault(kind="drop", after=True, method="POST", path="vouchers", probability=0.5),
    Fault(kind="drop", method="POST", path="vouchers", probability=0.5),
    Fault(kind="half", method="POST", path="vouchers", probability=0.5),
    Fault(kind="garbage", method="POST", path="vouchers", probability=0.5),
    Fault(kind="status", after=True, method="POST", path="vouchers", probability=0.5),
    Fault(kind="drop", method="GET", path="vouchers/5", probability=0.4),
    Fault(kind="status", method="GET", path="vouchers/5", probability=0.4),
)


@pytest.mark.parametrize("seed", range(16))
def test_whatever_breaks_a_cent_is_put_back_or_said_to_be_missing(office: Office, seed: int) -> None:
    lot = random.Random(seed)
    set_rules(office, spends=lot.choice(["negative", "positive"]))
    office.realm.onslip.faults.set(*lot.sample(MISHAPS, lot.randint(1, 3)), seed=seed)
    done = office("probe", "--json", "--voucher", "5", "--yes")
    assert booked(office)["count"] <= 2
    if not done.stdout.startswith("{"):
        assert booked(office)["count"] == 0, done.output
        return
    state, words = finding(json.loads(done.stdout), "spending")
    assert state == "trouble" or booked(office)["thousandths"] == 0
    assert (done.exit_code == 1) == (state == "trouble")
    if state == "ok":
        assert words == f"by {office.realm.onslip.rules.spends} amounts"
