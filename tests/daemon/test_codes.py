"""The daemon's codes: real chance, the books, the clock, and the keys that are there or not."""

import logging
from pathlib import Path

import msgspec
import pytest

from terminal.core.stamp import Stamp
from terminal.core.ticket_rules import CodeRules
from terminal.core.tickets import Codes, Ticket
from terminal.daemon.codes import build_codes
from terminal.daemon.opening import CannotStart
from terminal.journal import load_or_create_key
from terminal.journal.errors import JournalDamaged, JournalError, JournalUnwritable
from terminal.settings import Settings, load
from terminal.tickets.signed import Doubt, Verified, new_private_key, read_private_key, verify

SIMULATED = Path(__file__).parents[2] / "config/simulated.toml"
NOON_MS = 1_777_636_800_000  # 1 May 2026, 12:00 UTC
TICKET = Ticket("adult", "Adult", "GJXS0LM6RYG37XJX01")


class Books:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.first_is_known = False

    def knows_code(self, code: str) -> bool:
        self.asked.append(code)
        return self.first_is_known and len(self.asked) == 1


class Clock:
    def now(self) -> Stamp:
        return Stamp(NOON_MS, 0, "boot", synced=True)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "signing.pem"
    path.write_bytes(new_private_key())
    path.chmod(0o640)
    return path


def settings(folder: Path, rules: CodeRules) -> Settings:
    whole = load(SIMULATED)
    journal = msgspec.structs.replace(
        whole.journal, path=str(folder / "journal.db"), key_file=str(folder / "journal.db.key")
    )
    return msgspec.structs.replace(whole, codes=rules, journal=journal)


def built(folder: Path, rules: CodeRules, books: Books | None = None) -> Codes:
    return build_codes(settings(folder, rules), books or Books(), Clock())


def test_each_code_is_looked_for_in_the_books(tmp_path: Path) -> None:
    books = Books()
    books.first_is_known = True
    purchase = built(tmp_path, CodeRules(), books).purchase()
    assert purchase
    assert len(books.asked) == 2
    assert books.asked[1] == purchase.code != books.asked[0]


def test_chance_is_no_seed(tmp_path: Path) -> None:
    drawn = {built(tmp_path, CodeRules()).purchase() for _ in range(20)}
    assert len(drawn) == 20
    assert None not in drawn


def test_a_structured_code_has_the_time_of_the_clock(tmp_path: Path) -> None:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    purchase = built(tmp_path, CodeRules(base="structured", device="A7Z", alphabet=alphabet)).purchase()
    assert purchase
    assert int(purchase.code[:8], 36) == NOON_MS - 1_704_067_200_000


def test_a_derived_infix_is_the_same_as_long_as_the_journal_has_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.urandom", lambda size: bytes(range(size)))
    rules = CodeRules(infix="derived", infix_length=16)
    first, again = built(tmp_path, rules).purchase(), built(tmp_path, rules).purchase()
    assert first
    assert first == again
    (tmp_path / "journal.db.key").write_bytes(bytes(32))
    other = built(tmp_path, rules).purchase()
    assert other
    assert (other.code, other.salt != first.salt) == (first.code, True)


def test_a_journal_key_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    load_or_create_key(tmp_path / "journal.db.key")
    (tmp_path / "journal.db.key").chmod(0o644)
    with pytest.raises(CannotStart, match="can be read by others"):
        built(tmp_path, CodeRules(infix="derived"))
    assert built(tmp_path, CodeRules()).purchase(), "nobody else needs it"


def test_without_a_key_the_qr_code_holds_the_barcode(tmp_path: Path) -> None:
    assert built(tmp_path, CodeRules()).sealed(TICKET, 3, NOON_MS) == TICKET.barcode


def test_with_a_key_it_holds_what_a_gate_can_verify(tmp_path: Path, key_file: Path) -> None:
    made = built(tmp_path, CodeRules(sign=True, sign_key_file=str(key_file)))
    signer = read_private_key(key_file.read_bytes(), "The key")
    text = made.sealed(TICKET, 3, NOON_MS + 999)
    assert verify(text, [signer.public]) == Verified(TICKET.barcode, 3, "adult", NOON_MS // 1000, signer.key)


def test_a_ticket_that_cannot_be_signed_is_still_a_ticket(
    tmp_path: Path, key_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = built(tmp_path, CodeRules(sign=True, sign_key_file=str(key_file)))
    with caplog.at_level(logging.WARNING):
        assert made.sealed(TICKET, "an event with " + "many words " * 9, NOON_MS) == TICKET.barcode
    assert "printed without a signature: an id of" in caplog.text


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (None, 0, r"signing\.pem does not exist: terminalctl ticket key new"),
        (b"", 0o640, r"signing\.pem holds no private key"),
        (b"-----BEGIN PUBLIC KEY-----\n", 0o600, "holds a public key"),
        (new_private_key(), 0o644, "is open to everybody"),
    ],
)
def test_a_signing_key_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, key_file: Path, content: bytes | None, mode: int, words: str
) -> None:
    key_file.unlink()
    if content is not None:
        key_file.write_bytes(content)
        key_file.chmod(mode)
    with pytest.raises(CannotStart, match=f"^The signing key of the tickets: .*{words}") as caught:
        built(tmp_path, CodeRules(sign=True, sign_key_file=str(key_file)))
    assert "PRIVATE KEY-----" not in str(caught.value)


def test_a_text_signed_by_another_terminal_is_not_verified(tmp_path: Path, key_file: Path) -> None:
    made = built(tmp_path, CodeRules(sign=True, sign_key_file=str(key_file)))
    stranger = read_private_key(new_private_key(), "The key")
    assert isinstance(verify(made.sealed(TICKET, 3, NOON_MS), [stranger.public]), Doubt)


class Unreadable(Books):
    def __init__(self, error: JournalError) -> None:
        super().__init__()
        self.error = error

    def knows_code(self, code: str) -> bool:
        raise self.error


def test_a_code_that_cannot_be_looked_up_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    codes = built(tmp_path, CodeRules(), Unreadable(JournalUnwritable("The disk failed.")))
    assert codes.purchase() is None
    assert "cannot be looked up: The disk failed." in caplog.text


def test_a_damaged_journal_is_a_matter_for_the_next_start(tmp_path: Path) -> None:
    codes = built(tmp_path, CodeRules(), Unreadable(JournalDamaged("It is damaged.")))
    with pytest.raises(JournalDamaged):
        codes.purchase()
