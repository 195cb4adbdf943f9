"""`ticket verify` and `ticket key`: what a person at a gate, and one beside the terminal, are told."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from terminal.cli import cli
from terminal.tickets.signed import Signer, new_private_key, public_pem, public_text, read_private_key

BARCODE = "GJXS0LM6RYG37XJX01"
MADE_OF = "ticket 1 of purchase GJXS0LM6RYG37, infix XJX"
SIMULATED = (Path(__file__).parents[2] / "config/simulated.toml").read_text()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "ticket-key.pem"
    path.write_bytes(new_private_key())
    path.chmod(0o600)
    return path


@pytest.fixture
def signer(key_file: Path) -> Signer:
    return read_private_key(key_file.read_bytes(), "The key")


@pytest.fixture
def signed(signer: Signer) -> str:
    return signer.sign(BARCODE, 3, "adult", 1_777_636_800)


def run(*args: str, config: Path | None = None, **options: Any) -> Result:
    given = ("--config", str(config)) if config else ()
    return CliRunner(env={"TERMINAL_CONFIG": None}).invoke(cli, [*given, "ticket", *args], **options)


def configured(folder: Path, codes: str) -> Path:
    path = folder / "terminal.toml"
    path.write_text(f"{SIMULATED}\n[codes]\n{codes}\n")
    return path


# -- verify --------------------------------------------------------------------------------------------


def test_a_ticket_that_is_signed_by_a_known_key_is_valid(signed: str, signer: Signer) -> None:
    done = run("verify", "--key", public_text(signer.public), signed)
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        f"valid: {BARCODE}; event 3, product 'adult', sold 2026-05-01 12:00:00 UTC; {MADE_OF}.\n"
    )


def test_the_public_key_may_stand_in_a_file(signed: str, signer: Signer, tmp_path: Path) -> None:
    for content in (public_pem(signer.public), f"{public_text(signer.public)}\n"):
        (tmp_path / "gate.key").write_text(content)
        assert run("verify", "--key", str(tmp_path / "gate.key"), signed).exit_code == 0


def test_one_of_several_keys_is_enough(signed: str, signer: Signer) -> None:
    other = public_text(read_private_key(new_private_key(), "It").public)
    assert run("verify", "--key", other, "--key", public_text(signer.public), signed).exit_code == 0
    done = run("verify", "--key", other, signed)
    assert done.exit_code == 1
    assert f"invalid: {BARCODE}; {MADE_OF}; It is signed with a key that is not known here" in done.stdout


def test_a_forged_ticket_is_invalid_beside_valid_ones(signed: str, signer: Signer) -> None:
    forged = signed.replace("XJX01", "XJX02")
    done = run("verify", "--key", public_text(signer.public), signed, forged)
    assert done.exit_code == 1
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["valid", "invalid"]
    assert "Its signature is wrong" in done.stdout


def test_a_bare_barcode_is_unsigned_and_taken_apart(signer: Signer) -> None:
    for keys in ((), ("--key", public_text(signer.public))):
        done = run("verify", *keys, BARCODE, "https://example.org", "GJXS0LM6RYG370000")
        assert done.exit_code == 1
        first, second, third = done.stdout.splitlines()
        assert first == f"unsigned: {BARCODE}; {MADE_OF}."
        assert second.startswith("invalid: https://example; It is no signed ticket")
        assert third == "unsigned: GJXS0LM6RYG370000; of another form than [codes] makes: look it up as it is."


def test_the_profile_and_the_key_are_those_of_the_configuration(
    tmp_path: Path, key_file: Path, signer: Signer
) -> None:
    config = configured(
        tmp_path, f"counter_width = 3\ninfix_length = 2\nsign = true\nsign_key_file = '{key_file}'"
    )
    text = signer.sign("GJXS0LM6RYG37XJ123", 3, 4, 0)
    done = run("verify", text, config=config)
    assert done.exit_code == 0, done.output
    assert "ticket 123 of purchase GJXS0LM6RYG37, infix XJ." in done.stdout
    assert "event 3, product 4, sold 1970-01-01" in done.stdout


def test_a_key_of_the_configuration_that_cannot_be_read_is_a_sentence_where_it_is_needed(
    tmp_path: Path, key_file: Path, signed: str
) -> None:
    config = configured(tmp_path, f"sign = true\nsign_key_file = '{key_file}'")
    key_file.chmod(0o644)
    done = run("verify", BARCODE, config=config)
    assert (done.exit_code, done.stdout) == (1, f"unsigned: {BARCODE}; {MADE_OF}.\n")
    done = run("verify", signed, config=config)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"The signing key of the tickets: {key_file} is open to everybody")
    assert done.stderr.endswith("Or give the public key by --key.\n")


def test_a_scanner_types_lines(signed: str, signer: Signer) -> None:
    lines = b"\n".join((signed.encode(), b"", b"\xff\x00\x1b[31m", b"A" * 9_000, BARCODE.encode() + b"\r"))
    done = run("verify", "--key", public_text(signer.public), input=lines)
    assert done.exit_code == 1
    told = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in told] == ["valid", "unsigned", "invalid", "unsigned"]
    assert "\x1b" not in done.stdout
    assert told[3] == f"unsigned: {BARCODE}; {MADE_OF}."
    assert run("verify", "--key", public_text(signer.public), input=signed).exit_code == 0


def test_json_has_a_line_for_each(signed: str, signer: Signer) -> None:
    done = run("verify", "--json", "--key", public_text(signer.public), signed, BARCODE, f"{signed}x")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    parts = {"code": "GJXS0LM6RYG37", "infix": "XJX", "number": 1}
    sold = {"event": 3, "product": "adult", "sold": 1_777_636_800, "key": signer.key}
    assert found[0] == {"barcode": BARCODE, "result": "valid", **sold, **parts}
    assert found[1] == {"barcode": BARCODE, "result": "unsigned", "why": "It is not signed.", **parts}
    assert found[2]["result"] == "invalid"
    assert "event" not in found[2], "what nobody has signed is not told as if it were so"


@pytest.mark.parametrize(
    ("given", "words"),
    [("nonsense", "--key nonsense is no public key: 43"), ("{key}", "holds a private key: a gate gets")],
)
def test_a_key_that_is_none_is_a_sentence(given: str, words: str, key_file: Path) -> None:
    done = run("verify", "--key", given.format(key=key_file), BARCODE)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "BEGIN" not in done.stderr.replace("(BEGIN PUBLIC KEY)", "")


# -- keys ----------------------------------------------------------------------------------------------


def test_a_new_key_is_its_owners_alone_and_works(tmp_path: Path) -> None:
    path = tmp_path / "new.pem"
    done = run("key", "new", str(path))
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    signer = read_private_key(path.read_bytes(), "It")
    assert f"public key: {public_text(signer.public)}\nkey id:     {signer.key}\n" in done.stdout
    assert f"LoadCredential=ticket-key:{path}\n" in done.stdout
    assert "PRIVATE" not in done.output
    text = signer.sign(BARCODE, 3, 4, 0)
    assert run("verify", "--key", public_text(signer.public), text).exit_code == 0


def test_a_key_that_is_there_is_never_replaced(tmp_path: Path, key_file: Path) -> None:
    before = key_file.read_bytes()
    link = tmp_path / "link.pem"
    link.symlink_to(tmp_path / "nowhere.pem")
    for path in (key_file, link):
        done = run("key", "new", str(path))
        assert done.exit_code == 2
        assert done.stderr.startswith(f"{path} is there already. No key is replaced")
    assert key_file.read_bytes() == before
    assert not (tmp_path / "nowhere.pem").exists()


def test_a_key_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    done = run("key", "new", str(tmp_path / "missing" / "key.pem"))
    assert done.exit_code == 2
    assert "No such file or directory" in done.stderr


def test_the_public_half_is_shown(key_file: Path, signer: Signer) -> None:
    word, pem = public_text(signer.public), public_pem(signer.public)
    assert run("key", "show", str(key_file)).stdout == f"public key: {word}\nkey id:     {signer.key}\n"
    assert run("key", "show", "--pem", str(key_file)).stdout == pem
    assert json.loads(run("key", "show", "--json", str(key_file)).stdout) == {
        "file": str(key_file),
        "public_key": word,
        "public_key_pem": pem,
        "key_id": signer.key,
    }
    new = json.loads(run("key", "new", "--json", str(key_file.with_name("other.pem"))).stdout)
    assert new["file"] == str(key_file.with_name("other.pem"))
    assert new["public_key"] != word


def test_what_is_no_key_cannot_be_shown(tmp_path: Path, key_file: Path) -> None:
    key_file.chmod(0o604)
    done = run("key", "show", str(key_file))
    assert (done.exit_code, done.stderr) == (
        1,
        f"The signing key: {key_file} is open to everybody: chmod 0640 it, and replace the secret.\n",
    )
    done = run("key", "show", str(tmp_path / "none.pem"))
    assert "does not exist: terminalctl ticket key new" in done.stderr
    key_file.chmod(0o600)
    key_file.write_text("nonsense")
    done = run("key", "show", str(key_file))
    assert done.exit_code == 2
    assert "holds no private key in PEM" in done.stderr
