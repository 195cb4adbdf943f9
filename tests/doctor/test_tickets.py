"""The doctor at a kiosk for tickets: the key that signs, the server that records, what a clock is for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from terminal.doctor import Ran, Status
from terminal.httpd import Problem, Reply, Request, Response, Route, Server
from terminal.tickets.signed import new_private_key
from tests.doctor.pi import GIDS, FalsePi

CONFIG = Path(__file__).parents[2] / "config"
KEY = "/etc/terminal/ticket-key"
SECRET = "/etc/terminal/satellite"
CLIENT = '{"client_id":"13_1xxh5y6rxwzo","client_secret":"3z0igne72b288ksg"}'
DROP_IN = "/etc/systemd/system/terminald.service.d/tickets.conf"
SIGN = "[codes]\nsign = true\n"


@pytest.fixture
def pi(tmp_path: Path) -> FalsePi:
    """A machine with the kiosk that is shipped, everything in place."""
    pi = FalsePi(tmp_path)
    pi.write(DROP_IN, "[Service]\n" + "".join(f"LoadCredential={path[14:]}:{path}\n" for path in (KEY, SECRET)))
    pi.write(KEY, new_private_key().decode(), 0o400)
    pi.write(SECRET, CLIENT + "\n", 0o400)
    configure(pi)
    return pi


def configure(
    pi: FalsePi, *changes: tuple[str, str], more: str = f'{SIGN}sign_credential = "ticket-key"\n'
) -> None:
    text = (CONFIG / "ticket-kiosk.toml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    pi.config.write_text(text + more)


# -- the key -------------------------------------------------------------------------------------------


def test_a_key_that_is_well_is_named_and_not_shown(pi: FalsePi) -> None:
    finding = pi.one("signing key")
    assert finding.status is Status.OK, finding
    secret = pi.path(KEY).read_text().splitlines()[1]
    assert secret not in repr(finding)


def test_without_signatures_nobody_looks_for_a_key(pi: FalsePi) -> None:
    configure(pi, more="")
    pi.path(KEY).unlink()
    assert pi.look("signing key") == []
    configure(pi, ('job = "tickets"', 'job = "topup"'))
    assert pi.look("signing key") == []


def test_a_key_that_is_not_there(pi: FalsePi) -> None:
    pi.path(KEY).unlink()
    finding = pi.one("signing key")
    assert (finding.status, finding.remedy) == (Status.TROUBLE, f"sudo terminalctl ticket key new {KEY}")


def test_a_key_that_everybody_can_read(pi: FalsePi) -> None:
    pi.path(KEY).chmod(0o444)
    finding = pi.one("signing key")
    assert (finding.status, finding.remedy) == (Status.TROUBLE, f"sudo chmod o= {KEY}")


@pytest.mark.parametrize(
    "content", ["", "no key at all\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_is_none(pi: FalsePi, content: str) -> None:
    pi.path(KEY).unlink()
    pi.write(KEY, content, 0o400)
    finding = pi.one("signing key")
    assert finding.status is Status.TROUBLE
    assert "fault of its own" not in finding.words


def test_a_key_in_a_file_of_its_own_must_be_the_daemons_to_read(pi: FalsePi) -> None:
    configure(pi, more=f'{SIGN}sign_key_file = "{KEY}"\n')
    pi.own(KEY, 0o400, 0, 0)
    assert "chgrp terminal" in pi.one("signing key").remedy
    pi.own(KEY, 0o640, 0, GIDS["terminal"])
    assert pi.one("signing key").status is Status.OK


def test_a_credential_that_the_unit_does_not_give(pi: FalsePi) -> None:
    pi.path(DROP_IN).unlink()
    assert f"LoadCredential=ticket-key:{KEY}" in pi.one("signing key").remedy


def test_a_key_that_who_asks_may_not_see(pi: FalsePi) -> None:
    pi.hidden.add(KEY)
    assert pi.one("signing key").status is Status.NOT_CHECKED


def test_without_its_library_a_key_is_not_judged(pi: FalsePi) -> None:
    pi.missing_modules = {"cryptography"}
    assert pi.one("signing key").status is Status.NOT_CHECKED


# -- the server ----------------------------------------------------------------------------------------

Serve = Callable[..., list[str]]


@pytest.fixture
def serve(pi: FalsePi) -> Iterator[Serve]:
    """A server that gives tokens and lists products; returns the paths that it was asked for."""
    servers: list[Server] = []

    def start(*, accepts: bool = True, more: tuple[tuple[str, str], ...] = ()) -> list[str]:
        asked: list[str] = []

        def token(request: Request) -> Reply:
            asked.append(request.path)
            if not accepts:
                raise Problem(401, "invalid_client 3z0igne72b288ksg")
            assert request.json()["client_secret"] == "3z0igne72b288ksg"
            return Response.json({"access_token": "abc", "expires_in": 3600, "token_type": "bearer"})

        def products(request: Request) -> Reply:
            asked.append(request.path)
            assert request.headers["authorization"] == "Bearer abc"
            return Response.json([{"id": 4, "name": "Adult", "deviceType": "product"}])

        routes = [Route("POST", "/api/oauth/v2/token", token), Route("GET", "/api/product/list", products)]
        server = Server(routes, ("127.0.0.1", 0))
        server.start()
        servers.append(server)
        address = f'"http://127.0.0.1:{server.address[1]}/api"\nallow_http = true'
        configure(pi, ('"https://tickets.example.org/api"', address), *more)
        return asked

    yield start
    for server in servers:
        server.stop()


def office(pi: FalsePi) -> tuple[Status, str]:
    (finding,) = [each for each in pi.look("servers") if each.check == "server office"]
    return finding.status, finding.words


def test_credentials_that_are_accepted(pi: FalsePi, serve: Serve) -> None:
    asked = serve()
    status, words = office(pi)
    assert status is Status.OK, words
    assert asked == ["/api/oauth/v2/token", "/api/product/list"], "nothing is recorded by asking"


def test_prices_that_nobody_knows_are_missed(pi: FalsePi, serve: Serve) -> None:
    serve(more=(("price = 3_000\n", ""),))
    status, words = office(pi)
    assert (status, "no products to sell" in words) == (Status.WARNING, True)


def test_credentials_that_are_not_accepted(pi: FalsePi, serve: Serve) -> None:
    serve(accepts=False)
    status, words = office(pi)
    assert (status, "does not accept this terminal" in words) == (Status.TROUBLE, True)
    assert "3z0igne72b288ksg" not in words


def test_credentials_that_are_not_there_come_from_the_discovery(pi: FalsePi) -> None:
    pi.path(SECRET).unlink()
    (finding,) = [each for each in pi.look("secrets") if each.check == "secret of office"]
    assert finding.status is Status.TROUBLE
    assert finding.remedy == f"sudo terminalctl satellite discover --backend office --out {SECRET}"


# -- the clock -----------------------------------------------------------------------------------------


def test_a_clock_that_is_not_set_stands_on_every_ticket(pi: FalsePi) -> None:
    assert pi.one("clock").status is Status.OK
    pi.path("/run/systemd/timesync/synchronized").unlink()
    pi.ran["timedatectl show --property=NTPSynchronized --value"] = Ran(0, "no")
    finding = pi.one("clock")
    assert (finding.status, "on every ticket" in finding.words) == (Status.WARNING, True)
