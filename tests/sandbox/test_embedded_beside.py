"""OnlinePOS and Kensium inside the daemon: configuration, secret, adapter, and what restarts leave of each."""

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
KIND = true
KIND_file = "{folder}/secret.json"
[[sandbox.products]]
id = 3
name = "Espresso"
price = 1900
[[sandbox.products]]
id = 7
name = "Mug"
price = 8900
[[sandbox.wallets]]
token = "04A1B2C3D4E5F6"
balance = 72500
[backends.main]
type = "KIND"
url = "sandbox:"
"""
KINDS = ("onlinepos", "kensium")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def configured(folder: Path, kind: str, *changes: tuple[str, str]) -> Settings:
    return embedding.configured(folder, CONFIG.replace("KIND", kind), *changes)


Begin = Callable[..., tuple[Sandbox, Any]]


@pytest.fixture
def begin(tmp_path: Path, kind: str) -> Iterator[Begin]:
    """Start the server and its adapter; *changes* replace pieces of the configuration."""
    with ExitStack() as stack:

        def begin(*changes: tuple[str, str]) -> tuple[Sandbox, Any]:
            stack.close()
            return stack.enter_context(embedding.running(configured(tmp_path, kind, *changes), "main"))

        yield begin


def changed(sandbox: Sandbox, kind: str) -> list[int]:
    """Return by how many hundredths each card was changed."""
    told = getattr(sandbox, kind).counters()["cards"].values()
    return [each.get("cents", each.get("hundredths")) for each in told]


def test_what_testers_write_once_is_what_the_adapter_finds(begin: Begin) -> None:
    _, adapter = begin()
    found = adapter.balance(UID, ENOUGH_S)
    assert (found.answer, found.balance) == (WalletAnswer.KNOWN, 72500)
    products = adapter.terminal(ENOUGH_S).products
    told = [(str(each.id), each.name, each.price) for each in products]
    assert told == [("3", "Espresso", 1900), ("7", "Mug", 8900)]


def test_a_change_of_the_configuration_arrives_and_money_stays(begin: Begin, kind: str) -> None:
    sandbox, adapter = begin()
    assert adapter.deliver(entry(pieces=(), amount=22500), ENOUGH_S).outcome is Outcome.DELIVERED
    sandbox, adapter = begin(
        ("price = 8900", "price = 9900"),
        ("balance = 72500", 'balance = 99900\n[[sandbox.wallets]]\ntoken = "04112233445566"\nbalance = 100'),
    )
    assert [each.price for each in adapter.terminal(ENOUGH_S).products] == [1900, 9900]
    assert adapter.balance(UID, ENOUGH_S).balance == 50000
    assert adapter.balance("04112233445566", ENOUGH_S).balance == 100
    assert changed(sandbox, kind) == [-22500]


def test_the_secret_is_made_at_the_first_start_and_never_shown(tmp_path: Path, kind: str, begin: Begin) -> None:
    begin()
    kept = (tmp_path / "secret.json").read_text()
    settings = configured(tmp_path, kind)
    assert settings.backends["main"].token_file == f"{tmp_path}/secret.json"
    assert credential_reader(settings.backends["main"])() == kept.strip()
    secret = kept.split('"')[-2]
    assert len(secret) > 20
    assert secret not in show(settings)


def test_commands_reach_it_by_the_configuration(tmp_path: Path, kind: str, begin: Begin) -> None:
    sandbox, _ = begin()
    settings = configured(tmp_path, kind, ("127.0.0.1:0", sandbox.base.removeprefix("http://")))
    options: Any = settings.backends["main"].options
    assert options.url == getattr(sandbox, f"{kind}_url")


def test_a_backend_of_the_type_needs_the_server(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, kind, (f"{kind} = true", f"{kind} = false"))
    (mistake,) = caught.value.mistakes
    assert (mistake.path, "backends.main" in mistake.expected) == (f"sandbox.{kind}", True)


def test_without_it_no_secret_is_made(tmp_path: Path, kind: str) -> None:
    settings = configured(tmp_path, kind, (f"{kind} = true", ""), (f'type = "{kind}"', 'type = "pointofsale"'))
    assert settings.sandbox is not None
    sandbox = embedded(settings.sandbox)
    sandbox.stop()
    assert (sandbox.kensium, sandbox.onlinepos) == (None, None)
    assert not (tmp_path / "secret.json").exists()
