"""pyscard's raw calls, loaded so that the process can end."""

from __future__ import annotations

import sys
from types import ModuleType


def load() -> ModuleType:
    """Return ``smartcard.scard``.

    What SWIG wraps is torn down when the interpreter ends, and with SWIG 4.3.0 under Python 3.13 (Debian 13)
    that crashes: ``SWIG_Python_DestroyModule`` makes new objects when none can be made any more. A daemon that
    has stopped cleanly would be a crashed one to systemd. So its capsule is kept from ever being freed.

    Raises:
        ImportError: pyscard is not installed.
    """
    loaded = "smartcard.scard" in sys.modules
    from smartcard import scard  # noqa: PLC0415 - only who has such a reader needs the library

    if not loaded:
        _keep_for_ever()
    library: ModuleType = scard
    return library


def _keep_for_ever() -> None:
    import ctypes  # noqa: PLC0415 - 10 ms, for who has such a reader

    for name, module in sys.modules.items():
        capsule = getattr(module, "type_pointer_capsule", None)
        if name.startswith("swig_runtime_data") and capsule is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(capsule))
