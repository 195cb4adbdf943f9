"""What a device cannot do, as a driver raises it; drivers/device.py turns it into health."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class DeviceError(Exception):
    """A device does not do what it should. *words*: one sentence for a technician, without secrets or UIDs."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class DeviceMissing(DeviceError):  # noqa: N818 - the base says that it is an error
    """It is not there: unplugged, no such port, switched off."""


class DeviceFault(DeviceError):  # noqa: N818 - the base says that it is an error
    """It is there, but it does not work: wrong model, jammed, refused, its library is not installed."""


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Import vendor libraries inside this, so that a missing one becomes a DeviceFault that says what to do."""
    try:
        yield
    except ImportError as error:
        what = error.name or str(error)
        raise DeviceFault(
            f"the Python library {what} cannot be imported: pip install 'terminald[{extra}]'"
        ) from error


def words_of(error: Exception) -> str:
    """Return *error* as one sentence for a technician."""
    if isinstance(error, DeviceError):
        return error.words
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__
