"""A small file system of its own, that can be filled and turned read-only while a daemon uses it.

It is a tmpfs in a mount namespace of its own, so that nobody else sees it and nothing of it stays: as root by
unshare(1) alone, as an ordinary user with a user namespace too. Start what is to use it by ``disk.within``.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.support import needs

_HOLD = 'mount -t tmpfs -o "size=$1,mode=0777" tmpfs "$0" && echo mounted && exec cat'

# As root, or as anybody who may make user namespaces: options of unshare(1), and of nsenter(1) to come in.
_WAYS = (((), ()), (("--user", "--map-root-user"), ("--user", "--preserve-credentials")))


class SmallDisk:
    """A file system of *size* bytes at *folder*, for those within it only."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        folder.mkdir()
        self._nsenter = needs.program("nsenter", "util-linux")
        said = ""
        for mine, theirs in _WAYS:
            self._users = theirs
            self._holder = self._hold(mine, size)
            assert self._holder.stdout is not None
            if self._holder.stdout.readline() == b"mounted\n":
                return
            said = self._holder.communicate(timeout=30)[1].decode().strip()
        needs.missing(f"no file system may be mounted here ({said}): run as root")

    def _hold(self, options: Sequence[str], size: int) -> subprocess.Popen[bytes]:
        command = [needs.program("unshare", "util-linux"), "--mount", *options]
        command += ["sh", "-c", _HOLD, str(self.folder), str(size)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)

    @property
    def within(self) -> list[str]:
        """What a command begins with that is to see the disk."""
        return [self._nsenter, f"--target={self._holder.pid}", "--mount", "--root", "--wd", *self._users, "--"]

    @property
    def inside(self) -> Path:
        """Where the disk is for those who are not within."""
        return Path(f"/proc/{self._holder.pid}/root") / self.folder.relative_to("/")

    def fill(self) -> None:
        """Take every byte that is left."""
        with (self.inside / "filler").open("ab", buffering=0) as filler:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Give back what fill() took."""
        (self.inside / "filler").unlink()

    def remount(self, how: str) -> None:
        """Turn it read-only (``ro``, as the kernel does with a failing card) or writable again (``rw``)."""
        command = [*self.within, "mount", "-o", f"remount,{how}", str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)

    def close(self) -> None:
        """Unmount it: it goes with the last one within."""
        self._holder.communicate(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
