"""The example file is what the code says, and every block in it works."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import drivers
from terminal import backends
from terminal.settings import Settings, example, in_force, load, show
from terminal.settings.notes import notes

CONFIG = Path(__file__).parents[2] / "config"
OPTION = re.compile(r"#(\S.* = .*|\[.*\])")


def options(lines: list[str]) -> list[str]:
    """Return lines without comments, the options behind # uncovered."""
    return [
        found[1] if (found := OPTION.fullmatch(line)) else line for line in lines if not line.startswith("# ")
    ]


def blocks(header: str) -> list[str]:
    """Return each block of the example under *header*, active or behind #, uncovered."""
    found: list[list[str]] = []
    current: list[str] | None = None
    for line in [*options(example().splitlines()), "[end]"]:
        if line.startswith("["):
            found += [current] if current is not None else []
            current = [line] if line.startswith(header) else None
        elif current is not None:
            current.append(line)
    return ["\n".join(each) for each in found]


def test_the_shipped_example_is_what_the_code_says() -> None:
    shipped = (CONFIG / "terminal.example.toml").read_text()
    assert shipped == example(), "terminalctl config example > config/terminal.example.toml"


@pytest.mark.parametrize("name", sorted(each.name for each in CONFIG.glob("*.toml")))
def test_every_shipped_configuration_is_right(name: str) -> None:
    assert isinstance(load(CONFIG / name), Settings)


def test_the_shipped_configurations_are_those_that_are_promised() -> None:
    assert {
        "coffee-machine.toml",
        "cash-receptor.toml",
        "coin-receptor.toml",
        "simulated.toml",
        "simulated-kensium.toml",
        "simulated-onlinepos.toml",
        "simulated-onslip.toml",
        "simulated-tickets.toml",
        "terminal.example.toml",
        "ticket-kiosk.toml",
        "vending-mdb.toml",
    } <= {each.name for each in CONFIG.glob("*.toml")}


def test_options_behind_a_hash_stand_at_their_default(tmp_path: Path) -> None:
    """Uncovering every option of the plain sections changes nothing."""
    lines = example().splitlines()
    end = lines.index("[sandbox]")
    uncovered = tmp_path / "uncovered.toml"
    plain = re.sub(r"((?:^# .*\n)*?^# .*\bdefault\.\n)#.*\n", r"\1", "\n".join(lines[:end]), flags=re.MULTILINE)
    assert plain.count("\n") < end - 1, "no option without a default"
    plain = re.sub(r"(?m)^#\[(?:.+\n)+", "", plain)  # blocks are examples
    uncovered.write_text("\n".join([*options(plain.splitlines()), *lines[end:]]))
    as_shipped = in_force(load(CONFIG / "terminal.example.toml"))
    assert in_force(load(uncovered)) == as_shipped


@pytest.mark.parametrize("key", sorted(drivers.DRIVERS), ids=".".join)
def test_every_driver_has_a_block_with_all_its_options(key: tuple[str, str]) -> None:
    role, driver = key
    parsed = [tomllib.loads(block)["devices"][0] for block in blocks("[[devices]]")]
    (block,) = [each for each in parsed if (each["role"], each["driver"]) == key]
    head = {"name": block.pop("name"), "role": block.pop("role"), "driver": block.pop("driver")}
    kind: Any = drivers.find(role, driver).Options
    assert set(block) == set(kind.__struct_encode_fields__)
    assert re.fullmatch(r"[a-z0-9 ]+", head["name"])


@pytest.mark.parametrize("key", sorted(drivers.DRIVERS), ids=".".join)
def test_every_drivers_block_can_be_used_as_it_stands(key: tuple[str, str], tmp_path: Path) -> None:
    """With what must be given and nothing else; `name` alone is changed where the example has it already."""
    text = (CONFIG / "terminal.example.toml").read_text()
    start = text.index("[[devices]]")
    behind = [
        each for each in re.split(r"\n\n", text[start:]) if f'"{key[1]}"' in each and f'"{key[0]}"' in each
    ]
    (block,) = [each for each in behind if f'driver = "{key[1]}"' in each and f'role = "{key[0]}"' in each]
    kind: Any = drivers.find(*key).Options
    needed = {"name", "role", "driver", *_needed(key, kind)}
    lines = [line.lstrip("#") for line in block.splitlines() if not line.startswith("# ")]
    used = [line for line in lines if line == "[[devices]]" or line.partition(" = ")[0] in needed]
    release = RELEASE if key[0] != "machine" else ""  # it gives out by itself
    others = f'[[devices]]\nname = "r2"\nrole = "reader"\ndriver = "pcsc"\n{release}'
    file = tmp_path / "terminal.toml"
    head = text[:start].replace('#release = ""', 'release = "o2"') if release else text[:start]
    if not release:
        head = re.sub(r"(?m)^one_product = .*$", "", head)  # its guests choose at the machine
    file.write_text("\n".join([head, *used, "", others]))
    assert load(file).devices[0].role == key[0]


RELEASE = '[[devices]]\nname = "o2"\nrole = "release"\ndriver = "relay"\nline = 25\n'


def _needed(key: tuple[str, str], kind: Any) -> set[str]:
    from terminal.settings.example_file import _GIVEN  # noqa: PLC0415 - what the example gives beyond defaults

    required = kind.__struct_encode_fields__[: len(kind.__struct_fields__) - len(kind.__struct_defaults__)]
    return {*_GIVEN.get(key, {}), *required}


def test_every_backend_has_a_block_with_all_its_options() -> None:
    parsed = [next(iter(tomllib.loads(block)["backends"].values())) for block in blocks("[backends.")]
    assert {each["type"] for each in parsed} == set(backends.BACKENDS)
    for block in parsed:
        kind = backends.find(block["type"]).Options
        assert set(block) == {"type", "credential", "token_file", *kind.__struct_encode_fields__}


def test_the_tickets_of_the_example_are_right(tmp_path: Path) -> None:
    file = tmp_path / "terminal.toml"
    text = (CONFIG / "terminal.example.toml").read_text()
    given = [block for header in ("[[tickets.products", "[[tickets.discounts") for block in blocks(header)]
    assert len(given) == 3
    file.write_text("\n".join([text, *given]))
    tickets = load(file).tickets
    assert (tickets.products[0].tickets[0].product, tickets.discounts[0].from_quantity) == ("child", 10)


def test_the_second_event_of_the_kiosk_can_be_sold_by_putting_its_lines_in_place(tmp_path: Path) -> None:
    text = (CONFIG / "ticket-kiosk.toml").read_text()
    event, names, *products = re.findall(r"(?m)^#   (.+)$", text[text.index("# The second event.") :])[:10]
    start, end = text.index("[[tickets.products]]"), text.index("[[tickets.discounts]]")
    rest = text[end:]
    rest = rest[: rest.index("[[tickets.discounts]]")] + rest[rest.index("# The second event.") :]
    head = text[:start].replace("event = 3 ", f"{event} #").replace('event_name = "Summer Fair"', names)
    file = tmp_path / "terminal.toml"
    file.write_text("\n".join([head, *products, rest]))
    tickets = load(file).tickets
    assert (tickets.event, tickets.event_name) == (7, "Autumn Concert")
    assert [product.id for product in tickets.products] == [21, 22]


def test_the_sandbox_of_the_example_is_right(tmp_path: Path) -> None:
    (wallets,) = blocks("[[sandbox.wallets]]")
    (products,) = blocks("[[sandbox.products]]")
    text = (CONFIG / "simulated.toml").read_text()
    before, after = text.split("[[sandbox.products]]", 1)
    file = tmp_path / "terminal.toml"
    file.write_text(f"{before}{wallets}\n{products}\n[backends.main]{after.split('[backends.main]')[1]}")
    sandbox = load(file).sandbox
    assert sandbox is not None
    assert (sandbox.wallets[0].balance, sandbox.products[0].id) == (0, "espresso")


def test_comments_are_short_enough_to_read() -> None:
    lines = example().splitlines()
    assert max(len(line) for line in lines if line.startswith("# ")) <= 100
    assert sum(line.startswith("# ") for line in lines) > 100


# -- what is in force ----------------------------------------------------------------------------------


def test_what_is_in_force_can_be_read_again(tmp_path: Path) -> None:
    settings = load(CONFIG / "coffee-machine.toml")
    again = tmp_path / "again.toml"
    again.write_text(show(settings))
    assert in_force(load(again)) == in_force(settings)


def test_uids_are_masked_in_what_is_in_force(tmp_path: Path) -> None:
    file = tmp_path / "terminal.toml"
    text = (CONFIG / "simulated.toml").read_text()
    file.write_text(text + '[offline]\nallow = ["04AABBCCDDEE01"]\ndeny = ["04AABBCCDDEE02"]\n')
    told = show(load(file))
    assert "04A" not in told
    assert (told.count("…EE01"), told.count("…EE02"), told.count("…E5F6")) == (1, 1, 1)


def test_notes_tell_what_would_surprise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    file = tmp_path / "terminal.toml"
    text = (CONFIG / "coffee-machine.toml").read_text()
    file.write_text(text.partition("# Buttons")[0])
    told = " ".join(notes(load(file)))
    assert "takes credential 'pos-token' from systemd" in told
    assert "nobody can choose" in told


def test_a_terminal_that_gives_a_vend_up_before_its_machine_does_is_noted(tmp_path: Path) -> None:
    text = (CONFIG / "vending-mdb.toml").read_text()
    assert not any("vend_s" in note for note in notes(load(CONFIG / "vending-mdb.toml")))
    file = tmp_path / "terminal.toml"
    file.write_text(text.replace("release_s = 150", "release_s = 120"))
    (note,) = [each for each in notes(load(file)) if "vend_s" in each]
    assert note.startswith("vending.release_s (120) is not longer than vend_s (120) of 'snacks'")


def test_a_missing_token_file_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "terminal.toml"
    text = (CONFIG / "coffee-machine.toml").read_text()
    file.write_text(text.replace('credential = "pos-token"', f'token_file = "{tmp_path}/token"'))
    assert any("token does not exist" in note for note in notes(load(file)))


def test_a_tester_is_told_nothing() -> None:
    assert notes(load(CONFIG / "simulated.toml")) == []
