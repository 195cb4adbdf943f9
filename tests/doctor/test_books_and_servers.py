"""The journal and the servers: on real journals, and on a server that really answers."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from terminal.doctor import Status
from terminal.httpd import Problem, Reply, Request, Response, Route, Server
from terminal.journal import Journal, load_or_create_key
from tests.doctor.pi import GIDS, UID, FalsePi
from tests.journal.making import NOW, debit

JOURNAL = "/var/lib/terminald/journal.db"
KEY = f"{JOURNAL}.key"
SECRET = "a-secret-of-the-server"
TOKEN = "/etc/terminal/pos-token"


@pytest.fixture
def pi(tmp_path: Path) -> FalsePi:
    return FalsePi(tmp_path)


@pytest.fixture
def journal(pi: FalsePi) -> Iterator[Journal]:
    """A journal with an entry; its files belong to the daemon's user."""
    journal = Journal.open(pi.path(JOURNAL), load_or_create_key(pi.path(KEY)), boot=NOW.boot)
    journal.commit([debit()], NOW)
    pi.own(JOURNAL, 0o640, UID, GIDS["terminal"])
    pi.own(KEY, 0o600, UID, GIDS["terminal"])
    yield journal
    journal.close()


# -- the journal ---------------------------------------------------------------------------------------


def test_a_journal_that_is_well(pi: FalsePi, journal: Journal) -> None:
    assert pi.wrong("journal", "journal key") == []
    assert "WAL mode" in pi.one("journal").words


def test_a_journal_that_is_not_there_yet(pi: FalsePi) -> None:
    assert pi.wrong("journal", "journal key") == []
    pi.own("/var/lib/terminald", 0o755, 0, 0)
    assert pi.one("journal").remedy == "sudo chown terminal /var/lib/terminald"


def test_a_journal_that_somebody_else_made(pi: FalsePi, journal: Journal) -> None:
    pi.own(JOURNAL, 0o640, 0, 0)
    finding = pi.one("journal")
    assert finding.status is Status.TROUBLE
    assert finding.remedy == f"sudo chown terminal {JOURNAL} {JOURNAL}*"


def test_a_journal_that_is_none(pi: FalsePi) -> None:
    pi.write(JOURNAL, "this is no database at all, but long enough to be read as the head of one" * 20)
    pi.own(JOURNAL, 0o640, UID, GIDS["terminal"])
    assert pi.one("journal").status is Status.TROUBLE


def test_a_journal_that_another_program_has_changed(pi: FalsePi, journal: Journal) -> None:
    journal.close()
    file = pi.path(JOURNAL)
    content = bytearray(file.read_bytes())
    content[18:20] = b"\x01\x01"
    file.write_bytes(content)
    assert pi.one("journal").status is Status.WARNING


def test_a_key_that_is_missing_or_open_or_not_ours(pi: FalsePi, journal: Journal) -> None:
    pi.own(KEY, 0o640, UID, GIDS["terminal"])
    assert pi.one("journal key").remedy == f"sudo chmod 600 {KEY}"
    pi.own(KEY, 0o600, 0, 0)
    assert pi.one("journal key").remedy == f"sudo chown terminal {KEY}"
    pi.path(KEY).unlink()
    assert "cannot be used without it" in pi.one("journal key").words


def test_a_folder_that_is_closed_to_who_asks(pi: FalsePi, journal: Journal) -> None:
    pi.hidden |= {JOURNAL, KEY}
    assert [each.status for each in pi.look("journal", "journal key")] == [Status.NOT_CHECKED] * 2


# -- secrets -------------------------------------------------------------------------------------------


def test_a_secret_that_is_well(pi: FalsePi) -> None:
    assert pi.one("secrets").status is Status.OK


def test_a_secret_that_is_not_there(pi: FalsePi) -> None:
    pi.path(TOKEN).unlink()
    finding = pi.one("secrets")
    assert finding.status is Status.TROUBLE
    assert finding.remedy == f"sudo install -m 400 /dev/stdin {TOKEN}"


def test_a_secret_that_everybody_can_read(pi: FalsePi) -> None:
    pi.path(TOKEN).chmod(0o644)
    finding = pi.one("secrets")
    assert (finding.status, finding.remedy) == (Status.TROUBLE, f"sudo chmod o= {TOKEN}")


@pytest.mark.parametrize("content", ["", "two words\n", "ünïcode\n"])
def test_a_secret_that_is_none(pi: FalsePi, content: str) -> None:
    pi.path(TOKEN).unlink()
    pi.write(TOKEN, content, 0o400)
    finding = pi.one("secrets")
    assert finding.status is Status.TROUBLE
    assert content.strip() not in finding.words or not content


def test_a_credential_that_the_unit_does_not_give(pi: FalsePi) -> None:
    pi.write("/etc/systemd/system/terminald.service.d/site.conf", "[Service]\nLoadCredential=\n")
    assert "LoadCredential=pos-token:/etc/terminal/pos-token" in pi.one("secrets").remedy
    pi.write("/etc/systemd/system/terminald.service.d/z.conf", "[Service]\nLoadCredentialEncrypted=pos-token\n")
    assert pi.one("secrets").status is Status.NOT_CHECKED
    pi.path("/etc/systemd/system/terminald.service").unlink()
    assert "not installed" in pi.one("secrets").words


def test_a_secret_in_a_file_of_its_own(pi: FalsePi) -> None:
    pi.configure(place='token_file = "/etc/terminal/pos-token"')
    pi.own(TOKEN, 0o400, 0, 0)
    finding = pi.one("secrets")
    assert "terminal may not read" in finding.words
    assert "chgrp terminal" in finding.remedy
    pi.own(TOKEN, 0o640, 0, GIDS["terminal"])
    assert pi.one("secrets").status is Status.OK


def test_a_secret_that_who_asks_may_not_see(pi: FalsePi) -> None:
    pi.hidden.add(TOKEN)
    assert pi.one("secrets").remedy == "sudo terminalctl doctor"


def test_no_finding_holds_the_secret(pi: FalsePi) -> None:
    pi.path(TOKEN).chmod(0o600)
    pi.write(TOKEN, SECRET + "\n")
    for mode in (0o400, 0o644):
        pi.path(TOKEN).chmod(mode)
        assert SECRET not in repr(pi.look("secrets", "servers"))


# -- servers -------------------------------------------------------------------------------------------


@pytest.fixture
def serve(pi: FalsePi) -> Iterator[Callable[[Callable[[Request], Reply]], list[Request]]]:
    """Let a server answer the question for the terminal; gives what it was asked."""
    servers: list[Server] = []

    def start(answer: Callable[[Request], Reply]) -> list[Request]:
        asked: list[Request] = []

        def handle(request: Request) -> Reply:
            asked.append(request)
            return answer(request)

        server = Server([Route("GET", "/pos/terminal", handle)], ("127.0.0.1", 0))
        server.start()
        servers.append(server)
        text = pi.config.read_text()
        port = server.address[1]
        pi.config.write_text(text.replace("https://pos.example.org/", f"http://127.0.0.1:{port}/"))
        return asked

    yield start
    for server in servers:
        server.stop()


Serve = Callable[[Callable[[Request], Reply]], list[Request]]


def terminal(*products: str) -> Response:
    return Response.json(
        {
            "id": "t1",
            "name": "Coffee",
            "permission": "debit",
            "products": [{"id": each, "name": each, "price": 120} for each in products],
        }
    )


def test_a_server_that_accepts_the_terminal(pi: FalsePi, serve: Serve) -> None:
    asked = serve(lambda _: terminal("espresso"))
    finding = pi.one("servers")
    assert finding.status is Status.OK, finding
    assert len(asked) == 1, "one question, which books nothing"
    assert asked[0].headers["authorization"] == "Bearer a-secret"


def test_a_server_that_has_nothing_to_sell(pi: FalsePi, serve: Serve) -> None:
    serve(lambda _: terminal())
    assert pi.one("servers").status is Status.WARNING


def _refuse(status: int) -> Callable[[Request], Reply]:
    def answer(_: Request) -> Reply:
        raise Problem(status, "no, and your secret is a-secret")

    return answer


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
def test_a_server_that_does_not_accept_the_terminal(pi: FalsePi, serve: Serve, status: int) -> None:
    serve(_refuse(status))
    finding = pi.one("servers")
    assert finding.status is Status.TROUBLE
    assert "does not accept this terminal" in finding.words
    assert "a-secret" not in finding.words


def test_a_server_that_fails(pi: FalsePi, serve: Serve) -> None:
    serve(_refuse(HTTPStatus.INTERNAL_SERVER_ERROR))
    assert pi.one("servers").status is not Status.OK


def test_something_else_that_answers(pi: FalsePi, serve: Serve) -> None:
    serve(lambda _: Response.json({"products": [{"id": "espresso", "name": "Espresso", "price": "1.20"}]}))
    finding = pi.one("servers")
    assert finding.status is Status.TROUBLE
    assert "config show" in finding.remedy


def test_a_server_that_nobody_is(pi: FalsePi) -> None:
    pi.config.write_text(pi.config.read_text().replace("https://pos.example.org/", "http://127.0.0.1:1/"))
    finding = pi.one("servers")
    assert finding.status is Status.TROUBLE
    assert "getent hosts 127.0.0.1" in finding.remedy


def test_without_the_secret_it_only_knocks(pi: FalsePi) -> None:
    pi.hidden.add(TOKEN)
    finding = pi.one("servers")
    assert (finding.status, finding.remedy) == (Status.NOT_CHECKED, "sudo terminalctl doctor")
    assert pi.dialled == [("pos.example.org", 443, True)]
    pi.unreachable = "its certificate is not accepted: self-signed certificate"
    assert "self-signed" in pi.one("servers").words
