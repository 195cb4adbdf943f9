"""A private pcscd with the virtual reader (vpcd), on a socket and ports of its own.

Any number can run at a time, beside the machine's own, as root or as an ordinary user. The socket is handed
over as systemd does it (sd_listen_fds(3): descriptor 3, LISTEN_FDS, LISTEN_PID); clients find it by the
environment variable PCSCLITE_CSOCK_NAME: give ``daemon.env`` to the processes under test. A client in the
test's own process can know only one socket in its life (libpcsclite remembers the first): ``OWN_SOCKET``.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from tests.support import needs
from tests.support.waiting import wait_until

VARIABLE = "PCSCLITE_CSOCK_NAME"

OWN_SOCKET = Path(tempfile.gettempdir()) / f"terminal-tests-{os.getpid()}.pcscd"
"""Where PC/SC clients in the test's own process look; tests/conftest.py sees to that."""

_HAND_OVER = 'exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$0" "$@"'

_TAKEN = "Address already in use"  # what vpcd says of its port; pcscd then runs on without the reader

# Below the ephemeral ports (32768 on Linux), so that a card that waits for its reader never meets itself.
_PORTS = range(20_000, 32_000, 2)


class PcscDaemon:
    """A pcscd of its own. ``with PcscDaemon() as daemon`` starts it and stops it.

    Attributes:
        socket: Path of its socket.
        port: Where a card for the first virtual reader connects; the second one's is ``port + 1``.

    Args:
        socket_path: Where its socket shall be.
        name: What the readers are called; pcscd puts " 00 00" and " 00 01" after it.
    """

    def __init__(self, socket_path: Path | None = None, name: str = "Virtual PCD") -> None:
        self._name = name
        self._program, self._driver = needs.virtual_reader()
        self._folder = Path(tempfile.mkdtemp(prefix="pcscd-"))
        self.socket = socket_path or self._folder / "pcscd.sock"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """What a process needs in its environment to be a client."""
        return {VARIABLE: str(self.socket)}

    def start(self, *, readers: bool = True) -> None:
        """Start it, with the two virtual readers or with none (unplugged); returns when it is ready."""
        if self._process is not None:
            raise RuntimeError("pcscd runs already")
        for _ in range(10):
            self._configure(readers=readers)
            self._spawn()
            if self._ready(readers=readers):
                return
            self.kill()
            self.port = 0  # somebody was quicker to take it
        raise RuntimeError(f"pcscd does not start: {self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        """Stop it as systemd would."""
        self._end(signal.SIGTERM)
        self.socket.unlink(missing_ok=True)

    def kill(self) -> None:
        """Kill it: its socket stays behind, and nobody listens."""
        self._end(signal.SIGKILL)

    def restart(self, *, readers: bool = True) -> None:
        """Stop it and start it again, on the same socket and ports."""
        self.stop()
        self.start(readers=readers)

    def close(self) -> None:
        """Stop it and remove its files."""
        self.stop()
        shutil.rmtree(self._folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _configure(self, *, readers: bool) -> None:
        self.port = self.port or _free_pair()
        folder = self._folder / "readers"
        folder.mkdir(exist_ok=True)
        (folder / "vpcd").write_text(
            f'FRIENDLYNAME "{self._name}"\nDEVICENAME /dev/null:{self.port:#x}\n'
            f"LIBPATH {self._driver}\nCHANNELID {self.port:#x}\n"
            if readers
            else "# no reader is plugged in\n"
        )

    def _spawn(self) -> None:
        self.socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener, self._log.open("wb") as log:
            listener.bind(str(self.socket))
            listener.listen(16)
            self._process = subprocess.Popen(
                [
                    "/bin/sh",
                    "-c",
                    _HAND_OVER,
                    self._program,
                    "--foreground",
                    "--config",
                    self._folder / "readers",
                    *_without_polkit(self._program),
                ],
                stdin=listener,
                stdout=log,
                stderr=log,
            )

    def _ready(self, *, readers: bool) -> bool:
        process = self._process
        assert process is not None
        if not readers:
            return process.poll() is None
        ports = (self.port, self.port + 1)
        wait_until(
            lambda: (
                process.poll() is not None or _listens(process.pid, ports) or _TAKEN in self._log.read_text()
            ),
            what="pcscd to open the virtual readers",
        )
        return process.poll() is None and _listens(process.pid, ports)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _without_polkit(program: str) -> list[str]:
    """Return the option that lets anybody use the private daemon, where this build has polkit (Debian 13)."""
    said = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    return ["--disable-polkit"] if "--disable-polkit" in said.stdout + said.stderr else []


def _free_pair() -> int:
    """Return a port that is free, and the next one too."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("0.0.0.0", port))  # noqa: S104 - where vpcd will listen
                second.bind(("0.0.0.0", port + 1))  # noqa: S104
            except OSError:
                continue
            return port


def _listens(pid: int, ports: tuple[int, ...]) -> bool:
    """Whether process *pid* itself listens on all *ports*. To connect would be to insert a card."""
    inodes, owners = {}, {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *rest = line.split()
        if state == "0A":  # TCP_LISTEN, linux include/net/tcp_states.h
            port = int(local.partition(":")[2], 16)
            inodes[port], owners[port] = rest[5], int(rest[3])
    try:
        open_files = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    except FileNotFoundError:  # it ended, or just closed one
        return False
    except PermissionError:  # a pcscd with file capabilities: only its owner shows
        return all(owners.get(port) == os.geteuid() for port in ports)
    return all(f"socket:[{inodes.get(port)}]" in open_files for port in ports)
