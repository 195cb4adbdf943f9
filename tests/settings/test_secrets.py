"""Secrets come from their own places, and from nowhere else."""

import os
import traceback
from pathlib import Path

import msgspec
import pytest

from terminal.core.ticket_rules import CodeRules
from terminal.settings import BackendSettings, SecretError, credential_reader, signing_key


def backend(credential: str = "", token_file: str | Path = "") -> BackendSettings:
    return BackendSettings(
        name="main",
        type="pointofsale",
        credential=credential,
        token_file=str(token_file),
        sandbox=False,
        options=msgspec.defstruct("Options", [])(),
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pos.token"
    path.write_bytes(b"s3cr3t\n")
    path.chmod(0o640)
    return path


def test_a_token_file_is_read_without_its_newline(file: Path) -> None:
    assert credential_reader(backend(token_file=file))() == "s3cr3t"


def test_it_is_read_anew_each_time(file: Path) -> None:
    read = credential_reader(backend(token_file=file))
    assert read() == "s3cr3t"
    file.write_bytes(b"rolled\r\n")
    assert read() == "rolled"


def test_a_credential_comes_from_the_folder_of_systemd(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(file.parent))
    assert credential_reader(backend(credential="pos.token"))() == "s3cr3t"


def test_without_systemd_a_credential_says_how_to_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SecretError, match=r"backend main.*LoadCredential=pos-token:.*token_file"):
        credential_reader(backend(credential="pos-token"))()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"two words", "one line of ASCII"),
        (b"two\nlines", "one line of ASCII"),
        (b"caf\xc3\xa9", "one line of ASCII"),
        (b"x\x00y", "one line of ASCII"),
        (b"x" * 8193, "more than 8192 bytes"),
    ],
)
def test_what_is_no_secret_is_refused_and_not_repeated(file: Path, content: bytes, words: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SecretError, match=words) as caught:
        credential_reader(backend(token_file=file))()
    told = "".join(traceback.format_exception(caught.value))
    assert content.decode(errors="replace").strip() not in told or not content.strip()


def test_the_longest_secret_is_read_whole(file: Path) -> None:
    file.write_bytes(b"x" * 8192)
    assert credential_reader(backend(token_file=file))() == "x" * 8192


def test_a_file_that_everybody_can_read_is_refused(file: Path) -> None:
    file.chmod(0o644)
    with pytest.raises(SecretError, match="open to everybody: chmod 0640"):
        credential_reader(backend(token_file=file))()


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"none does not exist: write the secret into it"):
        credential_reader(backend(token_file=tmp_path / "none"))()


def test_a_pipe_does_not_stop_the_daemon(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(SecretError, match="not a plain file"):
        credential_reader(backend(token_file=tmp_path / "pipe"))()


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="not a plain file"):
        credential_reader(backend(token_file=tmp_path))()


def test_no_repr_holds_the_secret(file: Path) -> None:
    read = credential_reader(backend(token_file=file))
    read()
    assert "s3cr3t" not in repr(read) + str(read) + repr(vars(type(read)))


# -- the key of signed tickets -------------------------------------------------------------------------

PEM = b"-----BEGIN PRIVATE KEY-----\nMC4CAQA\n-----END PRIVATE KEY-----\n"


def test_a_signing_key_is_read_as_it_stands_with_its_lines(file: Path) -> None:
    file.write_bytes(PEM)
    rules = CodeRules(sign=True, sign_key_file=str(file))
    assert signing_key(rules) == (PEM, f"The signing key of the tickets: {file}")


def test_a_signing_key_comes_from_systemd_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(PEM)
    rules = CodeRules(sign=True, sign_credential="pos.token")
    with pytest.raises(SecretError, match=r"signing key.*LoadCredential=pos\.token:.*or use sign_key_file\."):
        signing_key(rules)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(file.parent))
    assert signing_key(rules) == (PEM, f"The signing key of the tickets: {file}")


def test_a_signing_key_that_cannot_be_used_says_so_in_a_sentence(file: Path) -> None:
    rules = CodeRules(sign=True, sign_key_file=str(file))
    file.chmod(0o644)
    with pytest.raises(
        SecretError, match=r"The signing key of the tickets: .*open to everybody: chmod 0640 it"
    ):
        signing_key(rules)
    file.unlink()
    with pytest.raises(SecretError, match=rf"does not exist: terminalctl ticket key new {file} makes one\."):
        signing_key(rules)
    file.mkdir()
    with pytest.raises(SecretError, match="is not a plain file"):
        signing_key(rules)
