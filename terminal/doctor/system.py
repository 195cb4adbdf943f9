"""The machine, as the checks see it: files, permissions, programs, packages. Reads only, within time limits."""

from __future__ import annotations

import glob
import os
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from terminal.core.value import Value

_MOST = 1_000_000  # bytes of a file that is read
_PROGRAM_S = 5.0


class Hidden(Exception):  # noqa: N818 - what it is, not that it is an error
    """Who runs this may not look at *path*."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Node(Value, frozen=True):
    """A file: its permissions, its owners, and whether it is a plain one."""

    mode: int
    uid: int
    gid: int
    plain: bool


class Ran(Value, frozen=True):
    """How a program ended, and what it said."""

    code: int
    out: str


class Disk(Value, frozen=True):
    """Room on a disk. *inodes*: how many files it can hold; 0: as many as there is room for."""

    free: int
    total: int
    inodes_free: int
    inodes: int
    read_only: bool


class System:
    """This machine. A test makes one of a folder, and overrides what a folder cannot be.

    Args:
        root: The folder that all paths are in.
        env: The environment.
    """

    def __init__(self, root: Path = Path("/"), env: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.env: Mapping[str, str] = os.environ if env is None else env

    # -- files -----------------------------------------------------------------------------------------

    def path(self, path: str) -> Path:
        """Return where the file *path* of the machine is."""
        return self.root / path.lstrip("/")

    def read(self, path: str) -> str | None:
        """Return the text of a file; None: there is none, or it cannot be read as one.

        Raises:
            Hidden: It is there, and may not be read.
        """
        try:
            with self.path(path).open("rb") as file:
                return file.read(_MOST).decode(errors="replace")
        except PermissionError:
            raise Hidden(path) from None
        except OSError:
            return None

    def node(self, path: str) -> Node | None:
        """Return what a file is, links followed; None: there is none.

        Raises:
            Hidden: It may not be looked at.
        """
        try:
            found = self.path(path).stat()
        except PermissionError:
            raise Hidden(path) from None
        except OSError:
            return None
        return Node(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, stat.S_ISREG(found.st_mode))

    def names(self, pattern: str) -> list[str]:
        """Return the paths of the files that fit *pattern*, in order."""
        inside = glob.escape(str(self.root)).rstrip("/")
        found = glob.glob(f"{inside}/{pattern.lstrip('/')}")  # noqa: PTH207 - with a folder in front of an absolute pattern
        cut = len(str(self.root).rstrip("/"))
        return sorted(path[cut:] for path in found)

    def readable(self, path: str) -> bool:
        """Return whether who runs this may read a file."""
        return os.access(self.path(path), os.R_OK)

    def may_list(self, path: str) -> bool:
        """Return whether the files in a folder can be seen."""
        return os.access(self.path(path), os.R_OK | os.X_OK)

    def target(self, path: str) -> str:
        """Return the name of what *path* leads to, links followed: ``ttyAMA0`` for /dev/serial0."""
        return self.path(path).resolve().name

    def disk(self, path: str) -> Disk | None:
        """Return the room on the disk of *path*, or of the nearest folder above it that is there."""
        place = self.path(path)
        while not place.exists() and place != place.parent:
            place = place.parent
        try:
            found = os.statvfs(place)
        except OSError:
            return None
        return Disk(
            free=found.f_bavail * found.f_frsize,
            total=found.f_blocks * found.f_frsize,
            inodes_free=found.f_favail,
            inodes=found.f_files,
            read_only=bool(found.f_flag & os.ST_RDONLY),
        )

    # -- programs and packages -------------------------------------------------------------------------

    def run(self, *command: str) -> Ran | None:
        """Run a program that changes nothing; None: there is none, or it does not answer."""
        try:
            done = subprocess.run(  # noqa: S603 - fixed commands of the checks
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_PROGRAM_S,
                check=False,
                env={**self.env, "LC_ALL": "C"},
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return Ran(done.returncode, done.stdout.decode(errors="replace").strip())

    def installed(self, package: str) -> str | None:
        """Return the version of a Python package; None: it is not installed."""
        from importlib import metadata  # noqa: PLC0415 - 30 ms

        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return None

    def has_module(self, name: str) -> bool:
        """Return whether a Python module could be imported; it is not."""
        from importlib.util import find_spec  # noqa: PLC0415 - as above

        return find_spec(name) is not None

    @property
    def python(self) -> str:
        """The interpreter that packages are to be installed for."""
        return sys.executable

    @property
    def sqlite(self) -> tuple[int, ...]:
        """SQLite's version."""
        return sqlite3.sqlite_version_info

    @property
    def uid(self) -> int:
        """Who runs this."""
        return os.geteuid()

    # -- sockets ---------------------------------------------------------------------------------------

    def answers(self, path: str, within_s: float = 3.0) -> bool:
        """Return whether somebody listens on a Unix socket.

        Raises:
            Hidden: It may not be used.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(within_s)
            try:
                probe.connect(str(self.path(path)))
            except PermissionError:
                raise Hidden(path) from None
            except OSError:
                return False
            return True

    def dial(self, host: str, port: int, *, tls: bool, ca_file: str = "", within_s: float = 5.0) -> str:
        """Connect to a server and hang up; return why that failed, in a few words; empty: it did not."""
        try:
            with socket.create_connection((host, port), within_s) as connection:
                if tls:
                    context = ssl.create_default_context(cafile=ca_file or None)
                    context.wrap_socket(connection, server_hostname=host).close()
        except socket.gaierror as error:
            return f"its name {host} is not known ({error.strerror})"
        except ssl.SSLCertVerificationError as error:
            return f"its certificate is not accepted: {error.verify_message}"
        except TimeoutError:
            return f"no answer within {within_s:g} s"
        except OSError as error:
            return error.strerror or str(error)
        return ""
