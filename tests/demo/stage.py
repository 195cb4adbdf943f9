"""The stage: a server, a coffee machine and a coin receptor, each a process of its own, and hands for them."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terminal.core.records import Entry
from tests.demo import screens, witnesses
from tests.demo.books import Books, end_of
from tests.demo.narrator import Narrator
from tests.support.machine import PANEL, PRINTER, READER, SCRIPTS, Machine, SandboxProcess
from tests.support.waiting import wait_until

COFFEE, RECEPTOR = "coffee", "receptor"
PRICES = {"espresso": 120, "cappuccino": 220, "soup": 150}
NAME = "the technician"


@dataclass(frozen=True)
class Card:
    """A customer's card."""

    owner: str
    uid: str
    opening: int


BLUE = Card("blue", "04A1B2C3D4E5F6", 2000)
RED = Card("red", "04112233445566", 1500)

# Short waits, so that the story does not linger; a real terminal is more patient.
_SYNC = {"first_retry_s": 1, "longest_retry_s": 2, "breaker_probe_s": 1, "timeout_s": 5}
_PATIENT = {"deadline_ms": 10_000}  # only while the server is there: one that is away refuses at once
_OFFLINE = {"max_per_token": 300}


class Stage:
    """Everything that the story acts on. Use ``stage(folder, say)``."""

    def __init__(self, server: SandboxProcess, machines: dict[str, Machine], say: Narrator) -> None:
        self.server = server
        self.machines = machines
        self.coffee = machines[COFFEE]
        self.receptor = machines[RECEPTOR]
        self.say = say

    # -- hands -----------------------------------------------------------------------------------------

    def do(self, machine: Machine, verb: str, device: str = "", **args: object) -> None:
        """Do something that must be possible."""
        answer = machine.do(verb, device, **args)
        assert answer.is_success, f"{verb} {args}: {answer.text}"

    def refused(self, machine: Machine, verb: str, **args: object) -> str:
        """Do something that must not be possible; return the sentence that says so."""
        answer = machine.do(verb, "", **args)
        assert not answer.is_success, f"{verb} {args} was possible"
        return str(answer.json()["error"])

    def choose(self, card: Card, product: str) -> None:
        """Tap at the coffee machine, and press the button of a product."""
        self.do(self.coffee, "tap", uid=card.uid)
        status = self.coffee.wait(f"{card.owner}'s choice", phase="choosing")
        self.show(status)
        self.say.say("world", f"{card.owner} presses {product}.")
        self.do(self.coffee, "button", name=product)

    def buy(self, card: Card, product: str, result: str) -> Entry:
        """Buy something and take it; return the entry."""
        before = len(self.record(COFFEE, "piece"))
        self.choose(card, product)
        self.show(self.coffee.wait("the result", screen__notice=result))
        self.do(self.coffee, "untap")
        pieces = self.record(COFFEE, "piece")
        assert len(pieces) == before + 1, pieces
        self.say.say("world", f"One {pieces[-1]['product']} comes out.")
        return self.newest(self.coffee)

    def cut_power(self, machine: Machine) -> None:
        """Kill a terminal where it stands (SIGKILL), and start it again."""
        machine.kill()
        self.say.say("power", f"The power fails: kill -9. Then it is back, and {_name(machine)} starts again.")
        machine.start()
        wait_until(
            lambda: all(each["health"] == "ok" for each in machine.status()["devices"]), what="its devices"
        )

    def terminalctl(self, machine: Machine, *words: str) -> None:
        """Run terminalctl as a technician does, and show what it says."""
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        self.say.say("person", f"{machine.folder.name}$ terminalctl {shown}")
        done = subprocess.run(
            [str(SCRIPTS / "terminalctl"), *words],
            env={**os.environ, "TERMINAL_CONFIG": str(machine.config), "NO_COLOR": "1", "COLUMNS": "96"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.say.as_is(done.stdout.rstrip().splitlines())

    # -- eyes ------------------------------------------------------------------------------------------

    def show(self, status: dict[str, Any]) -> None:
        """Say what the customer reads."""
        self.say.say("screen", screens.words(status["screen"]))

    def record(self, name: str, what: str) -> list[dict[str, Any]]:
        """Return what the world saw of a machine."""
        return witnesses.of_kind(witnesses.record(record_of(self.machines[name])), what)

    def newest(self, machine: Machine) -> Entry:
        """Return the newest entry of a journal."""
        with machine.reader() as journal:
            return journal.entries(limit=1)[0]

    def entry(self, machine: Machine, key: str) -> Entry:
        """Return an entry as it is now."""
        with machine.reader() as journal:
            found = journal.entry(key)
        assert found is not None, key
        return found

    def settled(self, machine: Machine, key: str) -> None:
        """Wait until an entry is delivered; say what the journal and the server hold of it."""
        wait_until(
            lambda: self.entry(machine, key).state.value == "delivered",
            timeout=60,
            what=f"entry {end_of(key)} to be delivered; log:\n{machine.tail()}",
        )
        self.tell_journal(machine, key)
        self.tell_server(key)

    def tell_journal(self, machine: Machine, key: str) -> None:
        """Say what the journal holds of an entry."""
        entry = self.entry(machine, key)
        state = "written, and held until the machine has answered" if entry.held else entry.state.value
        line = f"{entry.kind.value} {end_of(key)}, {screens.euros(entry.amount)}: {state}"
        self.say.say("journal", f"{line}. {entry.words}" if entry.state.value == "parked" else line)

    def tell_server(self, key: str) -> None:
        """Say how the server booked a key: once."""
        booked = [each for each in self.server.booked() if each["key"] == key]
        assert len(booked) == 1, booked
        self.say.say("server", f"{end_of(key)} booked once: {screens.euros(booked[0]['amount'])}")

    def health(self, machine: Machine, device: str) -> str:
        """Return the health of a device."""
        devices = machine.status()["devices"]
        return str(next(each["health"] for each in devices if each["name"] == device))

    def books(self) -> Books:
        """Hear all witnesses."""
        return witnesses.hear(
            self.server, {name: (machine, record_of(machine)) for name, machine in self.machines.items()}
        )


@contextmanager
def stage(folder: Path, say: Narrator) -> Iterator[Stage]:
    """Start everything in *folder*, which must be empty; whatever still runs at the end is killed."""
    homes = {name: folder / name for name in ("server", COFFEE, RECEPTOR)}
    for home in homes.values():
        home.mkdir()
    wallets = [f"--wallet={card.uid}={card.opening}" for card in (BLUE, RED)]
    products = [f"--product={name}={price}" for name, price in PRICES.items()]
    with (
        SandboxProcess(homes["server"], *wallets, *products) as server,
        _coffee(homes[COFFEE], server) as coffee,
        _receptor(homes[RECEPTOR], server) as receptor,
    ):
        yield Stage(server, {COFFEE: coffee, RECEPTOR: receptor}, say)


def record_of(machine: Machine) -> Path:
    """Return the file in which the simulated devices of a machine note what physically happens."""
    return machine.folder / "record.jsonl"


def _coffee(home: Path, server: SandboxProcess) -> Machine:
    """A machine with a quick brewer, and a kitchen that takes its time."""
    release = {"role": "release", "driver": "simulated", "record": str(home / "record.jsonl")}
    return Machine(
        home,
        server.url,
        server.token_file,
        [READER, PANEL, {"name": "brewer", **release}, {"name": "kitchen", **release, "delay_ms": 600_000}],
        sections={
            "terminal": {"id": "coffee-1", "job": "vending"},
            "vending": {
                "release": "brewer",
                "releases": {"soup": "kitchen"},
                "release_s": 600,
                "show_s": 60,
                **_PATIENT,
            },
            "reading": {"same_card_ms": 0},
            "offline": _OFFLINE,
            "sync": _SYNC,
        },
    )


def _receptor(home: Path, server: SandboxProcess) -> Machine:
    slot = {
        "name": "slot",
        "role": "coin_acceptor",
        "driver": "simulated",
        "record": str(home / "record.jsonl"),
    }
    return Machine(
        home,
        server.url,
        server.token_file,
        [READER, PANEL, slot, {**PRINTER, "record": str(home / "record.jsonl")}],
        sections={
            "terminal": {"id": "receptor-1", "job": "topup"},
            "topup": {
                "max_session": 500,
                "show_s": 10,
                "receipt": ["Corner Shop", "1 High Street"],
                **_PATIENT,
            },
            "reading": {"same_card_ms": 0},
            "sync": _SYNC,
        },
    )


def _name(machine: Machine) -> str:
    return {COFFEE: "the coffee machine", RECEPTOR: "the coin receptor"}[machine.folder.name]
