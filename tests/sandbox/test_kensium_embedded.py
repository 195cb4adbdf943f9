"""The Kensium server inside the daemon: its configuration, secret, adapter, and what restarts leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from terminal.core.delivery import Outcome
from terminal.core.events import WalletAnswer
from terminal.sandbox import Sandbox
from terminal.sandbox.embedded import embedded
from terminal.settings import ConfigError, Settings, credential_reader, show
from tests.backends.making import ENOUGH_S, UID, entry
from tests.sandbox import embedding

CONFIG = """\
kensium = true
kensium_file = "{folder}/kensium.json"
[[sandbox.products]]
id = "ESPRESSO"
name = "Espresso"
price = 195
[[sandbox.products]]
id = 7
name = "Mug"
price = 890
[[sandbox.wallets]]
token = "04A1B2C3D4E5F6"
balance = 725
[backends.main]
type = "kensium"
url = "sandbox:"
"""


def configured(folder: Path, *changes: tuple[str, str]) -> Settings:
    return embedding.configured(folder, CONFIG, *changes)


Begin = Callable[..., tuple[Sandbox, Any]]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Start the server and its adapter; *changes* replace pieces of the configuration."""
    with ExitStack() as stack:

        def begin(*changes: tuple[str, str]) -> tuple[Sandbox, Any]:
            stack.close()
            return stack.enter_context(embedding.running(configured(tmp_path, *changes), "main"))

        yield begin


def test_what_testers_write_once_is_what_the_adapter_finds(begin: Begin) -> None:
    _, adapter = begin()
    found = adapter.balance(UID, ENOUGH_S)
    assert (found.answer, found.balance) == (WalletAnswer.KNOWN, 725)
    products = adapter.terminal(ENOUGH_S).products
    assert [(each.id, each.name, each.price) for each in products] == [
        ("7", "Mug", 890),
        ("ESPRESSO", "Espresso", 195),
    ]


def test_a_change_of_the_configuration_arrives_and_money_stays(begin: Begin) -> None:
    sandbox, adapter = begin()
    assert adapter.deliver(entry(pieces=(), amount=225), ENOUGH_S).outcome is Outcome.DELIVERED
    sandbox, adapter = begin(
        ("price = 890", "price = 990"),
        ("balance = 725", 'balance = 999\n[[sandbox.wallets]]\ntoken = "04112233445566"\nbalance = 100'),
    )
    assert [each.price for each in adapter.terminal(ENOUGH_S).products] == [990, 195]
    assert adapter.balance(UID, ENOUGH_S).balance == 500
    assert adapter.balance("04112233445566", ENOUGH_S).balance == 100
    assert sandbox.kensium is not None
    assert [each["cents"] for each in sandbox.kensium.counters()["cards"].values()] == [-225]


def test_the_secret_is_made_at_the_first_start_and_never_shown(tmp_path: Path, begin: Begin) -> None:
    begin()
    kept = (tmp_path / "kensium.json").read_text()
    settings = configured(tmp_path)
    assert settings.backends["main"].token_file == f"{tmp_path}/kensium.json"
    assert credential_reader(settings.backends["main"])() == kept.strip()
    secret = kept.split('"')[-2]
    assert len(secret) > 20
    assert secret not in show(settings)


def test_the_command_line_reaches_it_by_the_configuration(tmp_path: Path, begin: Begin) -> None:
    sandbox, _ = begin()
    settings = configured(tmp_path, ("127.0.0.1:0", sandbox.base.removeprefix("http://")))
    assert settings.backends["main"].options.url == sandbox.kensium_url  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["kensium", "onlinepos"])
def test_a_backend_of_the_type_needs_the_server(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, ("kensium = true", ""), ('type = "kensium"', f'type = "{kind}"'))
    (mistake,) = caught.value.mistakes
    assert (mistake.path, "backends.main" in mistake.expected) == (f"sandbox.{kind}", True)


def test_without_it_no_secret_is_made(tmp_path: Path) -> None:
    wallets = ('type = "kensium"\nurl = "sandbox:"', 'type = "pointofsale"\nurl = "sandbox:"')
    settings = configured(tmp_path, ("kensium = true", ""), wallets)
    assert settings.sandbox is not None
    sandbox = embedded(settings.sandbox)
    sandbox.stop()
    assert (sandbox.kensium, sandbox.onlinepos) == (None, None)
    assert not (tmp_path / "kensium.json").exists()
