"""A Raspberry Pi made of a folder: its files, and what its programs would say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from terminal.doctor import Disk, Finding, Hidden, Node, Ran, Status, System, examine
from terminal.doctor.examine import CHECKS
from tests.support.usb_folder import UsbFolder

ROOT = Path(__file__).parents[2]
MODEL = "Raspberry Pi 4 Model B Rev 1.4"
GIDS = {"root": 0, "tty": 5, "lp": 7, "dialout": 20, "plugdev": 46, "input": 104, "gpio": 997, "terminal": 990}
UID = 991

HEAD = """
[terminal]
id = "coffee-1"
job = "vending"

[journal]
path = "/var/lib/terminald/journal.db"

[control]
socket = "/run/terminald/control.sock"

[backends.main]
type = "pointofsale"
url = "https://pos.example.org/"
{place}

[roles]
wallet = "main"

[[devices]]
name = "reader"
role = "reader"
driver = "simulated"

[[devices]]
name = "machine"
role = "release"
driver = "simulated"
"""


class FalsePi(System):
    """A healthy machine with the terminal installed; a test then makes one thing wrong."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, {})
        self.owners: dict[str, Node] = {}
        self.hidden: set[str] = set()
        self.ran = {"systemctl is-active terminald.service": Ran(0, "active")}
        self.packages: dict[str, str] = {}
        self.missing_modules: set[str] = set()
        self.sockets: set[str] = set()
        self.room = Disk(5_000_000_000, 30_000_000_000, 1_000_000, 2_000_000, read_only=False)
        self.version: tuple[int, ...] = (3, 40, 1)
        self.unreachable = ""
        self.dialled: list[tuple[str, int, bool]] = []
        self.user = 0
        self.config = root / "terminal.toml"
        self._install()

    def _install(self) -> None:
        users = [
            "root:x:0:0:root:/root:/bin/bash",
            f"terminal:x:{UID}:990::/var/lib/terminald:/usr/sbin/nologin",
        ]
        users.append("pi:x:1000:1000::/home/pi:/bin/bash")
        self.write("/etc/passwd", "\n".join(users) + "\n")
        self.write("/etc/group", "".join(f"{name}:x:{gid}:\n" for name, gid in GIDS.items()))
        self.write("/etc/systemd/system/terminald.service", (ROOT / "systemd/terminald.service").read_text())
        self.write("/etc/systemd/system/multi-user.target.wants/terminald.service", "")
        self.write("/proc/cmdline", "console=tty1 root=PARTUUID=1 rootwait")
        self.write("/proc/device-tree/model", MODEL + "\0")
        self.write("/proc/sys/kernel/osrelease", "6.12.25+rpt-rpi-v8\n")
        self.write("/run/systemd/timesync/synchronized", "")
        self.write("/sys/devices/platform/soc/soc:firmware/get_throttled", "0\n")
        self.write("/sys/class/thermal/thermal_zone0/temp", "48312\n")
        self.write("/etc/terminal/pos-token", "a-secret\n", 0o400)
        self.write("/var/lib/terminald/.keep", "")
        self.own("/var/lib/terminald", 0o700, UID, GIDS["terminal"])
        self.usb = UsbFolder(self.path("/sys/bus/usb/devices"))
        self.configure()

    # -- making it -------------------------------------------------------------------------------------

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def device_file(self, path: str, group: str = "dialout", mode: int = 0o660) -> None:
        self.write(path, "")
        self.own(path, mode, 0, GIDS[group])

    def own(self, path: str, mode: int, uid: int, gid: int) -> None:
        """Let a file belong to somebody: who runs the tests may give nothing away."""
        self.owners[path] = Node(mode, uid, gid, plain=True)

    def configure(self, *devices: str, place: str = 'credential = "pos-token"', more: str = "") -> None:
        """Write the configuration; *place*: where the server's secret stands."""
        blocks = [f"[[devices]]\n{device}\n" for device in devices]
        self.config.write_text(HEAD.replace("{place}", place) + "\n".join(blocks) + more)

    # -- what a folder cannot be -----------------------------------------------------------------------

    def node(self, path: str) -> Node | None:
        if path in self.hidden:
            raise Hidden(path)
        found = super().node(path)
        return self.owners.get(path, found) if found else None

    def read(self, path: str) -> str | None:
        if path in self.hidden:
            raise Hidden(path)
        return super().read(path)

    def readable(self, path: str) -> bool:
        return path not in self.hidden and super().readable(path)

    def may_list(self, path: str) -> bool:
        return path not in self.hidden

    def run(self, *command: str) -> Ran | None:
        return self.ran.get(" ".join(command))

    def installed(self, package: str) -> str | None:
        return self.packages.get(package)

    def has_module(self, name: str) -> bool:
        return name not in self.missing_modules

    def answers(self, path: str, within_s: float = 3.0) -> bool:
        return path in self.sockets

    def disk(self, path: str) -> Disk | None:
        return self.room

    def dial(self, host: str, port: int, *, tls: bool, ca_file: str = "", within_s: float = 5.0) -> str:
        self.dialled.append((host, port, tls))
        return self.unreachable

    @property
    def python(self) -> str:
        return "/opt/terminald/bin/python"

    @property
    def sqlite(self) -> tuple[int, ...]:
        return self.version

    @property
    def uid(self) -> int:
        return self.user

    # -- looking ---------------------------------------------------------------------------------------

    def look(self, *names: str) -> list[Finding]:
        """Run the checks of these names."""
        known: Sequence[Any] = [each for each in CHECKS if each[0] in names]
        assert len(known) == len(names)
        return examine(self, str(self.config), known, within_s=60)

    def one(self, name: str) -> Finding:
        """Run one check that has one finding."""
        (finding,) = self.look(name)
        return finding

    def wrong(self, *names: str) -> list[Finding]:
        """Return what is not well among the findings of these checks."""
        return [each for each in self.look(*names) if each.status is not Status.OK]
