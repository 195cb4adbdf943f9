"""What a scanner reads from paper: zbarimg, a program by others, looks at the pictures."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

from drivers.printers.paper.drawing import draw
from drivers.printers.paper.sheet import Sheet
from tests.support import needs

MARGIN = 24
"""White dots beside what is printed: paper is wider than the print head."""

_AT_ONCE = 25
_SPACE = "{http://zbar.sourceforge.net/2008/barcode}"


def scanned(sheet: Sheet, folder: Path) -> set[str]:
    """Return what stands in the codes on one paper, as ``KIND:data``."""
    return scan([sheet], folder)[0]


def scan(sheets: Iterable[Sheet], folder: Path) -> list[set[str]]:
    """Return what stands in the codes on each of the papers; few calls, for each starts a program."""
    paths = []
    for number, sheet in enumerate(sheets):
        path = folder / f"paper-{number:04d}.png"
        draw(sheet, MARGIN).save(path)
        paths.append(path)
    found: dict[str, set[str]] = {}
    for at in range(0, len(paths), _AT_ONCE):
        found |= _scan(paths[at : at + _AT_ONCE])
    return [found.get(str(path), set()) for path in paths]


def _scan(paths: list[Path]) -> dict[str, set[str]]:
    written = _zbarimg("--xml", *map(str, paths))
    found: dict[str, set[str]] = {}
    for source in ET.fromstring(written).iter(f"{_SPACE}source"):  # noqa: S314 - by a program of this machine
        path = source.attrib["href"]
        found[path] = {
            f"{symbol.attrib['type']}:{_content(symbol, path)}" for symbol in source.iter(f"{_SPACE}symbol")
        }
    return found


def _content(symbol: ET.Element, path: str) -> str:
    """Return what a symbol holds; where it is not ASCII the program guesses, so it is asked for the bytes."""
    (data,) = symbol.iter(f"{_SPACE}data")
    if data.get("format") != "base64":
        return data.text or ""
    return _zbarimg("--raw", "-Sdisable", "-Sqrcode.enable", "-Sbinary", path).decode()


def _zbarimg(*arguments: str) -> bytes:
    program = [needs.program("zbarimg"), "-q", *arguments]
    return subprocess.run(program, capture_output=True, check=False).stdout
