"""Z reports for a bookkeeper's spreadsheet or program: `report export`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import click

from terminal.cli import common
from terminal.cli.export import Record, counted, form_option, moment_ms, since_option, tell
from terminal.core import report_rows


@click.command(
    epilog=common.examples(
        "terminalctl report export > reports.csv",
        "terminalctl report export --what groups --since 2026-05-01 > groups.csv",
        "terminalctl report export --what vat --format json",
    )
)
@click.option(
    "--what",
    type=click.Choice(list(report_rows.TABLES)),
    default="reports",
    show_default=True,
    help="One row for each report, with its sums; or one for each of its product groups, VAT rates, ways of "
    "paying, kinds of coins and notes that came in, devices that paid out, boxes emptied, boxes at the "
    "end, hoppers and tubes at the end.",
)
@form_option
@since_option
@common.config_option
def export(what: str, form: str, since: datetime | None) -> None:
    """Print the Z reports for a spreadsheet or program, oldest first; amounts are whole cents.

    Every row has the number of its report. Works beside the running daemon and without it.
    """
    from terminal.journal.reads import JournalReader  # noqa: PLC0415 - SQLite only where it is needed

    settings = common.settings()
    currency = settings.terminal.currency
    since_ms = moment_ms(since)

    def records() -> Iterator[Record]:
        for report in counted(reader.each_report(since_ms), bar):
            for row in report_rows.rows(report, what):
                yield {**row, "currency": currency}

    with (
        JournalReader(common.journal_file(settings)) as reader,
        common.progress(reader.count_reports(since_ms), "exporting") as bar,
    ):
        tell(form, [*report_rows.fields(what), "currency"], records())
