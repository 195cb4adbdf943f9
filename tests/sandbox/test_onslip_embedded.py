"""The Onslip server inside the daemon: its configuration, key and adapter, and what it keeps over restarts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from terminal.cli import cli
from terminal.core.delivery import Outcome
from terminal.core.events import WalletAnswer
from terminal.sandbox import Sandbox
from terminal.sandbox.embedded import embedded
from terminal.settings import ConfigError, Settings, credential_reader, show
from tests.backends.onslip_records_making import of, tickets
from tests.sandbox import embedding

UID = "04A1B2C3D4E5F6"
CONFIG = """\
onslip = true
onslip_realm = "shop.example"
onslip_file = "{folder}/onslip.json"
[[sandbox.products]]
id = "espresso"
name = "Espresso"
price = 1950
group = "Drinks"
vat = 1200
[[sandbox.products]]
id = 7
name = "Mug"
price = 8900
[[sandbox.wallets]]
token = "04A1B2C3D4E5F6"
balance = 725
[backends.main]
type = "onslip"
url = "sandbox:"
realm = "shop.example"
"""


def configured(folder: Path, *changes: tuple[str, str]) -> Settings:
    return embedding.configured(folder, CONFIG, *changes)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., tuple[Sandbox, Any]]]:
    """Start the server and its adapter; *changes* replace pieces of the configuration."""
    with ExitStack() as stack:

        def begin(*changes: tuple[str, str]) -> tuple[Sandbox, Any]:
            stack.close()
            return stack.enter_context(embedding.running(configured(tmp_path, *changes), "main"))

        yield begin


Begin = Callable[..., tuple[Sandbox, Any]]


def test_what_testers_write_once_is_what_the_adapter_finds(begin: Begin) -> None:
    _, adapter = begin()
    found = adapter.balance(UID, 30)
    assert (found.answer, found.balance) == (WalletAnswer.KNOWN, 725)
    products = adapter.terminal(30).products
    told = [(str(each.id), each.name, each.price, each.group, each.vat) for each in products]
    assert told == [("1", "Espresso", 1950, "Drinks", 1200), ("7", "Mug", 8900, "Goods", 2500)]


def test_a_change_of_the_configuration_arrives_and_money_stays(begin: Begin) -> None:
    sandbox, _ = begin()
    onslip = sandbox.onslip
    assert onslip is not None
    (voucher,) = onslip.entities("vouchers")
    spent = {"type": "payment", "identifiers": [UID.lower()], "payment": voucher["payment"] | {"balance": 5}}
    onslip.know("vouchers", [{"id": voucher["id"], **spent}])
    untouched = [each["updated"] for each in onslip.entities("tills")]
    sandbox, adapter = begin(
        ("price = 8900", "price = 9900"),
        ("balance = 725", 'balance = 999\n[[sandbox.wallets]]\ntoken = "04112233445566"\nbalance = 100'),
    )
    assert [each.price for each in adapter.terminal(30).products] == [1950, 9900]
    assert adapter.balance(UID, 30).balance == 500
    assert adapter.balance("04112233445566", 30).balance == 100
    assert sandbox.onslip is not None
    assert [each["updated"] for each in sandbox.onslip.entities("tills")] == untouched


def test_what_is_not_changed_is_no_new_version(begin: Begin) -> None:
    sandbox, _ = begin()
    assert sandbox.onslip is not None
    before = [each.version for each in sandbox.onslip.store.entities("products")]
    sandbox, _ = begin()
    assert sandbox.onslip is not None
    assert [each.version for each in sandbox.onslip.store.entities("products")] == before == [1, 1]


@pytest.mark.parametrize(
    ("step", "told"), [("", 1), ("onslip_cash_step = 50", 0.5), ("onslip_cash_step = 0", None)]
)
def test_cash_is_rounded_as_configured(begin: Begin, step: str, told: float | None) -> None:
    sandbox, _ = begin(("onslip = true", f"onslip = true\n{step}"))
    assert sandbox.onslip is not None
    assert [each.get("rounding-multiple") for each in sandbox.onslip.entities("payment-methods")] == [
        told,
        None,
    ]


def test_the_key_is_made_at_the_first_start_and_never_shown(tmp_path: Path, begin: Begin) -> None:
    begin()
    kept = (tmp_path / "onslip.json").read_text()
    settings = configured(tmp_path)
    assert settings.backends["main"].token_file == f"{tmp_path}/onslip.json"
    assert credential_reader(settings.backends["main"])() == kept.strip()
    assert '"key:terminal+sandbox@shop.example"' in kept
    shown = show(settings)
    assert "shop.example" in shown
    assert "key:terminal" not in shown


def test_the_command_line_reaches_it_by_the_configuration(tmp_path: Path, begin: Begin) -> None:
    sandbox, _ = begin()
    address = sandbox.base.removeprefix("http://")
    settings = configured(tmp_path, ("127.0.0.1:0", address))
    assert settings.backends["main"].options.url == sandbox.onslip_url  # type: ignore[attr-defined]
    done = CliRunner().invoke(cli, ["onslip", "till", "list", "--config", settings.file, "--json"])
    assert done.exit_code == 0, done.output
    assert ("Kiosk 1" in done.stdout, "Sales of kiosk 1" in done.stdout) == (True, True)


def test_a_bound_device_goes_on_with_its_own_key(tmp_path: Path, begin: Begin) -> None:
    sandbox, adapter = begin()
    settings = configured(tmp_path, ("127.0.0.1:0", sandbox.base.removeprefix("http://")))

    def onslip(*words: str, exit_code: int = 0) -> dict[str, Any]:
        done = CliRunner().invoke(cli, ["onslip", *words, "--config", settings.file, "--json"])
        assert done.exit_code == exit_code, done.output
        told: dict[str, Any] = json.loads(done.stdout) if exit_code == 0 else {}
        return told

    made = onslip("till", "add", "--name", "Kiosk 2", "--type", "ordering-device", "--set", "location=1")
    bound = onslip("bind", str(made["id"]), "--device-id", "a-machine", "--yes")
    assert (bound["till"], bound["key_works"], bound["key_id_form"]) == (3, True, "till:{id}@{realm}")
    assert '"till:3@shop.example"' in (tmp_path / "onslip.json").read_text()
    key = f"{tmp_path}/onslip.json.before"
    for again in range(2):
        assert adapter.balance(UID, 30).balance == 725
        assert adapter.deliver(of(f"sale-{again}", tickets(f"K{again}")), 30).outcome is Outcome.DELIVERED
        onslip("till", "add", "--name", "no more", exit_code=1)
        onslip("till", "add", "--name", "Kiosk", "--secret-file", key)
        sandbox, adapter = begin(("127.0.0.1:0", sandbox.base.removeprefix("http://")))
    assert sandbox.onslip is not None
    assert [each["updated-from"] for each in sandbox.onslip.entities("journal/2")] == [3, 3]


def test_a_backend_of_the_type_needs_the_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, ("onslip = true", "onslip = false"))
    (mistake,) = caught.value.mistakes
    assert (mistake.path, "backends.main" in mistake.expected) == ("sandbox.onslip", True)


def test_its_realm_is_that_of_the_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, ('"sandbox:"\nrealm = "shop.example"', '"sandbox:"\nrealm = "demo.example"'))
    (mistake,) = caught.value.mistakes
    assert (mistake.path, '"shop.example"' in mistake.expected) == ("backends.main.realm", True)


def test_a_server_elsewhere_has_a_realm_of_its_own(tmp_path: Path) -> None:
    elsewhere = 'url = "https://api.example/v1/"\ncredential = "onslip"\nrealm = "demo.example"'
    settings = configured(tmp_path, ('url = "sandbox:"\nrealm = "shop.example"', elsewhere))
    assert settings.backends["main"].token_file == ""


def test_without_it_no_key_is_made(tmp_path: Path) -> None:
    wallets = (
        'type = "onslip"\nurl = "sandbox:"\nrealm = "shop.example"',
        'type = "pointofsale"\nurl = "sandbox:"',
    )
    settings = configured(tmp_path, ("onslip = true", ""), wallets)
    assert settings.sandbox is not None
    sandbox = embedded(settings.sandbox)
    sandbox.stop()
    assert sandbox.onslip is None
    assert not (tmp_path / "onslip.json").exists()
