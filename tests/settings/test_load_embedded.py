"""The embedded server in a tester's configuration, and the file itself: missing, endless, unreadable."""

import subprocess
import sys
from pathlib import Path

import pytest

from terminal.settings import ConfigError, load
from tests.settings.loading import loaded, mistakes, only

TESTER = """
[terminal]
id = "sim"
job = "vending"

[sandbox]
enabled = true
listen = "127.0.0.1:8099"

[backends.main]
type = "pointofsale"
url = "sandbox:"

[roles]
wallet = "main"

[[devices]]
name = "reader"
role = "reader"
driver = "simulated"

[[devices]]
name = "spout"
role = "release"
driver = "simulated"
"""


def test_a_tester_may_use_the_embedded_server(tmp_path: Path) -> None:
    settings = loaded(tmp_path, TESTER)
    assert settings.sandbox is not None
    backend = settings.backends["main"]
    assert backend.sandbox
    assert backend.options.url == "http://127.0.0.1:8099/"  # type: ignore[attr-defined]  # the fake's own
    assert backend.token_file == settings.sandbox.token_file
    assert Path(backend.token_file).is_absolute()


def test_the_embedded_server_has_no_other_secret_and_must_run(tmp_path: Path) -> None:
    assert only(tmp_path, TESTER.replace('"sandbox:"', '"sandbox:"\ncredential = "x"')).path == (
        "backends.main.credential"
    )
    assert only(tmp_path, TESTER.replace("enabled = true", "enabled = false")).path == "backends.main.url"


def test_an_embedded_server_listens_on_this_machine_only(tmp_path: Path) -> None:
    found = mistakes(tmp_path, TESTER.replace("127.0.0.1:8099", "0.0.0.0:80"))
    assert "an address of this machine" in found["sandbox.listen"].expected


def test_wallets_of_the_embedded_server_are_checked_to_the_last_option(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        TESTER
        + '[[sandbox.wallets]]\ntoken = "04A1B2C3"\nbalanc = 5\n[[sandbox.wallets]]\ntoken = "04 a1 b2 c3"\n',
    )
    assert found["sandbox.wallets[1].balanc"].hint == 'did you mean "balance"?'


# -- the file itself -----------------------------------------------------------------------------------


def test_a_missing_file_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file.*terminalctl config example"):
        load(tmp_path / "none.toml")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="what cannot be read: Is a directory"):
        load(tmp_path)


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(ConfigError, match="more than 1000000 bytes"):
        load("/dev/zero")


def test_a_syntax_error_names_the_line_and_repeats_no_value(tmp_path: Path) -> None:
    mistake = only(tmp_path, "[terminal]\nid = coffee-s3cr3t\n")
    assert mistake.path == "line 2, column 6"
    assert mistake.hint == 'a text stands in quotes: name = "text"'
    assert "s3cr3t" not in str(mistake)


def test_bytes_that_are_no_text_name_their_line(tmp_path: Path) -> None:
    file = tmp_path / "terminal.toml"
    file.write_bytes(b'[terminal]\nid = "caf\xe9"\n')
    with pytest.raises(ConfigError, match="line 2: found bytes that are no UTF-8"):
        load(file)


def test_a_key_given_twice_is_a_syntax_error(tmp_path: Path) -> None:
    assert only(tmp_path, "a = 1\na = 2\n").path == "line 2, column 6"


def test_settings_stay_light() -> None:
    heavy = ("httpx", "sqlite_utils", "click", "sqlite3", "smartcard", "escpos")
    code = f"import sys, terminal.settings; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
