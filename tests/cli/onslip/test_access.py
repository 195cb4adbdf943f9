"""Whom the commands ask: a configured backend, or what the options say before there is one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from terminal.cli import cli
from tests.cli.conftest import SIMULATED
from tests.cli.onslip.conftest import Office


def configured(office: Office, *names: str, kept: str = "", more: str = "") -> None:
    """Write a configuration with Onslip backends."""
    folder = office.folder
    text = SIMULATED.read_text().replace('"var/', f'"{folder}/')
    url, kept = office.realm.sandbox.onslip_url, kept or f'token_file = "{office.file}"'
    for name in names:
        text += f'\n[backends.{name}]\ntype = "onslip"\nurl = "{url}"\nrealm = "demo.example"\n{kept}\n{more}\n'
    (folder / "terminal.toml").write_text(text)


def run(office: Office, *args: str) -> Result:
    runner = CliRunner(env={"TERMINAL_CONFIG": str(office.folder / "terminal.toml"), "COLUMNS": "120"})
    return runner.invoke(cli, ["onslip", *args])


def test_the_only_backend_of_the_type_is_asked(office: Office) -> None:
    configured(office, "shop")
    done = run(office, "till", "list")
    assert (done.exit_code, done.output.split()[0]) == (0, "ID")
    assert run(office, "till", "list", "--realm", "other.example").exit_code == 1, "options go before"


def test_several_are_told_apart(office: Office) -> None:
    configured(office, "one", "two")
    asked = run(office, "till", "list")
    assert (asked.exit_code, "--backend: one, two" in asked.output) == (2, True)
    assert run(office, "till", "list", "--backend", "two").exit_code == 0


def test_none_is_a_sentence(office: Office) -> None:
    configured(office)
    done = run(office, "till", "list")
    assert (done.exit_code, "--url, --realm and --secret-file" in done.output) == (2, True)


def test_a_credential_of_systemd_needs_the_name_of_its_file(office: Office) -> None:
    configured(office, "shop", kept='credential = "onslip-key"')
    asked = run(office, "till", "list")
    assert (asked.exit_code, "--secret-file /etc/terminal/onslip-key" in asked.output) == (2, True)
    assert run(office, "till", "list", "--secret-file", str(office.file)).exit_code == 0


def test_bind_puts_the_new_key_where_the_daemon_reads_it(office: Office) -> None:
    configured(office, "shop")
    assert run(office, "bind", "7", "--device-id", "10000000abcdef01", "--yes").exit_code == 0
    assert office.kept()["key"] == office.till()["device-key"]
    assert run(office, "till", "show", "7").exit_code == 0, "the device may see itself"


def test_what_is_configured_wrong_is_said(office: Office) -> None:
    office.realm.admin("PUT", "rules", {"spends": "positive", "members": True})
    configured(office, "shop", more='vat_unit = "fraction"')
    done = run(office, "probe", "--voucher", "5", "--yes")
    assert done.exit_code == 1
    assert (
        "! backends.shop.voucher_sign is 'negative' in the configuration: it must be 'positive'." in done.output
    )
    assert "vat_unit is 'fraction'" in done.output
    configured(office, "shop", more='voucher_sign = "positive"')
    told = run(office, "probe", "--voucher", "5", "--yes", "--json")
    assert (told.exit_code, json.loads(told.stdout)["wrong"]) == (0, [])


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [("--url", "http://api.example/v1/", "--allow-http"), ("--url", "nonsense", "no address of an API")],
)
def test_an_address_that_cannot_be_is_a_sentence(office: Office, option: str, value: str, words: str) -> None:
    args = ["--realm", "demo.example", "--secret-file", str(office.file), option, value]
    done = run(office, "till", "list", *args)
    assert (done.exit_code, words in done.output) == (2, True)


@pytest.mark.parametrize("path", [[], ["probe"], ["bind"], ["till"], *(["till", it] for it in (
    "list", "show", "add", "update", "replace", "remove"
))])  # fmt: skip
def test_every_help_has_an_example_and_fits(path: list[str]) -> None:
    done = CliRunner(env={"COLUMNS": "80"}).invoke(cli, ["onslip", *path, "--help"])
    assert done.exit_code == 0
    assert "Example" in done.output


def test_help_loads_no_http_client() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from terminal.cli import cli\n"
        "CliRunner().invoke(cli, ['onslip', 'till', '--help'])\n"
        "print(*sorted({'httpx', 'httpcore', 'terminal.backends.onslip.models'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
