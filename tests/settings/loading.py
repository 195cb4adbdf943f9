"""A good configuration file, and what becomes of one."""

from pathlib import Path

import pytest

from terminal.settings import ConfigError, Mistake, Settings, load
from tests.settings.plugins import Fake

GOOD = """
[terminal]
id = "coffee-1"
job = "vending"

[backends.main]
type = "pointofsale"
url = "https://pos.example.org/"
credential = "pos-token"

[roles]
wallet = "main"

[[devices]]
name = "front reader"
role = "reader"
driver = "pcsc"

[[devices]]
name = "spout"
role = "release"
driver = "relay"
pin = 17
"""


def loaded(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "terminal.toml"
    file.write_text(text)
    return load(file, Fake())


def mistakes(tmp_path: Path, text: str) -> dict[str, Mistake]:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    found = {mistake.path: mistake for mistake in caught.value.mistakes}
    assert len(found) == len(caught.value.mistakes), "two mistakes of one path"
    return found


def only(tmp_path: Path, text: str) -> Mistake:
    found = mistakes(tmp_path, text)
    assert len(found) == 1, found
    return next(iter(found.values()))
