"""Paper as a picture: what a printer of the configuration would print, saved as a PNG file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

import drivers
from drivers.contract import Picture
from drivers.errors import DeviceFault
from terminal.cli import common
from terminal.cli.errors import WrongUse
from terminal.core.paper import Document
from terminal.core.print_names import name_of
from terminal.settings import DeviceSettings, Settings

_F = TypeVar("_F", bound=Callable[..., Any])
_WIDTHS = {"58": "POS-5890", "80": "TM-T20II"}
"""A usual printer for each width of paper, by python-escpos's names: 384 and 576 dots."""

png_options = (
    click.option(
        "--png", metavar="FILE", required=True, type=click.Path(dir_okay=False), help="Where the picture goes."
    ),
    click.option("--force", is_flag=True, help="Overwrite FILE."),
)
_printer_options = (
    click.option("--entry", metavar="SEQ", type=click.IntRange(min=1), help="What was printed for this entry."),
    click.option("--device", metavar="NAME", help="Which printer, if there are several; else the first."),
    click.option("--profile", help="Another model than the configured one, as python-escpos calls it."),
    click.option("--width", type=click.Choice(list(_WIDTHS)), help="Paper of a usual printer, in mm."),
)


def png_option(command: _F) -> _F:
    """Let a command take --png and --force."""
    return _with(command, png_options)


def preview_options(command: _F) -> _F:
    """Let a command take what a preview takes: --png, --force, --entry, --device, --profile, --width."""
    return _with(command, (*png_options, *_printer_options))


def show(settings: Settings, documents: Sequence[Document], given: dict[str, Any]) -> None:
    """Save what *documents* look like on paper as *given* by the preview options, and say so.

    Raises:
        WrongUse: They cannot be printed there, or the file is there already.
    """
    printer, seen = _seen(settings, documents, given)
    save(Path(given["png"]), seen.png, force=given["force"])
    told = {"file": given["png"], "width": seen.width, "height": seen.height, "documents": len(documents)}
    if given["as_json"]:
        common.print_json(told)
    else:
        click.echo(said(told, f"as {printer} prints it"))


def said(told: dict[str, Any], how: str) -> str:
    """Return the sentence about a picture that was saved."""
    documents = "1 document" if told["documents"] == 1 else f"{told['documents']} documents"
    return f"{told['file']}: {documents}, {told['width']} x {told['height']} dots, {how}."


def save(path: Path, png: bytes, *, force: bool) -> None:
    """Write a picture into *path*.

    Raises:
        WrongUse: It is there already, and nobody has said that it may be overwritten.
    """
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(png)
    except FileExistsError:
        raise WrongUse(f"{path} is there already: name another file, or overwrite it by --force.") from None


def printed(settings: Settings, seq: int, wanted: Callable[[str], bool], what: str) -> list[Document]:
    """Return the documents on the books of entry *seq* whose names are *wanted*; *what* they are called.

    Raises:
        WrongUse: There are none.
    """
    from terminal.journal.reads import JournalReader  # noqa: PLC0415 - SQLite only where it is needed

    with JournalReader(common.journal_file(settings)) as reader:
        entry, papers = reader.entry_by_seq(seq), reader.papers(seq)
    if entry is None:
        raise WrongUse(f"There is no entry {seq} in the journal: terminalctl journal list")
    found = [document for release, document in papers if wanted(name_of(release))]
    if not found:
        raise WrongUse(f"No {what} was ever printed for entry {seq}: terminalctl journal show {seq}")
    return found


def _seen(settings: Settings, documents: Sequence[Document], given: dict[str, Any]) -> tuple[str, Picture]:
    """Return the printer, as a person calls it, and the picture of its paper."""
    device, name = _printer(settings, given)
    try:
        driver: Any = drivers.find(device.role, device.driver)
    except ImportError as error:
        raise WrongUse(f"The driver {device.driver!r} cannot be loaded: {error}.") from error
    if not hasattr(driver, "preview"):
        raise WrongUse(f"The driver {device.driver!r} cannot show its paper: choose a model by --profile.")
    try:
        seen: Picture = driver.preview(device.options, documents)
    except DeviceFault as error:
        raise WrongUse(f"On {name} this cannot be printed: {error.words.rstrip('.?')}.") from error
    return name, seen


def _printer(settings: Settings, given: dict[str, Any]) -> tuple[DeviceSettings, str]:
    """Return the printer that is meant, and what a person calls it."""
    if given["profile"] and given["width"]:
        raise click.UsageError("One of --profile and --width at a time.")
    profile = given["profile"] or _WIDTHS.get(given["width"] or "", "")
    printers = [device for device in settings.devices if device.role == "printer"]
    if given["device"] is not None:
        printers = [device for device in printers if device.name == given["device"]]
        if not printers:
            known = ", ".join(settings.named("printer")) or "none"
            raise WrongUse(f"There is no printer {given['device']!r} in the configuration; there are: {known}.")
    if not printers or profile:
        options: Any = drivers.find("printer", "escpos").Options
        chosen = options(port="file:///dev/null", profile=profile or "default")
        return DeviceSettings(name="", role="printer", driver="escpos", options=chosen), (
            f"a printer with the profile {chosen.profile}"
        )
    return printers[0], repr(printers[0].name)


def _with(command: _F, options: Sequence[Callable[[_F], _F]]) -> _F:
    for option in reversed(options):
        command = option(command)
    return command
