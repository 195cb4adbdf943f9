"""A slower disk: a library in front of fsync and fdatasync that counts each call and makes it last longer.

It is preloaded (ld.so(8), LD_PRELOAD) into this process or one that it starts, compiled at run time by `cc`.
Delay and count lie in a file that both sides map, so that the delay can be changed while a process runs.
"""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct shared { volatile uint64_t delay_ns, syncs; };
static struct shared none, *shared = &none;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("BENCH_SYNCS");
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd < 0) return;
    void *at = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) shared = at;
    close(fd);
}

static int slowly(const char *name, int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int found = real(fd);
    __atomic_add_fetch(&shared->syncs, 1, __ATOMIC_SEQ_CST);
    uint64_t ns = shared->delay_ns;
    struct timespec pause = {ns / 1000000000, ns % 1000000000};
    if (ns) clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, 0);
    return found;
}

int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
"""

_LAYOUT = struct.Struct("QQ")
_LIBRARY, _MAP = "LD_PRELOAD", "BENCH_SYNCS"


class Syncs:
    """The syncs of one process: how many there were, and how much longer each takes."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_LAYOUT.size))
        self.path = path
        with path.open("r+b") as stream:
            self._map = mmap.mmap(stream.fileno(), _LAYOUT.size)

    def slow_down(self, ms: float) -> None:
        """Make each sync last *ms* milliseconds longer from now on."""
        self._map[:8] = struct.pack("Q", round(ms * 1_000_000))

    @property
    def count(self) -> int:
        """How many there were."""
        return int(_LAYOUT.unpack(self._map[:])[1])


def build(folder: Path) -> Path:
    """Compile the library in *folder*, and return it.

    Raises:
        RuntimeError: There is no C compiler, or it refuses.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("no C compiler (cc): install gcc; it makes the disk slow and counts its syncs")
    source, library = folder / "syncs.c", folder / "syncs.so"
    source.write_text(_SOURCE)
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the C compiler failed: {done.stderr.strip()}")
    return library


def environment(library: Path, syncs: Syncs) -> dict[str, str]:
    """Return the variables of a process whose syncs are *syncs*."""
    return {_LIBRARY: str(library), _MAP: str(syncs.path)}


def run_again(library: Path, syncs: Syncs, arguments: list[str]) -> None:
    """Start this program anew in this process, under the library."""
    os.execve(  # noqa: S606 - this very program
        sys.executable,
        [sys.executable, "-m", "tests.bench", *arguments],
        {**os.environ, **environment(library, syncs)},
    )


def own() -> Syncs:
    """Return the syncs of this process; processes that it starts are spared the library."""
    syncs = Syncs(Path(os.environ.pop(_MAP)))
    os.environ.pop(_LIBRARY)
    return syncs


def is_under() -> bool:
    """Return whether this process runs under the library."""
    return _MAP in os.environ
