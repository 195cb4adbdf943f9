"""`onlinepos probe`: it finds out what the server of testers was told to be, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.backends.onlinepos.hash import CANDIDATES
from terminal.cli.onlinepos import probing_hash
from terminal.sandbox.onlinepos.rules import HashScheme
from terminal.sandbox.onlinepos.things import Company
from tests.backends.onlinepos_server import json as in_json
from tests.backends.onlinepos_server import serving
from tests.cli.onlinepos.conftest import Office, Open
from tests.sandbox.shop import CARD, FIRMAID, KEY, TOKEN, Shop

LAST = HashScheme(algorithm="sha256", with_credentials=False, separator="&", pairs=True, keep_empty=True)
LAST_OPTIONS = {"hash_algorithm": "sha256", "hash_credentials": False, "hash_names": True, "hash_empty": True}
WRITING = {"deposit", "createVoucher", "addCard", "editCard", "updateStock", "makeorder", "addProduct"}


def probed(office: Office, *args: str, code: int = 0) -> dict[str, Any]:
    done = office("probe", "--json", "--pause", "0", *args)
    assert done.exit_code == code, done.output
    assert TOKEN not in done.output
    assert KEY not in done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def state(told: dict[str, Any], what: str) -> str:
    return next(str(each["state"]) for each in told["findings"] if each["what"] == what)


def words(told: dict[str, Any], what: str) -> str:
    return next(str(each["words"]) for each in told["findings"] if each["what"] == what)


def tries(shop: Shop) -> int:
    return int(shop.pos.counters()["requests"].get("POST /onlinepos/api/campaign/cardInfo", 0))


def deny(shop: Shop, *calls: str) -> None:
    company = shop.pos.store.thing(Company, FIRMAID)
    assert company is not None
    shop.pos.know([replace(company, denied=calls)])


def test_what_people_are_told(open_office: Open) -> None:
    office, shop = open_office()
    shop.order(paid=1)
    shop.pos.close_day(FIRMAID)
    shop.admin("POST", "spend", {"card": CARD, "amount": 500})
    done = office("probe", "--card", CARD, "--day", "2023-11-14")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].split() == ["WHAT", "IS", "FOUND"]
    assert "hash of forms    ok       HMAC-SHA1 of token and company number, then the values, joined" in lines
    assert "departments      ok       Kiosk 1" in lines
    assert any(line.startswith("assumed          unknown  voucher_method = GET, ") for line in lines)
    assert "concern          ok       1234 Café Å (Kiosk 1), 9000 Other (Bar)" in lines
    history = next(line for line in lines if line.startswith("card history"))
    assert "Deposit 1 times, positive; locations: Another till" in history
    assert history.endswith("set history = true")
    assert lines[lines.index("[backends.onlinepos]") :] == [
        "[backends.onlinepos]",
        'type = "onlinepos"',
        f'url = "{office.url}"',
        "allow_http = true",
        f'token_file = "{office.file}"',
        'hash_algorithm = "sha1"',
        "hash_credentials = true",
        "hash_names = false",
        "hash_empty = false",
        'hash_reads = "none"',
        'journal_parameters = "query"',
    ]
    assert CARD not in done.output.replace(f"--card {CARD}", "")


def test_a_wrong_hash_is_wrong_until_the_right_one(open_office: Open) -> None:
    office, shop = open_office(scheme=LAST, journal_place="form", status_shape="sample")
    told = probed(office)
    assert {name: told["configuration"][name] for name in LAST_OPTIONS} == LAST_OPTIONS
    assert tries(shop) == len(CANDIDATES)
    assert told["configuration"]["journal_parameters"] == "form"
    assert words(told, "status of cards") == "in the form of the page's sample"
    assert shop.pos.effects() == []
    asked = shop.pos.counters()["requests"]
    assert not {name.rpartition("/")[2] for name in asked} & WRITING


def test_reads_are_signed_as_the_server_wants_it(open_office: Open) -> None:
    office, _ = open_office(scheme=HashScheme(gets="query"))
    told = probed(office)
    assert told["configuration"]["hash_reads"] == "query"
    assert (state(told, "status of cards"), state(told, "points of cards")) == ("ok", "ok")


def test_a_denial_of_another_kind_ends_the_search_at_once(open_office: Open) -> None:
    office, shop = open_office()
    deny(shop, "cardInfo")
    told = probed(office, code=1)
    assert (state(told, "hash of forms"), tries(shop)) == ("trouble", 1)
    assert "You don't have access to this call!" in words(told, "hash of forms")
    assert state(told, "stock") == "ok", "the rest is looked at all the same"


def test_a_denial_without_a_reason_ends_it_unless_it_is_insisted_on(open_office: Open) -> None:
    office, shop = open_office(scheme=LAST, forbidden="empty")
    assert state(probed(office, code=1), "hash of forms") == "trouble"
    assert tries(shop) == 1
    told = probed(office, "--insist")
    assert told["configuration"]["hash_algorithm"] == "sha256"


def test_tries_are_limited_and_may_be_none(open_office: Open) -> None:
    office, shop = open_office(scheme=LAST)
    told = probed(office, "--tries", "2", code=1)
    assert (tries(shop), "none of the 2" in words(told, "hash of forms")) == (2, True)
    told = probed(office, "--tries", "0")
    assert tries(shop) == 2
    assert "hash_algorithm" not in told["configuration"]


def test_the_search_is_stopped_by_hand_and_the_rest_is_told(
    open_office: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, shop = open_office(scheme=LAST)
    tried: list[object] = []

    def stop(_: object, scheme: object) -> None:
        tried.append(scheme)
        if len(tried) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(probing_hash.HashSearch, "_try", stop)
    told = probed(office)
    assert words(told, "hash of forms") == f"stopped at the try 3 of {len(CANDIDATES)}"
    assert state(told, "stock") == "ok"
    assert shop.pos.effects() == []


def test_who_has_no_key_is_told_what_that_means(open_office: Open) -> None:
    office, shop = open_office()
    office.write(token=TOKEN, firmaid=FIRMAID)
    told = probed(office)
    assert (state(told, "hash of forms"), tries(shop)) == ("off", 0)


@pytest.mark.parametrize("secret", [{"token": "wrong", "firmaid": FIRMAID}, {"token": TOKEN, "firmaid": 77}])
def test_a_wrong_secret_is_all_that_is_told(open_office: Open, secret: dict[str, Any]) -> None:
    office, shop = open_office()
    office.write(**secret)
    told = probed(office, code=1)
    assert [each["what"] for each in told["findings"]] == ["secret"]
    assert shop.pos.counters()["requests"] == {"GET /onlinepos/api/getProductStructure": 1}


def test_another_company_is_asked_and_has_to_be_written_down(open_office: Open) -> None:
    office, _ = open_office()
    office.write(token=TOKEN, firmaid=9000, key=KEY)
    told = probed(office, "--firmaid", str(FIRMAID), code=1)
    assert told["wrong"] == [f'The secret names another company: write "firmaid":{FIRMAID} into {office.file}.']
    assert state(told, "hash of forms") == "ok"


def test_the_configuration_is_compared_with_what_is_so(open_office: Open, tmp_path: Path) -> None:
    office, _ = open_office(scheme=LAST)
    simulated = (Path(__file__).parents[3] / "config/simulated.toml").read_text()
    config = tmp_path / "terminal.toml"
    section = f"""
[backends.books]
type = "onlinepos"
url = "{office.url}"
token_file = "{office.file}"
allow_http = true
"""
    config.write_text(simulated + section)
    from click.testing import CliRunner  # noqa: PLC0415 - no option says everything here

    from terminal.cli import cli  # noqa: PLC0415 - likewise

    runner = CliRunner(env={"TERMINAL_CONFIG": str(config), "COLUMNS": "200"})
    done = runner.invoke(cli, ["onlinepos", "probe", "--pause", "0", "--json"])
    assert done.exit_code == 1, done.output
    wrong = json.loads(done.stdout)["wrong"]
    assert "backends.books.hash_algorithm is 'sha1': it must be 'sha256'." in wrong
    assert len(wrong) == len(LAST_OPTIONS)


def test_what_is_no_answer_of_this_server_is_a_finding(tmp_path: Path) -> None:
    with serving(lambda _: in_json('{"status": "teapot"}')) as peer:
        told = probed(Office(tmp_path, peer.url), code=1)
    assert (state(told, "products"), state(told, "hash of forms")) == ("unknown", "trouble")
    assert len([each for each in peer.asked if each.path.endswith("cardInfo")]) == 1
