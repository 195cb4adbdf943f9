"""The three witnesses, heard: the journals, the server, and the records of the simulated devices."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from terminal.journal import technician
from tests.demo.books import Booked, Books, Coin, GivenOut, Piece, Printed, Swallowed, Written
from tests.support.machine import Machine, SandboxProcess

_MOST = 10_000


def hear(server: SandboxProcess, machines: dict[str, tuple[Machine, Path]]) -> Books:
    """Return the books of *server* and of *machines*: by name, each with the record of its devices."""
    ledger = server.admin("GET", "ledger")
    transactions = ledger["transactions"]
    opening: dict[str, int] = {}
    for each in transactions:
        if each["terminal"] is None:
            opening[each["token"].upper()] = opening.get(each["token"].upper(), 0) + each["amount"]
    records = {name: record(path) for name, (_, path) in machines.items()}
    return Books(
        written=tuple(each for name, (machine, _) in machines.items() for each in written(name, machine)),
        coins=tuple(each for name, (machine, _) in machines.items() for each in _coins(name, machine)),
        booked=tuple(
            Booked(each["key"] or "no key", each["token"].upper(), each["amount"])
            for each in transactions
            if each["terminal"] is not None
        ),
        opening=opening,
        balances={wallet["token"].upper(): wallet["balance"] for wallet in ledger["wallets"]},
        swallowed=tuple(Swallowed(name, each["amount"]) for name, each in _of(records, "coin")),
        given=tuple(GivenOut(name, each["release"], each["product"]) for name, each in _of(records, "piece")),
        printed=tuple(
            Printed(name, each["job"], tuple(each["lines"]), each["whole"])
            for name, each in _of(records, "document")
        ),
    )


def record(path: Path) -> list[dict[str, Any]]:
    """Return what the world saw of a machine."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def written(name: str, machine: Machine) -> list[Written]:
    """Return the entries of a journal, oldest first."""
    with machine.reader() as journal:
        entries = journal.entries(limit=_MOST)
    return [
        Written(
            terminal=name,
            seq=entry.seq,
            key=entry.key,
            kind=entry.kind.value,
            token=entry.token or "",
            amount=entry.amount,
            state=entry.state.value,
            pieces=tuple(Piece(piece.id, piece.price) for piece in entry.pieces),
        )
        for entry in reversed(entries)
    ]


def _coins(name: str, machine: Machine) -> list[Coin]:
    """Return every coin of a journal and what became of it; a session that was emptied twice tells it twice."""
    keys = {entry["seq"]: str(entry["key"]) for entry in technician.rows(machine.journal, "entries")}
    came: list[dict[str, Any]] = []
    went: dict[int, list[tuple[str, str]]] = {}
    for row in technician.rows(machine.journal, "cash"):
        if row["kind"] == "in":
            came.append(row)
        else:
            went.setdefault(row["session"], []).append((row["kind"], keys.get(row["entry"], "")))
    return [
        Coin(name, coin["amount_cents"], became, key)
        for coin in came
        for became, key in went.get(coin["session"], [("held", "")])
    ]


def _of(records: dict[str, list[dict[str, Any]]], what: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, lines in records.items():
        yield from ((name, each) for each in lines if each["what"] == what)


def of_kind(lines: Sequence[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    """Return the lines of a record that speak of *what*."""
    return [each for each in lines if each["what"] == what]
