"""The configuration file: what is right is loaded, and all that is wrong is said at once."""

from pathlib import Path

import pytest

from terminal.settings import ConfigError
from terminal.settings.notes import notes
from tests.settings.loading import GOOD, loaded, mistakes, only
from tests.settings.plugins import RelayOptions


def test_a_good_file_is_loaded_with_its_defaults(tmp_path: Path) -> None:
    settings = loaded(tmp_path, GOOD)
    assert settings.terminal.id == "coffee-1"
    assert settings.roles.catalogue == "main"
    assert settings.sandbox is None
    assert settings.offline.max_sale == 500
    assert settings.sync.parallel >= 1
    assert settings.journal.key_file == "/var/lib/terminald/journal.db.key"
    assert settings.journal.backups == "/var/lib/terminald/backups"
    assert settings.socket_mode() == 0o660
    backend = settings.backends["main"]
    assert (backend.name, backend.type, backend.credential, backend.token_file, backend.sandbox) == (
        "main",
        "pointofsale",
        "pos-token",
        "",
        False,
    )
    assert settings.devices[1].options == RelayOptions(pin=17)


def test_the_job_holds_what_the_core_needs(tmp_path: Path) -> None:
    job = loaded(tmp_path, GOOD + '[vending]\nrelease = "spout"\n').job()
    assert (job.terminal, job.kind, job.wallet) == ("coffee-1", "vending", "main")
    assert (job.acceptors, job.releases, job.printers) == ((), ("spout",), ())
    assert job.vending.release == "spout"


def test_relative_paths_are_those_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = GOOD.replace('credential = "pos-token"', 'token_file = "pos.token"')
    settings = loaded(tmp_path, text + '[journal]\npath = "var/j.db"\n[control]\nsocket = "var/c.sock"\n')
    assert settings.journal.path == str(tmp_path / "var/j.db")
    assert settings.journal.key_file == str(tmp_path / "var/j.db.key")
    assert settings.journal.backups == str(tmp_path / "var/backups")
    assert settings.control.socket == str(tmp_path / "var/c.sock")
    assert settings.backends["main"].token_file == str(tmp_path / "pos.token")


def test_ten_different_mistakes_are_reported_together(tmp_path: Path) -> None:
    text = """
    [terminal]
    id = "Coffee 1"
    job = "vendign"
    curency = "EUR"

    [offline]
    max_sale = -5
    unknown_tokens = "no"

    [backends.main]
    type = "pointofsales"
    token = "s3cr3t-s3cr3t"

    [roles]
    wallet = "mian"

    [vending]
    releases = { espresso = "spuot" }

    [[devices]]
    name = "reader"
    role = "reader"
    driver = "pcscd"

    [[devices]]
    name = "spout"
    role = "release"
    driver = "relay"

    [[devices]]
    name = "spout"
    role = "release"
    driver = "relay"
    pin = 99

    [vendin]
    """
    found = mistakes(tmp_path, text)
    assert {path: str(mistake).partition(": ")[2] for path, mistake in found.items()} == {
        "vendin": "found an unknown section; expected backends, cash, closing, codes, control, devices, "
        "journal, log, offline, printing, reading, roles, sandbox, sync, terminal, tickets, topup, vending "
        '(did you mean "vending"?)',
        "terminal.id": 'found "Coffee 1"; expected 1 to 32 lower-case letters, digits and inner hyphens',
        "terminal.job": 'found "vendign"; expected one of "tickets", "topup", "vending" '
        '(did you mean "vending"?)',
        "terminal.curency": "found an unknown option; expected currency, id, job, locale "
        '(did you mean "currency"?)',
        "offline.max_sale": "found -5; expected a whole number from 0 to 10000000",
        "offline.unknown_tokens": 'found "no"; expected true or false',
        "backends.main.type": 'found "pointofsales"; expected one of "books", "cards", "gate", "hawk", '
        '"pointofsale" (did you mean "pointofsale"?)',
        "backends.main.token": "found a secret (not shown); expected no secret in this file (write it to a "
        'file of its own and name that by token_file = "…", or name a credential of systemd by '
        'credential = "…"; then replace the secret, for it was readable here)',
        "roles.wallet": 'found "mian"; expected the name of a backend: "main" (did you mean "main"?)',
        "vending.releases.espresso": 'found "spuot"; expected the name of a device with role = "release": '
        '"spout" (did you mean "spout"?)',
        'devices["reader"].driver': 'found "pcscd"; expected one of "pcsc", "proving", '
        '"simulated" (did you mean "pcsc"?)',
        "devices[2].pin": "found nothing; expected a whole number from 0 to 53 (it must be given)",
        "devices[3].pin": "found 99; expected a whole number from 0 to 53",
        "devices": 'found 2 devices named "spout"; expected another name for each',
    }


def test_no_message_repeats_a_secret(tmp_path: Path) -> None:
    text = GOOD.replace('credential = "pos-token"', 'token = "s3cr3t"').replace("https://", "https://u:s3cr3t@")
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert {mistake.path for mistake in caught.value.mistakes} == {"backends.main.token", "backends.main.url"}
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "path", "sentence"),
    [
        (('credential = "pos-token"', ""), "backends.main", "no place of the secret"),
        (
            ('credential = "pos-token"', 'credential = "a"\ntoken_file = "b"'),
            "backends.main",
            "credential and token_file; expected one of them",
        ),
        (('"pos-token"', '"../etc/shadow"'), "backends.main.credential", "the name of a systemd credential"),
        (('"pointofsale"', '"hawk"'), "roles.wallet", "hawk holds no wallets"),
        (
            ('url = "https://pos.example.org/"', 'url = "ftp://x"'),
            "backends.main.url",
            "that begins with https://",
        ),
        (('"coffee-1"', '"-coffee"'), "terminal.id", "inner hyphens"),
        (('"coffee-1"', f'"{"x" * 33}"'), "terminal.id", "1 to 32"),
        (('"relay"', '"simulated"\nx = 1'), 'devices["spout"].x', "unknown option"),
        (('"release"', '"relaese"'), 'devices["spout"].role', 'did you mean "release"?'),
        (('job = "vending"', 'job = "topup"'), "devices", 'no device with role = "coin_acceptor"'),
        (('name = "spout"', 'name = " spout"'), 'devices[" spout"].name', "letters, digits, spaces"),
        (("[roles]", "[control]\nmode = '0666'\n[roles]"), "control.mode", "never for everybody"),
        (("[roles]", f"[control]\nsocket = '/{'x' * 120}'\n[roles]"), "control.socket", "at most 107 bytes"),
        (("[roles]", "[journal]\npath = 'a'\nkey_file = 'a'\n[roles]"), "journal.key_file", "another file"),
        (("[roles]", "[offline]\ndeny = ['04:a1:b2:c3']\n[roles]"), "offline.deny[1]", "without separators"),
        (("[roles]", "[offline]\nallow = ['04A1B2C3']\ndeny = ['04A1B2C3']\n[roles]"), "offline.deny", "too"),
        (
            ("[roles]", "[offline]\ndeny = ['04A1B2C3', 7]\n[roles]"),
            "offline.deny[2]",
            "found 7; expected a text",
        ),
        (("[roles]", "[vending]\nrelease = 'tap'\n[roles]"), "vending.release", 'found "tap"'),
        (("[roles]", "[cash]\npayouts = ['spout']\n[roles]"), "cash.payouts[1]", "that pays out"),
        (("[roles]", "[cash.box_pieces]\nspout = 5\n[roles]"), "cash.box_pieces.spout", '"coin_acceptor"'),
        (("[roles]", "[log]\nlevel = 'warn'\n[roles]"), "log.level", 'did you mean "warning"?'),
        (("[roles]", "[sandbox]\nenabled = true\n[roles]"), 'devices["spout"].driver', '"simulated"'),
        (("[backends.main]", "[backends.Main]"), "the name of backends.Main", "lower-case"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, change: tuple[str, str], path: str, sentence: str) -> None:
    assert change[0] in GOOD
    found = mistakes(tmp_path, GOOD.replace(*change))
    assert path in found
    assert sentence in str(found[path])


def test_a_table_of_the_wrong_shape_is_a_mistake_and_not_a_crash(tmp_path: Path) -> None:
    text = 'terminal = 1\nbackends = "x"\ndevices = 3\noffline = []\n[roles]\nwallet = "main"\n'
    found = mistakes(tmp_path, text)
    assert {"terminal", "backends", "devices", "offline"} <= set(found)
    assert found["terminal"].expected == "a section [terminal]"


def test_an_empty_file_tells_what_must_be_given(tmp_path: Path) -> None:
    assert set(mistakes(tmp_path, "")) == {"terminal.id", "terminal.job", "backends", "devices"}


def test_two_release_devices_want_one_named_for_the_other_products(tmp_path: Path) -> None:
    two = GOOD + '[[devices]]\nname = "hatch"\nrole = "release"\ndriver = "relay"\npin = 5\n'
    assert only(tmp_path, two).path == "vending.release"
    assert loaded(tmp_path, two + '[vending]\nrelease = "hatch"\n').vending.release == "hatch"


MACHINE = GOOD.replace('role = "release"\ndriver = "relay"\npin = 17', 'role = "machine"\ndriver = "simulated"')

SECOND = '[[devices]]\nname = "hatch"\nrole = "machine"\ndriver = "simulated"\n'


def test_a_machine_that_asks_for_payment_needs_no_release(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MACHINE + "[vending]\nitems = { 11 = 'espresso' }\n")
    job = settings.job()
    assert (job.releases, job.machines, job.vending.items) == ((), ("spout",), {"11": "espresso"})
    assert not any("nobody can choose" in note for note in notes(settings))
    none = only(tmp_path, GOOD.partition('[[devices]]\nname = "spout"')[0])
    assert 'no device with role = "release" or "machine"' in str(none)


@pytest.mark.parametrize(
    ("text", "path", "sentence"),
    [
        (MACHINE + SECOND, "devices", '2 devices with role = "machine"'),
        (GOOD + SECOND, "devices", 'beside one with role = "release"'),
        (MACHINE + "[vending]\none_product = 'espresso'\n", "vending.one_product", "choose at the machine"),
        (MACHINE + "[vending]\nconfirm = true\n", "vending.confirm", "one piece at a time"),
        (MACHINE + "[vending]\nrelease = 'spout'\n", "vending.release", "there is none"),
    ],
)
def test_what_does_not_go_with_a_machine(tmp_path: Path, text: str, path: str, sentence: str) -> None:
    mistake = only(tmp_path, text)
    assert mistake.path == path
    assert sentence in str(mistake)


def test_a_machine_that_asks_is_for_vending(tmp_path: Path) -> None:
    slot = '[[devices]]\nname = "slot"\nrole = "coin_acceptor"\ndriver = "pulse"\ncoins = { 1 = 50 }\n'
    mistake = only(tmp_path, MACHINE.replace('job = "vending"', 'job = "topup"') + slot)
    assert 'none for the job "topup"' in str(mistake)


def test_options_that_do_not_fit_each_other_are_refused_in_the_drivers_own_words(tmp_path: Path) -> None:
    acceptor = '[[devices]]\nname = "slot"\nrole = "coin_acceptor"\ndriver = "pulse"\n'
    mistake = only(tmp_path, GOOD + acceptor + "coins = { 1 = 50, 2 = 100 }\nleast_ms = 300\n")
    assert (mistake.path, mistake.hint) == ('devices["slot"]', "least_ms must be below most_ms")
    inner = mistakes(tmp_path, GOOD + acceptor + "coins = { 1 = 0, two = 100 }\n")
    assert inner['devices["slot"].coins.1'].expected == "a whole number of at least 1"
    assert inner['the name devices["slot"].coins.two'].expected == "a whole number"


def test_originals_can_be_asked_for_only_where_every_reader_asks(tmp_path: Path) -> None:
    asking = GOOD + "[reading]\nrequire_original = true\n"
    reader = '[[devices]]\nname = "front"\nrole = "reader"\ndriver = '
    proving = asking.replace('driver = "pcsc"', 'driver = "proving"')
    assert only(tmp_path, asking).path.endswith(".driver")
    assert only(tmp_path, proving).path.endswith(".check_original")
    proved = proving.replace('driver = "proving"', 'driver = "proving"\ncheck_original = true')
    assert loaded(tmp_path, proved).reading.require_original
    assert only(tmp_path, proved + reader + '"pcsc"\n').path == 'devices["front"].driver'


def test_a_receipt_can_be_required_only_where_one_can_be_printed(tmp_path: Path) -> None:
    slot = GOOD.replace(
        '"release"\ndriver = "relay"\npin = 17', '"coin_acceptor"\ndriver = "pulse"\ncoins = { 1 = 100 }'
    )
    required = slot.replace('"vending"', '"topup"') + "[topup]\nreceipt_required = true\n"
    mistake = only(tmp_path, required)
    assert mistake.path == "topup.receipt_required"
    assert 'role = "printer"' in mistake.expected
    printer = '[[devices]]\nname = "paper"\nrole = "printer"\ndriver = "simulated"\n'
    assert loaded(tmp_path, required + printer).job().topup.receipt_required
    never = only(tmp_path, required + 'receipt_mode = "never"\n' + printer)
    assert (never.path, '"never"' in never.expected) == ("topup.receipt_required", True)
