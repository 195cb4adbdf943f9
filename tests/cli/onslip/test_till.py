"""`onslip till`: every field, nothing lost, no secret shown, and nobody's change overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from terminal.backends.onslip.models_till import Till
from terminal.cli.onslip import fields
from terminal.httpd import Drop
from terminal.sandbox.faults import Fault
from tests.cli.onslip.conftest import Office

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
FULL: dict[str, Any] = {
    "id": 7,
    "name": "Kiosk",
    "type": "ordering-device",
    "description": "By the door",
    "location": 1,
    "config": {
        "peripheral-bindings": [
            {
                "name": "Printer",
                "address": "/dev/usb/lp0",
                "exclusive": True,
                "device-id": "p1",
                "device-name": "Printer",
                "device-type": "printer",
                "device-model": "T88",
                "device-version": "1.0",
                "service-bindings": [
                    {
                        "functions": ["receipt-printer"],
                        "name": "Receipts",
                        "service-id": "s1",
                        "service-name": "escpos",
                        "service-type": "printer",
                        "service-hint": "paper 80 mm",
                    }
                ],
            }
        ],
        "auto-close-batch-schedules": ["15 9 * * *"],
        "button-map": 3,
    },
    "account-config": {
        "payment-methods": [{"method": "cash", "account": 1910}],
        "product-groups": [{"product-group": 1, "account": 3001}],
        "rounding": 3740,
        "mismatches": 7999,
        "gratuities": 2890,
        "journal-series": "K",
        "cost-center": {"code": "10", "name": "Hall"},
    },
    "device-id": "10000000abcdef01",
    "device-key": KEY,
    "logical-device-id": "l1",
    "control-unit-id": "c1",
    "client-version": "1.2",
    "cloud-control-unit": {
        "type": "green-gate",
        "username": "u",
        "password": "hush",
        "uri": "https://x.example",
    },
    "tags": ["indoors"],
    "labels": [4],
    "_x-demo-custom": "kept",
}


@pytest.fixture
def known(office: Office) -> Office:
    office.realm.onslip.know("tills", [FULL])
    return office


def test_list_is_a_table_without_secrets(known: Office) -> None:
    done = known("till", "list")
    assert done.exit_code == 0
    assert done.output == (
        "ID  NAME   TYPE             LOCATION  BOUND TO          CLIENT  DESCRIPTION\n"
        " 7  Kiosk  ordering-device         1  10000000abcdef01          By the door\n"
        " 8  Other  till                    1\n"
    )


def test_list_of_nothing_says_how_to_begin(office: Office) -> None:
    for id_ in ("7", "8"):
        assert office("till", "remove", id_, "--yes").exit_code == 0
    assert "terminalctl onslip till add" in office("till", "list").output
    assert "removed" in office("till", "list", "--deleted").output


def test_show_tells_every_field_and_no_secret(known: Office) -> None:
    done = known("till", "show", "7")
    told = dict(line.split(maxsplit=1) for line in done.output.splitlines()[1:])
    assert list(told)[:2] == ["id", "name"]
    assert told["config.peripheral-bindings[0].service-bindings[0].service-hint"] == "paper 80 mm"
    assert told["account-config.cost-center.code"] == "10"
    assert told["config.auto-close-batch-schedules"] == '["15 9 * * *"]'
    assert told["_x-demo-custom"] == "kept"
    assert (told["device-key"], told["cloud-control-unit.password"]) == ("[secret]", "[secret]")
    assert KEY not in done.output
    assert "hush" not in done.output
    assert {path.partition(".")[0].partition("[")[0] for path in told} >= FULL.keys()


def test_json_is_the_whole_till_without_secrets(known: Office) -> None:
    told = json.loads(known("till", "show", "7", "--json").stdout)
    hidden = {
        "device-key": "[secret]",
        "cloud-control-unit": {**FULL["cloud-control-unit"], "password": "[secret]"},
    }
    assert {name: each for name, each in told.items() if name in FULL} == {**FULL, **hidden}
    assert json.loads(known("till", "list", "--json").stdout)[0] == told


def test_the_till_of_these_tests_has_every_field() -> None:
    names = {each.encode_name for each in msgspec.structs.fields(Till)}
    assert names - {"(others)", "deleted"} - fields.OWNED <= FULL.keys()


def test_add_and_remove(office: Office) -> None:
    done = office("till", "add", "--name", "Kiosk 2", "--type", "ordering-device", "--set", "location=1")
    assert (done.exit_code, done.output) == (0, "The till 9 'Kiosk 2' is there.\n")
    assert office.till(9)["type"] == "ordering-device"
    asked = office("till", "remove", "9")
    assert (asked.exit_code, "deleted" in office.till(9)) == (2, False)
    assert office("till", "remove", "9", "--yes").output == "The till 9 'Kiosk 2' is removed.\n"
    assert "deleted" in office.till(9)
    assert "removed already" in office("till", "remove", "9", "--yes").output
    assert office("till", "update", "9", "--clear", "deleted").exit_code == 0
    assert "deleted" not in office.till(9)


def test_add_from_a_file_carries_what_nobody_knows(office: Office) -> None:
    file = office.folder / "till.json"
    file.write_text('{"name": "Kiosk 2", "_x-demo-custom": "kept", "account-config": {"rounding": 3740}}')
    told = json.loads(office("till", "add", "--file", str(file), "--json").stdout)
    assert told["_x-demo-custom"] == office.till(9)["_x-demo-custom"] == "kept"
    body = {**told, "id": 9, "name": "Kiosk 3"}
    file.write_text(json.dumps(body))
    assert office("till", "add", "--file", str(file)).output == "The till 10 'Kiosk 3' is there.\n"
    body["cloud-control-unit"] = {"type": "green-gate", "username": "u", "password": "[secret]"}
    file.write_text(json.dumps(body))
    refused = office("till", "add", "--file", str(file))
    assert (refused.exit_code, "the server shows none" in refused.output) == (2, True)
    nameless = office("till", "add", "--set", "location=1")
    assert (nameless.exit_code, "--name" in nameless.output) == (2, True)


def test_an_added_till_whose_answer_got_lost_is_found(office: Office) -> None:
    office.realm.onslip.faults.set(Fault(kind="drop", after=True, method="POST", count=1))
    done = office("till", "add", "--name", "Other")
    assert (done.exit_code, done.output) == (0, "The till 9 'Other' is there.\n")
    office.realm.onslip.faults.set(Fault(kind="drop", method="POST", count=1))
    lost = office("till", "add", "--name", "Other")
    assert lost.exit_code == 1
    assert "look before you repeat it" in lost.output
    assert len(office.realm.onslip.entities("tills")) == 3


@pytest.mark.parametrize(
    ("asked", "field", "value"),
    [
        (["--set", "name=12"], "name", "12"),
        (["--set", "client-version=1.20"], "client-version", "1.20"),
        (["--set", "location=1"], "location", 1),
        (["--set", "config.button-map=4"], "config", {**FULL["config"], "button-map": 4}),
        (
            ["--set", 'config.auto-close-batch-schedules=["0 3 * * *"]'],
            "config",
            {**FULL["config"], "auto-close-batch-schedules": ["0 3 * * *"]},
        ),
        (
            ["--set", "account-config.cost-center.code=20"],
            "account-config",
            {**FULL["account-config"], "cost-center": {"code": "20", "name": "Hall"}},
        ),
        (["--clear", "description"], "description", None),
        (["--set", "_x-demo-other=yes"], "_x-demo-other", "yes"),
        (["--set", "description=null"], "description", "null"),
        (["--set", "tags=[]"], "tags", []),
    ],
)  # fmt: skip
def test_update_changes_what_is_said_and_nothing_else(
    known: Office, asked: list[str], field: str, value: Any
) -> None:
    before = known.till()
    done = known("till", "update", "7", *asked)
    assert done.exit_code == 0, done.output
    after = known.till()
    assert after.get(field) == value
    same = before.keys() - {field, "updated", "updated-by"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_update_tells_what_was_and_what_is(known: Office) -> None:
    done = known("till", "update", "7", "--set", "config.button-map=4", "--clear", "description")
    assert done.output == (
        "The till 7 is changed.\n"
        "FIELD              BEFORE       AFTER\n"
        "description        By the door\n"
        "config.button-map  3            4\n"
    )
    again = known("till", "update", "7", "--set", "config.button-map=4")
    assert (again.output, known.changes()) == ("The till 7 is so already.\n", 1)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ([], "Nothing is to change"),
        (["--set", "name"], "field=value"),
        (["--set", "nam=x"], "did you mean name?"),
        (["--set", "location=here"], "Expected"),
        (["--set", "updated=now"], "only the server writes it"),
        (["--set", "client-user-agent=x"], "only the server writes it"),
        (["--set", f"device-key={KEY}"], "does not belong on a command line"),
        (["--set", "cloud-control-unit.password=x"], "does not belong on a command line"),
        (["--clear", "name"], "This cannot be"),
        (["--set", "location=null"], "--clear location"),
        (["--clear", "config", "--set", "config.button-map=3"], None),
    ],
)
def test_a_change_that_cannot_be_asks_nobody(known: Office, asked: list[str], words: str | None) -> None:
    done = known("till", "update", "7", *asked)
    if words is None:
        assert done.exit_code == 0, "what is cleared last is cleared"
        return
    assert (done.exit_code, known.changes()) == (2, 0)
    assert words in done.output
    assert KEY not in done.output


def test_a_bound_till_is_freed_only_on_purpose(known: Office) -> None:
    clear = ["--clear", "device-id", "--clear", "device-key"]
    asked = known("till", "update", "7", *clear)
    assert (asked.exit_code, known.changes()) == (2, 0)
    assert known("till", "update", "7", *clear, "--yes").exit_code == 0
    assert known.till().keys().isdisjoint({"device-id", "device-key"})


def between(office: Office, monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
    """Let somebody else change a till after it was read."""
    faults = office.realm.onslip.faults
    done: list[str] = []
    usual = faults.before

    def before(method: str, path: str = "") -> Any:
        if method in ("PATCH", "PUT") and not done:
            done.append(path)
            change()
        return usual(method, path)

    monkeypatch.setattr(faults, "before", before)


@pytest.mark.parametrize("how", ["update", "replace"])
def test_nobodys_change_is_overwritten(known: Office, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    file = known.folder / "till.json"
    file.write_text('{"name": "Ours"}')
    args = {"update": ["update", "7", "--file", str(file)], "replace": ["replace", "7", str(file), "--yes"]}[
        how
    ]
    between(known, monkeypatch, lambda: known.realm.onslip.know("tills", [{**FULL, "name": "Theirs"}]))
    done = known("till", *args)
    assert done.exit_code == 1
    assert "Somebody has changed it meanwhile, so nothing was written" in done.output
    assert known.till()["name"] == "Theirs"


def test_replace_shows_what_changes_asks_and_keeps_secrets(known: Office) -> None:
    file = known.folder / "till.json"
    body = json.loads(known("till", "show", "7", "--json").stdout)
    file.write_text(json.dumps(body))
    assert known("till", "replace", "7", str(file)).output == "The till 7 is so already.\n"
    body |= {"name": "Kiosk by the door"}
    del body["location"]
    file.write_text(json.dumps(body))
    asked = known("till", "replace", "7", str(file))
    assert (asked.exit_code, known.changes()) == (2, 0)
    assert "name      Kiosk   Kiosk by the door\nlocation  1\n" in asked.output
    done = known("till", "replace", "7", str(file), "--yes", "--json")
    assert done.exit_code == 0, done.output
    after = known.till()
    assert (after["name"], after["device-key"], "location" in after) == ("Kiosk by the door", KEY, False)
    assert after["cloud-control-unit"]["password"] == "hush"
    assert after["_x-demo-custom"] == "kept"
    assert KEY not in done.output


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"id": 8, "name": "x"}', "The file holds the till 8, and not 7"),
        ("{}", "A till has a name"),
        ("[]", "expected a JSON object"),
        ("{", "expected a JSON object"),
        ('{"name": "x", "device-key": "[secret]"}', "the server shows none"),
    ],
)
def test_a_file_that_cannot_be_replaces_nothing(office: Office, body: str, words: str) -> None:
    file = office.folder / "till.json"
    file.write_text(body)
    done = office("till", "replace", "7", str(file), "--yes")
    assert (done.exit_code, office.changes()) == (2, 0)
    assert words in done.output


@pytest.mark.parametrize("kind", ["drop", "half", "garbage"])
@pytest.mark.parametrize("how", ["update", "replace", "remove"])
def test_a_lost_answer_is_settled_by_a_look(office: Office, how: str, kind: Any) -> None:
    file = office.folder / "till.json"
    file.write_text('{"name": "Ours"}')
    args = {
        "update": ["update", "7", "--file", str(file)],
        "replace": ["replace", "7", str(file), "--yes"],
        "remove": ["remove", "7", "--yes"],
    }[how]
    for method in ("PATCH", "PUT", "DELETE"):
        office.realm.onslip.faults.set(
            *office.realm.onslip.faults.left(),
            Fault(kind=kind, after=True, method=method, count=1),
        )
    done = office("till", *args)
    assert done.exit_code == 0, done.output
    office.realm.onslip.faults.set(Fault(kind="drop", method="PATCH", count=1))
    assert office("till", "update", "8", "--set", "name=Lost").exit_code == 1


def test_what_a_key_may_not_is_said_in_words(known: Office) -> None:
    known.realm.only("show-tills")
    file = known.folder / "till.json"
    file.write_text('{"name": "Ours"}')
    for args, permission in (
        (["update", "7", "--set", "config.button-map=4"], "edit-till-config"),
        (["update", "7", "--set", "name=x"], "edit-tills"),
        (["update", "7", "--set", "location=1", "--clear", "account-config"], "edit-location"),
        (["replace", "7", str(file), "--yes"], "edit-tills"),
        (["add", "--name", "x"], "edit-tills"),
        (["remove", "7", "--yes"], "edit-tills"),
    ):
        done = known("till", *args)
        assert done.exit_code == 1, args
        assert f"This key may not do that. It needs the permission {permission}" in done.output
    known.realm.only()
    assert "It needs the permission show-tills" in known("till", "list").output
    assert known.changes() == 0


def test_what_goes_wrong_is_one_sentence(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert office("till", "show", "99").exit_code == 2
    monkeypatch.setattr(office.realm.onslip.faults, "before", lambda *_: Drop())
    gone = office("till", "list")
    assert gone.exit_code == 1
    assert gone.output.count("\n") == 1
    office.file.write_text("nonsense")
    assert "no key for this server" in office("till", "list").output
    office.file.unlink()
    missing = office("till", "list")
    assert (missing.exit_code, "does not exist" in missing.output) == (1, True)
