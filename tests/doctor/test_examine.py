"""Whatever a check does, the others are heard; and the doctor on this very machine."""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import drivers
from terminal import settings
from terminal.cli import cli
from terminal.doctor import Case, Finding, Hidden, Status, System, examine
from terminal.doctor import finding as make
from terminal.doctor.case import files
from terminal.doctor.libraries import NEEDS
from tests.doctor.pi import FalsePi

ROOT = Path(__file__).parents[2]


def well(_: Case) -> Iterator[Finding]:
    yield make.ok("well", "All is well.")


def fails(_: Case) -> Iterator[Finding]:
    yield make.ok("half", "The first half is well.")
    raise RuntimeError("with a secret in it")


def hides(_: Case) -> Iterator[Finding]:
    raise Hidden("/root/secret")
    yield


def test_a_check_that_fails_or_hangs_hides_nothing(tmp_path: Path) -> None:
    never = threading.Event()

    def hangs(_: Case) -> Iterator[Finding]:
        never.wait()
        yield from ()

    checks = [("fails", fails), ("hangs", hangs), ("hides", hides), ("well", well)]
    try:
        found = examine(System(tmp_path), str(tmp_path / "nothing.toml"), checks, within_s=1)
    finally:
        never.set()
    assert [each.status.value for each in found] == ["ok", "not checked", "not checked", "not checked", "ok"]
    assert "RuntimeError" in found[1].words
    assert "with a secret in it" not in repr(found)
    assert "did not end within 1 s" in found[2].words
    assert found[3].remedy == "sudo terminalctl doctor"


def test_every_shipped_driver_says_which_libraries_it_needs() -> None:
    assert set(NEEDS) == {each for each in drivers.DRIVERS if each[1] != "simulated"}


@pytest.mark.parametrize(
    ("driver", "options", "expected"),
    [
        ("rdm6300", {"port": "/dev/ttyUSB0"}, ["/dev/ttyUSB0"]),
        ("rdm6300", {"port": "socket://10.0.0.1:4001"}, []),
        ("nfcpy", {"path": "tty:AMA0:pn532"}, ["/dev/ttyAMA0"]),
        ("pn532", {"port": "i2c:///dev/i2c-1"}, ["/dev/i2c-1"]),
    ],
)
def test_the_files_that_options_name(driver: str, options: dict[str, str], expected: list[str]) -> None:
    made = drivers.find("reader", driver).Options(**options)
    device = settings.DeviceSettings(name="x", role="reader", driver=driver, options=made)
    assert files(device) == expected


# -- the real machine ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config", ["simulated.toml", "coffee-machine.toml", "coin-receptor.toml", "nothing.toml"]
)
def test_the_doctor_looks_at_this_machine(config: str) -> None:
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "terminalctl"),
            "doctor",
            "--json",
            "--config",
            str(ROOT / "config" / config),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    told = json.loads(done.stdout)
    wrong = [each for each in told["findings"] if each["status"] in ("trouble", "warning")]
    assert done.returncode == (1 if wrong else 0)
    assert told["healthy"] is not bool(wrong)
    assert "Traceback" not in done.stderr
    assert all("fault of its own" not in each["words"] for each in told["findings"])
    assert all(set(each) == {"check", "status", "words", "remedy"} for each in told["findings"])


def test_the_system_tells_what_is_there(tmp_path: Path) -> None:
    system = System(tmp_path, {"PATH": os.environ["PATH"]})
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/x").write_text("text")
    (tmp_path / "dev/link").symlink_to("x")
    assert system.read("/dev/x") == "text"
    assert system.read("/dev/none") is None
    assert system.names("/dev/*") == ["/dev/link", "/dev/x"]
    assert system.target("/dev/link") == "x"
    found = system.node("/dev/link")
    assert found is not None
    assert (found.plain, found.uid) == (True, os.getuid())
    room = system.disk("/var/lib/not/there")
    assert room is not None
    assert 0 < room.free <= room.total
    assert system.run("sh", "-c", "echo said; exit 3") == make_ran(3, "said")
    assert system.run("no-such-program-anywhere") is None
    assert system.installed("click")
    assert system.installed("no-such-package") is None
    assert system.has_module("json")
    assert not system.has_module("no_such_module")
    assert system.sqlite >= (3, 37)


def make_ran(code: int, out: str) -> object:
    from terminal.doctor import Ran  # noqa: PLC0415 - one use

    return Ran(code, out)


def test_sockets_that_answer_and_that_do_not(tmp_path: Path) -> None:
    system = System(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        path = os.path.relpath(tmp_path / "s")  # short enough, wherever the tests run
        listener.bind(path)
        assert not system.answers("/s")
        listener.listen()
        assert system.answers("/s")
    assert not system.answers("/s")


def test_why_a_server_cannot_be_reached() -> None:
    system = System()
    with socket.create_server(("127.0.0.1", 0)) as plain:
        port = plain.getsockname()[1]
        assert system.dial("127.0.0.1", port, tls=False) == ""
        assert "no answer within" in system.dial("127.0.0.1", port, tls=True, within_s=0.2)
    assert system.dial("127.0.0.1", port, tls=False) == "Connection refused"
    assert "is not known" in system.dial("no-such-host.invalid", 443, tls=True)


def test_a_certificate_that_nobody_has_signed(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    try:
                        context.wrap_socket(connection, server_side=True).close()
                    except (ssl.SSLError, OSError):
                        continue

        server = threading.Thread(target=serve)
        server.start()
        port = listener.getsockname()[1]
        assert "certificate is not accepted" in System().dial("127.0.0.1", port, tls=True)
        assert System().dial("127.0.0.1", port, tls=True, ca_file=str(certificate)) == ""
        server.join(30)


# -- for people ----------------------------------------------------------------------------------------


@pytest.fixture
def sick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FalsePi:
    pi = FalsePi(tmp_path)
    monkeypatch.setattr("terminal.doctor.System", lambda: pi)
    pi.hidden.add("/etc/terminal/pos-token")
    return pi


def test_what_is_wrong_comes_first_with_what_mends_it(sick: FalsePi) -> None:
    sick.path("/etc/systemd/system/multi-user.target.wants/terminald.service").unlink()
    done = CliRunner().invoke(cli, ["doctor", "--config", str(sick.config)])
    assert done.exit_code == 1
    first, second, *_, last = done.output.splitlines()
    assert first.startswith("trouble: service: terminald.service is installed and not enabled")
    assert second == "    sudo systemctl enable --now terminald"
    assert "ok: disk" not in done.output
    assert last.endswith("1 needs a person.")


def test_what_could_not_be_checked_is_no_trouble(sick: FalsePi) -> None:
    done = CliRunner().invoke(cli, ["doctor", "--all", "--config", str(sick.config)])
    assert done.exit_code == 0, done.output
    assert "not checked: secret of main" in done.output
    assert "ok: disk: " in done.output
    assert "nothing needs a person." in done.output


def test_colours_are_for_terminals_and_not_with_no_color(sick: FalsePi) -> None:
    command = ["doctor", "--config", str(sick.config)]
    assert "\x1b[" in CliRunner().invoke(cli, command, color=True).output
    assert "\x1b[" not in CliRunner().invoke(cli, command, color=True, env={"NO_COLOR": "1"}).output


def test_statuses_have_a_colour_and_a_place() -> None:
    from terminal.cli.doctor import _COLOURS  # noqa: PLC0415 - one use

    assert set(_COLOURS) == {each.value for each in Status}
