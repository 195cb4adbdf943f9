"""Run the measurements: every goal beside its baseline, taken in turns in one run.

    make bench                                   all, in some minutes
    python -m tests.bench --only append,drain    some
    python -m tests.bench --quick                a short look: the numbers say little
    python -m tests.bench --full                 a million sales (many minutes)

Exit code 0: everything was measured, whether or not a goal is missed (--strict: and none is); 1: not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.bench import codes, coins, drain, journal, latency, memory, polling, printing, process, readers, shim
from tests.bench.plan import Plan
from tests.bench.report import Row, as_json, table

MEASURES = {
    "append": journal.append,
    "flat": journal.flat,
    "acknowledge": journal.acknowledge,
    "beside": drain.tap_beside_a_drain,
    "drain": drain.drain,
    "tap": latency.tap_to_relay,
    "coin": coins.coin_to_journal,
    "hang": latency.hanging_server,
    "sale": latency.cost_of_a_sale,
    "start": process.start,
    "idle": process.idle,
    "memory": memory.memory,
    **readers.MEASURES,
    **printing.MEASURES,
    **codes.MEASURES,
    **polling.MEASURES,
}


def main() -> int:
    """Measure what the command line asks for."""
    options = _parser().parse_args()
    unknown = [name for name in options.only if name not in MEASURES]
    if unknown:
        sys.stderr.write(f"no measure {unknown[0]!r}; there are: {', '.join(MEASURES)}\n")
        return 2
    if not shim.is_under():
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=options.folder))
        try:
            library = shim.build(folder)
        except RuntimeError as error:
            sys.stderr.write(f"{error}\n")
            shutil.rmtree(folder)
            return 1
        shim.run_again(library, shim.Syncs(folder / "own"), sys.argv[1:])
    folder = Path(os.environ["BENCH_SYNCS"]).parent
    try:
        return _measure(
            options, Plan(folder, shim.own(), real=bool(options.folder), quick=options.quick, full=options.full)
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(options: argparse.Namespace, plan: Plan) -> int:
    rows: list[Row] = []
    failed = []
    # An installed terminal has its bytecode: what is started here gets it at its first start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(plan.folder / "bytecode")
    begun = time.monotonic()
    for name in options.only or MEASURES:
        sys.stderr.write(f"[{time.monotonic() - begun:4.0f} s] {name}\n")
        try:
            rows += MEASURES[name](plan)
        except Exception:  # noqa: BLE001 - one measurement that fails must not cost the others
            traceback.print_exc()
            failed.append(name)
    sys.stdout.write(f"{as_json(rows) if options.json else table(rows)}\n")
    missed = sum(row.met is False for row in rows)
    sys.stderr.write(f"{len(rows)} rows in {time.monotonic() - begun:.0f} s; {missed} goals missed")
    sys.stderr.write(f"; NOT MEASURED: {', '.join(failed)}\n" if failed else "\n")
    return 1 if failed or (options.strict and missed) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=[], metavar="NAME,...", help=", ".join(MEASURES)
    )
    parser.add_argument("--json", action="store_true", help="rows for programs")
    parser.add_argument("--quick", action="store_true", help="few repeats: whether it runs, not how fast")
    parser.add_argument("--full", action="store_true", help="a million sales for the memory row")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a goal is missed")
    parser.add_argument(
        "--folder", metavar="DIR", help="measure the disk of this folder, not memory with 1 ms for each sync"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
