"""`onslip bind`: one machine, one till, and the key on disk whatever happens."""

from __future__ import annotations

import errno
import json
import stat
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found
from terminal.cli.errors import WrongUse
from terminal.cli.onslip.hardware import device_id
from terminal.cli.onslip.keyfile import KeyFile
from terminal.cli.secret_file import SecretFile
from terminal.httpd import Drop
from terminal.sandbox.faults import Fault
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.cli.onslip.conftest import DEVICE, Office
from tests.sandbox.realm import ID, SECRET


def set_rules(office: Office, **rules: Any) -> None:
    assert office.realm.admin("PUT", "rules", rules).status == 200


def test_a_machine_gets_a_key_of_its_own(office: Office) -> None:
    done = office.bind("7")
    assert done.exit_code == 0
    assert done.output == (
        f"The till 7 of demo.example is bound to this machine, device id '{DEVICE}'.\n"
        "The server knows its key as device:{device}@{realm}.\n"
        f"The key is in {office.file}; only its owner may read it.\n"
        f"What was there is in {office.file}.before: keep it in a safe place, or have it taken back.\n"
        "The daemon keeps a key until that is refused, so restart it: systemctl restart terminald\n"
        "Look what it may do: sudo terminalctl onslip probe\n"
    )
    till, kept = office.till(), office.kept()
    assert (till["device-id"], till["device-key"]) == (DEVICE, kept["key"])
    assert kept["key_id"] == f"device:{DEVICE}@demo.example"
    assert len(b64decode(kept["key"])) == 32
    assert kept["key"] not in done.output
    assert stat.S_IMODE(office.file.stat().st_mode) == 0o600
    assert office.kept(".before")["key_id"] == ID
    assert sorted(each.name for each in office.folder.iterdir()) == ["onslip.key", "onslip.key.before"]


def test_two_machines_get_different_keys(office: Office) -> None:
    office.bind("7", "--out", str(office.folder / "one"))
    office("bind", "8", "--device-id", "20000000abcdef02", "--yes", "--out", str(office.folder / "two"))
    keys = [json.loads((office.folder / name).read_text())["key"] for name in ("one", "two")]
    assert len({*keys, office.till(7)["device-key"], office.till(8)["device-key"]}) == 2
    assert office.kept()["key_id"] == ID


def test_json_holds_no_key(office: Office) -> None:
    done = office.bind("7", "--json")
    assert json.loads(done.stdout) == {
        "till": 7,
        "device_id": DEVICE,
        "bound": True,
        "key_works": True,
        "key_id_form": "device:{device}@{realm}",
        "file": str(office.file),
        "before": f"{office.file}.before",
    }


def test_nothing_is_done_where_nobody_says_yes(office: Office) -> None:
    done = office("bind", "7", "--device-id", DEVICE)
    assert done.exit_code == 2
    assert "--yes" in done.output
    assert office.changes() == 0
    assert [each.name for each in office.folder.iterdir()] == ["onslip.key"]


def test_the_only_free_till_is_found_and_several_are_asked_about(office: Office) -> None:
    asked = office.bind()
    assert asked.exit_code == 2
    assert [line.split()[:2] for line in asked.output.splitlines()[2:]] == [
        ["ID", "NAME"],
        ["7", "Kiosk"],
        ["8", "Other"],
    ]
    assert office.bind("7").exit_code == 0
    office.write(ID, SECRET)
    (office.folder / "onslip.key.before").unlink()
    assert office("bind", "--device-id", "20000000abcdef02", "--yes").exit_code == 0
    assert office.till(8)["device-key"] == office.kept()["key"]


def test_where_every_till_is_taken_one_is_to_be_added(office: Office) -> None:
    for id_ in (7, 8):
        office.realm.onslip.know("tills", [{"id": id_, "name": "Till", "device-id": "somebody"}])
    done = office.bind()
    assert (done.exit_code, "terminalctl onslip till add" in done.output) == (1, True)


@pytest.mark.parametrize("taken", [{"device-id": "theirs"}, {"device-id": "theirs", "device-key": "AAAA"}])
def test_a_taken_till_is_left_alone(office: Office, taken: dict[str, str]) -> None:
    office.realm.onslip.know("tills", [{"id": 7, "name": "Kiosk", **taken}])
    done = office.bind("7")
    assert done.exit_code == 1
    assert (
        "This machine is not bound: the till 7 'Kiosk' is bound to the device 'theirs' already" in done.output
    )
    assert "AAAA" not in done.output
    assert office.changes() == 0
    assert [each.name for each in office.folder.iterdir()] == ["onslip.key"]


def test_the_journal_of_another_system_is_no_machine(office: Office) -> None:
    office.realm.onslip.know("tills", [{"id": 7, "name": "Books", "type": "external-journal"}])
    done = office.bind("7")
    assert (done.exit_code, office.changes()) == (1, 0)
    assert "the till 7 'Books' is the journal of another system and no machine" in done.output


def test_a_machine_with_the_same_device_id_is_another_machine(office: Office) -> None:
    """A copied card: the id is ours, and the key is not."""
    before = office.bind("7", "--out", str(office.folder / "first"))
    assert before.exit_code == 0
    (office.folder / "onslip.key.pending").write_text(
        json.dumps(
            {
                "key": b64encode(bytes(32)).decode(),
                "till": 7,
                "device_id": DEVICE,
                "realm": "demo.example",
                "url": office.realm.sandbox.onslip_url,
            }
        )
    )
    (office.folder / "onslip.key.pending").chmod(0o600)
    done = office.bind("7")
    assert done.exit_code == 1
    assert "another machine that has the same device id" in done.output
    assert office.kept()["key_id"] == ID
    assert not (office.folder / "onslip.key.pending").exists(), "it surely opens nothing"


def test_a_lost_answer_is_settled_by_a_look(office: Office) -> None:
    office.realm.onslip.faults.set(Fault(kind="drop", after=True, method="PATCH", count=1))
    done = office.bind("7")
    assert done.exit_code == 0, done.output
    assert (office.changes(), office.till()["device-key"]) == (1, office.kept()["key"])


def test_a_request_that_got_lost_is_sent_again(office: Office) -> None:
    office.realm.onslip.faults.set(Fault(kind="drop", method="PATCH", count=2))
    assert office.bind("7").exit_code == 0
    assert (office.changes(), office.till()["device-key"]) == (1, office.kept()["key"])


def test_the_key_outlives_a_server_that_went_away(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It carries the change out, and answers nothing any more."""
    faults = office.realm.onslip.faults
    usual = faults.after

    def gone(method: str, response: Any, path: str = "") -> Any:
        if method == "PATCH":
            faults.set(Fault(kind="drop"))
            return Drop()
        return usual(method, response, path)

    with monkeypatch.context() as patch:
        patch.setattr(faults, "after", gone)
        done = office.bind("7")
    faults.clear()
    assert done.exit_code == 1
    assert "It is not known whether the till 7 is bound to this machine" in done.output
    assert office.kept(".pending")["key"] == office.till()["device-key"]
    assert office.kept()["key_id"] == ID, "what worked before is as it was"
    again = office.bind("7")
    assert again.exit_code == 0, again.output
    assert (office.changes(), office.till()["device-key"]) == (1, office.kept()["key"])


def test_a_power_cut_before_the_change_was_sent_loses_nothing(office: Office) -> None:
    office.realm.onslip.faults.set(Fault(kind="drop", method="PATCH"))
    cut = office.bind("7")
    assert cut.exit_code == 1
    key = office.kept(".pending")["key"]
    office.realm.onslip.faults.clear()
    assert office.bind("7").exit_code == 0
    assert office.till()["device-key"] == key == office.kept()["key"]


@pytest.mark.parametrize("permissions", [["show-tills"], []])
def test_a_power_cut_before_the_end_leaves_nothing_to_do(office: Office, permissions: list[str]) -> None:
    """The key is in its place, and the file that it came from is there still."""
    set_rules(office, device_permissions=permissions)
    pending = office.file.with_name("onslip.key.pending")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeyFile, "drop", lambda _: None)
        assert office.bind("7").exit_code == 0
    assert pending.exists()
    done = office.bind("7")
    assert done.exit_code == 0, done.output
    assert not pending.exists()
    assert (office.kept(".before")["key_id"], office.changes()) == (ID, 1)
    assert office.kept()["key"] == office.till()["device-key"]


def test_a_power_cut_between_the_old_key_and_the_new_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one is kept already, and the new one is not in its place yet."""

    def full(self: SecretFile, secret: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    usual = KeyFile.finish
    with monkeypatch.context() as patch:
        patch.setattr(KeyFile, "finish", lambda *args: (patch.setattr(SecretFile, "write", full), usual(*args)))
        done = office.bind("7")
    assert (done.exit_code, "No space left" in done.output) == (2, True)
    assert office.kept()["key_id"] == ID
    assert office.kept(".pending")["key"] == office.till()["device-key"]
    assert office.bind("7").exit_code == 0
    assert office.kept(".before")["key_id"] == ID


def test_a_full_disk_sends_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: SecretFile, secret: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SecretFile, "write", full)
    done = office.bind("7")
    assert (done.exit_code, office.changes()) == (2, 0)
    assert "No space left" in done.output
    assert [each.name for each in office.folder.iterdir()] == ["onslip.key"]


def test_a_machine_that_has_a_till_gets_no_second_one_by_itself(office: Office) -> None:
    assert office.bind("7", "--out", str(office.folder / "key")).exit_code == 0
    done = office.bind()
    assert done.exit_code == 1
    assert f"The till 7 'Kiosk' has the device id '{DEVICE}' already" in done.output
    assert office.changes() == 1


def test_a_binding_that_was_begun_is_finished_first(office: Office) -> None:
    office.realm.onslip.faults.set(Fault(kind="drop", method="PATCH"))
    assert office.bind("7").exit_code == 1
    office.realm.onslip.faults.clear()
    other = office.bind("8")
    assert other.exit_code == 2
    assert "terminalctl onslip bind 7" in other.output
    assert office.bind().exit_code == 0, "without a number it goes on with what was begun"
    assert office.till()["device-key"] == office.kept()["key"]


def test_a_key_under_an_unknown_name_is_kept_and_said(office: Office) -> None:
    set_rules(office, device_id="machine-{id}-of-{realm}")
    done = office.bind("7")
    assert done.exit_code == 1
    assert "The till 7 of demo.example is bound to this machine" in done.output
    assert "! Its key does not sign yet." in done.output
    assert office.kept(".pending")["key"] == office.till()["device-key"]
    assert office.kept()["key_id"] == ID
    found = office.bind("7", "--key-id", "machine-{device}", "--key-id", "machine-{id}-of-{realm}")
    assert found.exit_code == 0, found.output
    assert office.kept()["key_id"] == "machine-7-of-demo.example"
    assert office.changes() == 1


@pytest.mark.parametrize("form", ["till:{till}", "a b", "{id", "{id.x}", "ä{id}"])
def test_a_form_that_cannot_be_asks_nobody(office: Office, form: str) -> None:
    done = office.bind("7", "--key-id", form)
    assert (done.exit_code, office.changes()) == (2, 0)
    assert "{id}, {device} and {realm}" in done.output


def test_a_key_that_may_not_bind_is_told_what_it_needs(office: Office) -> None:
    office.realm.only("show-tills")
    done = office.bind("7")
    assert done.exit_code == 1
    assert "This key may not do that. It needs the permission bind-tills" in done.output
    assert [each.name for each in office.folder.iterdir()] == ["onslip.key"]
    office.realm.only("bind-tills")
    assert "It needs the permission show-tills" in office.bind("7").output


def test_a_till_that_is_not_there_is_wrong_use(office: Office) -> None:
    done = office.bind("99")
    assert (done.exit_code, "there is none of the id 99" in done.output) == (2, True)


def test_without_versions_nothing_is_changed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    got = Onslip.get

    def bare(self: Onslip, path: str, timeout_s: float) -> Any:
        found = got(self, path, timeout_s)
        return Found(found.body) if isinstance(found, Found) else found

    monkeypatch.setattr(Onslip, "get", bare)
    done = office.bind("7")
    assert (done.exit_code, office.changes()) == (1, 0)
    assert "ETag" in done.output


@pytest.mark.parametrize("form", ["device:{device}@{realm}", "nobody-knows-{id}"])
def test_where_the_server_hides_keys_a_signature_decides(
    office: Office, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """The answer got lost, and what is bound to the till cannot be compared."""
    got = Onslip.get

    def hiding(self: Onslip, path: str, timeout_s: float) -> Any:
        found = got(self, path, timeout_s)
        if isinstance(found, Found) and isinstance(found.body, dict):
            found.body.pop("device-key", None)
        return found

    monkeypatch.setattr(Onslip, "get", hiding)
    set_rules(office, device_id=form)
    office.realm.onslip.faults.set(Fault(kind="drop", after=True, method="PATCH", count=1))
    done = office.bind("7")
    assert office.changes() == 1
    if form.startswith("device"):
        assert done.exit_code == 0, done.output
        assert office.kept()["key"] == office.till()["device-key"]
        return
    assert done.exit_code == 1
    assert "bound to this machine, or to another with the same device id" in done.output
    assert office.kept(".pending")["key"] == office.till()["device-key"]
    assert office.bind("7", "--key-id", form).exit_code == 0
    assert office.kept()["key"] == office.till()["device-key"]


def test_an_older_key_is_never_lost(office: Office) -> None:
    before = office.folder / "onslip.key.before"
    before.write_text("an older one")
    done = office.bind("7")
    assert (done.exit_code, office.changes()) == (2, 0)
    assert "move it away first" in done.output
    assert before.read_text() == "an older one"


def test_one_folder_takes_one_binding_at_a_time(office: Office) -> None:
    with KeyFile(str(office.folder / "other")):
        done = office.bind("7")
    assert (done.exit_code, office.changes()) == (2, 0)
    assert "Somebody else is binding" in done.output


def test_nobody_is_asked_where_nothing_can_be_kept(office: Office) -> None:
    done = office.bind("7", "--out", str(office.folder / "nowhere" / "key"))
    assert (done.exit_code, office.changes()) == (2, 0)
    assert "name a file by --out" in done.output


def test_another_change_of_the_till_is_no_hindrance(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """412, and still nobody has it: read again, and bound by what it is now."""
    realm = office.realm
    after = realm.onslip.faults.after
    seen: list[str] = []

    def touch(method: str, response: Any, path: str = "") -> Any:
        if method == "GET" and path.endswith("/tills/7"):
            seen.append(path)
            if len(seen) == 2:
                realm.onslip.know("tills", [{"id": 7, "name": "Kiosk by the door"}])
        return after(method, response, path)

    monkeypatch.setattr(realm.onslip.faults, "after", touch)
    assert office.bind("7").exit_code == 0
    assert (office.till()["name"], office.changes()) == ("Kiosk by the door", 1)
    assert realm.onslip.counters()["requests"]["PATCH /v1/~{realm}/{resource}/{id}"] == 2


def test_the_hardware_says_the_device_id(office: Office, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="--device-id"):
        device_id(None, tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    made = device_id(None, tmp_path)
    assert made == device_id(None, tmp_path)
    assert made != "0123456789abcdef0123456789abcdef"
    assert len(made) == 32
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    serial = tmp_path / "proc/device-tree/serial-number"
    serial.write_bytes(b"10000000abcdef01\0")
    assert device_id(None, tmp_path) == "10000000abcdef01"
    serial.write_bytes(b"0000000000000000\0")
    assert device_id(None, tmp_path) == made, "a board without a serial number says zeros"
    with pytest.raises(WrongUse):
        device_id("no good\n", tmp_path)


def test_all_permissions_are_not_needed(office: Office) -> None:
    assert {"show-tills", "bind-tills"} < PERMISSIONS
    office.realm.only("show-tills", "bind-tills")
    assert office.bind("7").exit_code == 0
