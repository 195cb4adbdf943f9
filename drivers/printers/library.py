"""python-escpos, imported late and without what its import does beside importing.

Importing it (3.1) adds a handler to the root logger, leaves an empty folder in the system's temporary folder,
and reads its data base of printers with a slow YAML parser, or unpickles it from a folder that must then be
guarded for ever. Here the data base, which is JSON, is read as JSON and handed over through a private folder
that exists only while the library is imported.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import pickle
import platform
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

_PICKLES = "ESCPOS_CAPABILITIES_PICKLE_DIR"
_importing = threading.Lock()


def printer() -> ModuleType:
    """Return the module ``escpos.printer``.

    Raises:
        ImportError: python-escpos is not installed.
    """
    with _importing:
        return _imported("escpos.printer")


def profiles() -> dict[str, dict[str, Any]]:
    """Return the library's data base of printers, by profile name.

    Raises:
        ImportError: python-escpos is not installed.
    """
    return _data("profiles")


def encodings() -> dict[str, dict[str, Any]]:
    """Return what the library knows of code pages, by their names.

    Raises:
        ImportError: python-escpos is not installed.
    """
    return _data("encodings")


def _data(what: str) -> dict[str, dict[str, Any]]:
    with _importing:
        found: dict[str, dict[str, Any]] = _imported("escpos.capabilities").CAPABILITIES[what]
    return found


def _imported(name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    with tempfile.TemporaryDirectory(prefix="terminald-escpos-") as scratch:
        _prepare(Path(scratch))
        with _pickles_in(scratch), _folders_in(scratch), _log_handlers_kept():
            return importlib.import_module(name)


def _prepare(scratch: Path) -> None:
    source = resources.files("escpos") / "capabilities.json"
    if source.is_file():
        data = pickle.dumps(json.loads(source.read_text("utf-8")))
        (scratch / f"{platform.python_version()}.capabilities.pickle").write_bytes(data)


@contextmanager
def _pickles_in(scratch: str) -> Iterator[None]:
    before = os.environ.get(_PICKLES)
    os.environ[_PICKLES] = scratch
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PICKLES]
        else:
            os.environ[_PICKLES] = before


@contextmanager
def _folders_in(scratch: str) -> Iterator[None]:
    """Give *scratch* to this thread's mkdtemp() calls; other threads get what they always get."""
    make, thread = tempfile.mkdtemp, threading.get_ident()

    def mkdtemp(*args: Any, **kwargs: Any) -> Any:
        return scratch if threading.get_ident() == thread else make(*args, **kwargs)

    tempfile.mkdtemp = mkdtemp
    try:
        yield
    finally:
        tempfile.mkdtemp = make


@contextmanager
def _log_handlers_kept() -> Iterator[None]:
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        yield
    finally:
        for handler in [handler for handler in root.handlers if handler not in before]:
            root.removeHandler(handler)
