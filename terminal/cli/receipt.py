"""`receipt preview`: a receipt as it comes out of the printer, as a picture."""

from __future__ import annotations

from typing import Any

import click

from terminal.cli import common, pictures, samples
from terminal.core.print_names import is_ticket


@click.group()
def receipt() -> None:
    """Receipts that the terminal prints."""


@receipt.command(
    epilog=common.examples(
        "terminalctl receipt preview --png receipt.png",
        "terminalctl receipt preview --png receipt.png --force --profile TM-T88V",
        "terminalctl receipt preview --png sold.png --entry 17       what was printed for entry 17",
    )
)
@pictures.preview_options
@common.config_option
@common.json_option
def preview(**given: Any) -> None:
    """Draw a receipt as the configured printer prints it, dot by dot, from the bytes that it would get.

    Without --entry it is an example, by the configured head, language and prices. With it, it is the receipt,
    and the voucher if there was one, of an entry of the journal. Needs no daemon.
    """
    settings = common.settings()
    if given["entry"] is None:
        documents = [samples.receipt(settings.job())]
    else:
        documents = pictures.printed(
            settings, given["entry"], lambda name: not is_ticket(name), "receipt or voucher"
        )
    pictures.show(settings, documents, given)
