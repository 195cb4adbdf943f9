"""Real processes for acceptance tests: a terminald with a configuration of its own, and a sandbox beside it."""

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from terminal.journal import JournalReader
from tests.support.waiting import wait_until

Section = Mapping[str, object]

SCRIPTS = Path(sys.executable).parent

READER = {"name": "reader", "role": "reader", "driver": "simulated"}
PANEL = {"name": "panel", "role": "buttons", "driver": "simulated"}
PRINTER = {"name": "printer", "role": "printer", "driver": "simulated"}


class SandboxProcess:
    """A ``terminald-sandbox`` of its own. *folder* keeps its ledger and its secrets over restarts.

    With the option ``--satellite`` it records tickets, too.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.database = folder / "sandbox.db"
        self.token_file = folder / "sandbox.token"
        self.satellite_file = folder / "satellite.json"
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self.url = ""

    def start(self) -> None:
        """Start it; after the first time on the same port."""
        command = [str(SCRIPTS / "terminald-sandbox"), "--listen", f"127.0.0.1:{self._port}"]
        command += ["--database", str(self.database), "--token-file", str(self.token_file)]
        command += ["--satellite-file", str(self.satellite_file), *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("url = "), line
        self.url = line.removeprefix("url = ").strip()
        self._port = httpx.URL(self.url).port or 80

    def stop(self) -> None:
        """Stop it: whoever asks is refused."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=30)
            self._process = None

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Ask one of the addresses for testers."""
        answer = httpx.request(
            method, f"http://127.0.0.1:{self._port}/sandbox/{path}", json=body, timeout=30, trust_env=False
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def faults(self, *faults: Section, seed: int = 0) -> None:
        """Misbehave like this from now on; without faults: behave."""
        self.admin("PUT", "faults", {"faults": list(faults), "seed": seed})

    def satellite_url(self, generation: str) -> str:
        """Return the address of its server for tickets."""
        return f"http://127.0.0.1:{self._port}/api" + ("/v5" if generation == "v5" else "")

    def satellite_faults(self, *faults: Section, seed: int = 0) -> None:
        """Let the server for tickets alone misbehave like this from now on; without faults: behave."""
        self.admin("PUT", "satellite/faults", {"faults": list(faults), "seed": seed})

    def sales(self) -> list[dict[str, Any]]:
        """Return every sale of tickets that took effect, as it was sent."""
        sales: list[dict[str, Any]] = self.admin("GET", "satellite/sales")["sales"]
        return sales

    def booked(self) -> list[dict[str, Any]]:
        """Return every transaction of a terminal that took effect."""
        ledger = self.admin("GET", "ledger")
        return [each for each in ledger["transactions"] if each.get("terminal") is not None]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Machine:
    """A ``terminald`` of its own in *folder*.

    Args:
        folder: For its configuration, journal, socket and log.
        url: Its server.
        token_file: The server's token.
        devices: Its ``[[devices]]``.
        sections: Further sections, by name: they replace those of the same name.
        backend: Further options of its backend.
        environment: Further variables of the process.
        within: What its command begins with, such as ``nsenter`` and its options.

    Attributes:
        notes: What it told its service manager since it was started, as far as anybody listened.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        token_file: Path,
        devices: Sequence[Section],
        *,
        job: str = "vending",
        sections: Mapping[str, Section] | None = None,
        backend: Section | None = None,
        environment: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.journal = folder / "journal.db"
        self.log = folder / "terminald.log"
        self.config = folder / "terminal.toml"
        self._socket = folder / "control.sock"
        self._environment = environment or {}
        self._within = within
        self.notes: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        tables: dict[str, Section] = {
            "terminal": {"id": "test-1", "job": job},
            "journal": {"path": str(self.journal), "keep": 0},
            "control": {"socket": str(self._socket)},
            "backends.main": {
                "type": "pointofsale",
                "url": url,
                "token_file": str(token_file),
                **(backend or {}),
            },
            "roles": {"wallet": "main"},
            **(sections or {}),
        }
        # A server on a busy machine may be slow, and is not away: whoever wants it to be says so.
        tables[job] = {"deadline_ms": 5_000, **tables.get(job, {})}
        text = [f"[{name}]\n{_toml(table)}" for name, table in tables.items()]
        text += [f"[[devices]]\n{_toml(device)}" for device in devices]
        self.config.write_text("\n".join(text))

    # -- its life --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it; returns when it says READY=1 to its service manager."""
        self.spawn()
        self.wait_ready()

    def spawn(self) -> None:
        """Start it and do not wait."""
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notes = []
        address = self.folder / "notify.sock"
        address.unlink(missing_ok=True)
        self._notify.bind(str(address))
        environment = {**os.environ, "NOTIFY_SOCKET": str(address), **self._environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._within, str(SCRIPTS / "terminald"), "--config", str(self.config)],
                env=environment,
                stderr=log,
            )

    def wait_ready(self) -> None:
        """Return when it has said READY=1."""
        wait_until(self._said_ready, timeout=60, what=f"READY=1; log:\n{self.tail()}")

    def _said_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"terminald ended with {self.process.returncode}:\n{self.tail()}")
        return any("READY=1" in each for each in self.listen())

    def listen(self) -> list[str]:
        """Return what it told its service manager so far; waits for half a second if there is nothing new."""
        patience_s = 0.5
        while select.select([self._notify], [], [], patience_s)[0]:
            self.notes.append(self._notify.recv(4096).decode())
            patience_s = 0
        return self.notes

    def wait_end(self) -> int:
        """Return its exit code when it has ended by itself."""
        assert self.process is not None
        code = self.process.wait(timeout=60)
        self._notify.close()
        return code

    def kill(self) -> None:
        """SIGKILL: what a power cut leaves is on the disk."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)
        self._notify.close()

    def stop(self) -> int:
        """SIGTERM; return its exit code."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(timeout=60)
        self._notify.close()
        return code

    @property
    def runs(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.runs:
            self.kill()

    def tail(self) -> str:
        """Return the end of its log."""
        return self.log.read_text()[-3000:] if self.log.exists() else ""

    # -- its control socket ----------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Ask its control socket.

        Raises:
            ConnectionError: Nobody answers, or not to the end.
        """
        connection = _UnixConnection(self._socket)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            connection.request(method, f"/v1/{path}", None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return httpx.Response(answer.status, content=answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionError(f"no answer: {error}") from error
        finally:
            connection.close()

    def do(self, verb: str, device: str = "", **args: object) -> httpx.Response:
        """Act on a simulated device; whether it was possible is in the answer."""
        return self.ask("POST", f"sim/{verb}", {"device": device, "args": args})

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``terminalctl`` with its configuration."""
        command = [*self._within, str(SCRIPTS / "terminalctl"), "--config", str(self.config), *arguments]
        environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "1000"}
        return subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def status(self) -> Any:
        """Return how it is."""
        return self.ask("GET", "status").json()

    def wait(self, what: str, **wanted: object) -> Any:
        """Return its status as soon as it holds *wanted*: ``phase="ready"``, ``devices__0__health="ok"``."""
        return wait_until(lambda: self._holding(wanted), timeout=60, what=f"{what}; log:\n{self.tail()}")

    def wait_works(self) -> Any:
        """Return its status as soon as it shows that it is ready, and every device works."""
        return wait_until(self._working, timeout=60, what=f"all devices; log:\n{self.tail()}")

    def _working(self) -> Any:
        status = self._holding({"screen__notice": "ready"})
        return status if status and all(each["health"] == "ok" for each in status["devices"]) else None

    def _holding(self, wanted: Mapping[str, object]) -> Any:
        status = self.status()
        for path, value in wanted.items():
            found = status
            for step in path.split("__"):
                found = found[int(step) if step.isdigit() else step]
            if found != value:
                return None
        return status

    def wait_delivered(self) -> Any:
        """Return its status when nothing is queued or being sent any more."""
        return self.wait("an empty queue", queue__queued=0, queue__sending=0)

    def reader(self) -> JournalReader:
        """Open its journal for reading; close it."""
        return JournalReader(self.journal)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("terminald", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _toml(table: Section) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in table.items())


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)
