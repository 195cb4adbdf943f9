"""The reader that types like a keyboard: under umockdev, and what umockdev cannot do."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from drivers.device import DeviceFault, DeviceMissing
from drivers.readers import hid
from drivers.readers.hid import HidOptions, HidReader
from terminal.core.events import DeviceChanged, Health
from tests.support import needs
from tests.support.waiting import Inbox

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
INSIDE = "tests/drivers/hid_under_umockdev.py"
RECORDING = "test_a_recording_of_a_reader_is_read"


def run_inside(*arguments: str, words: str) -> str:
    """Run the proofs of INSIDE that *words* choose, in a process whose /dev and sysfs are umockdev's."""
    umockdev = needs.program("umockdev-run")
    device = ["--device", str(HERE / "recordings/wedge.umockdev")]
    pytest_inside = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", INSIDE, "-k", words]
    done = subprocess.run(
        [umockdev, *device, *arguments, "--", *pytest_inside],
        check=False, capture_output=True, text=True, cwd=ROOT, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_contract_of_readers_on_a_keyboard_of_umockdev() -> None:
    shown = run_inside(words=f"not {RECORDING}")
    assert " passed" in shown
    assert "skipped" not in shown


def test_a_recorded_reader_is_read() -> None:
    events = HERE / "recordings/wedge.events"
    assert "1 passed" in run_inside("--evemu-events", f"/dev/input/event0={events}", words=RECORDING)


def test_a_reader_that_another_program_holds_is_not_shared() -> None:
    """What is typed must not land elsewhere too: without the grab there is no reader."""
    words = hid._not_grabbed("/dev/input/by-id/usb-X-event-kbd", OSError(errno.EBUSY, os.strerror(errno.EBUSY)))
    assert isinstance(words, DeviceFault)
    assert "grabbed by another program" in words.words
    assert isinstance(hid._not_grabbed("x", OSError(errno.ENODEV, "No such device")), DeviceMissing)


def test_what_is_no_keyboard_is_a_fault_and_left_alone(tmp_path: Path) -> None:
    """A FIFO here stands for any other device: the kernel itself refuses the grab."""
    path = tmp_path / "not-a-keyboard"
    os.mkfifo(path)
    inbox = Inbox()
    reader = HidReader("front reader", HidOptions(device=str(path)), inbox.put)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(DeviceFault, match=f"{path} is no input device"):
        reader._open()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    reader.start()
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    reader.stop()
    assert inbox.of(DeviceChanged)[0].health is Health.FAILED


def test_a_keyboard_that_may_not_be_opened_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(hid.os, "open", refuse)
    with pytest.raises(DeviceFault, match="user to the group input"):
        hid._grabbed("/dev/input/by-id/usb-X-event-kbd")


def test_without_keyboards_nothing_is_proposed_and_the_words_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hid, "KEYBOARDS", tmp_path)
    assert HidReader.scan() == []
    with pytest.raises(
        DeviceMissing, match=f"there is no /dev/input/none; there are: no keyboards in {tmp_path}"
    ):
        hid._grabbed("/dev/input/none")
    (tmp_path / "usb-X-event-mouse").touch()
    (tmp_path / "usb-X-event-kbd").touch()
    assert [found.options for found in HidReader.scan()] == [{"device": str(tmp_path / "usb-X-event-kbd")}]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "device"),
        ({"form": "hex", "digits": 7}, "two hex digits are a byte"),
        ({"bytes": 6}, "bytes"),
        ({"form": "octal"}, "form"),
        ({"silence_ms": 5}, "silence_ms"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong: dict[str, object], words: str) -> None:
    given = {"device": "/dev/input/by-id/usb-X-event-kbd", **wrong} if wrong else {}
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(given, HidOptions)
