"""The structure that docs/architecture.md promises: who knows whom, who reads clocks, what a module may be."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import pytest

import drivers
from drivers.contract import DriverOptions
from terminal import backends

ROOT = Path(__file__).parent.parent
LONGEST_MODULE = 330

PURE = {
    "__future__", "collections", "collections.abc", "dataclasses", "datetime", "enum", "functools", "itertools",
    "math", "operator", "re", "types", "typing",
    "msgspec",
}  # fmt: skip
"""All that the core may import: nothing here reads a file, a clock, a socket or a source of chance."""

ARROWS: dict[str, set[str]] = {
    "terminal.core": set(),
    "terminal.courtesy": set(),
    "terminal.httpd": set(),
    "terminal.mirror": {"terminal.core"},
    "terminal.journal": {"terminal.core"},
    "terminal.listening": {"terminal.core", "drivers.contract"},
    "terminal.backends": {"terminal.core", "terminal.courtesy", "terminal.journal.rows", "terminal.mirror"},
    "terminal.tickets": {"terminal.core"},
    "terminal.sync": {"terminal.core", "terminal.courtesy", "terminal.journal", "terminal.backends.protocol"},
    "terminal.settings": {"terminal.core", "terminal.backends", "drivers"},
    "terminal.sandbox": {"terminal.httpd"},
    "terminal.sandbox.embedded": {"terminal.httpd", "terminal.backends.transport", "terminal.settings"},
    "terminal.cli": {"terminal.core", "terminal.journal", "terminal.settings"},
    "terminal.cli.satellite": {"terminal.core", "terminal.settings", "terminal.backends"},
    "terminal.cli.kensium": {"terminal.core", "terminal.settings", "terminal.backends", "terminal.mirror"},
    "terminal.cli.onslip": {"terminal.core", "terminal.settings", "terminal.backends"},
    "terminal.cli.onlinepos": {"terminal.core", "terminal.settings", "terminal.backends"},
    "terminal.cli.ticket": {"terminal.core", "terminal.settings", "terminal.tickets"},
    "terminal.cli.samples": {"terminal.core", "terminal.settings", "terminal.tickets"},
    "terminal.cli.pictures": {
        "terminal.core", "terminal.journal", "terminal.settings", "drivers", "drivers.contract",
        "drivers.errors",
    },
    "terminal.cli.doctor": {"terminal.core", "terminal.settings", "terminal.doctor"},
    "terminal.doctor": {
        "terminal.core", "terminal.journal", "terminal.settings", "terminal.backends", "terminal.tickets",
        "drivers", "drivers.usb",
    },
    "terminal.cli.devices": {
        "terminal.core", "terminal.journal", "terminal.settings", "terminal.listening", "drivers",
        "drivers.contract", "drivers.errors",
    },
    "terminal.daemon": {
        "terminal.core", "terminal.courtesy", "terminal.journal", "terminal.sync", "terminal.backends",
        "terminal.settings", "terminal.httpd", "terminal.listening", "terminal.tickets", "terminal.mirror",
        "drivers.contract",
    },
    "terminal.daemon.devices": {"terminal.core", "terminal.settings", "drivers", "drivers.contract"},
    "terminal.daemon.safety": {"terminal.settings", "drivers"},
    "terminal.daemon.wiring": {
        "terminal.core", "terminal.courtesy", "terminal.journal", "terminal.sync", "terminal.backends",
        "terminal.settings", "terminal.httpd", "terminal.sandbox",
    },
    "drivers": {
        "terminal.core." + name
        for name in ("events", "machine", "effects", "paper", "catalogue", "token", "value")
    },
}  # fmt: skip
"""What a package may import besides itself; the longest name that fits a module counts.

A package stands for all of its modules, except ``drivers``: that is the table alone, which gives a class by
role and name. No module of a driver is imported by anything but drivers.
"""

BOUNDARIES = {
    "drivers/device.py": "the thread of a device: what it raises becomes health",
    "terminal/cli/devices/finding.py": "the border of a plug-in: a driver that cannot look stops no other",
    "terminal/cli/errors.py": "the process of terminalctl: what is raised becomes a sentence and an exit code",
    "terminal/daemon/devices.py": "the border of a plug-in: a driver that raises harms only itself",
    "terminal/daemon/lookups.py": "the threads that ask the server: one mistake must not end the next question",
    "terminal/daemon/maintenance.py": "the thread of the journal's upkeep: the next look is tried all the same",
    "terminal/daemon/perform.py": "the border of a plug-in: a driver that raises harms only itself",
    "terminal/daemon/rounds.py": "threads that do one thing again and again: one mistake must not end that",
    "terminal/daemon/safety.py": "the border of a plug-in: a driver that raises leaves only its own outputs",
    "terminal/daemon/wiring.py": "the loop's thread: what nobody foresaw ends the process, to be started anew",
    "terminal/doctor/examine.py": "the threads of the checks: one must not hide what the others find",
    "terminal/httpd/server.py": "the thread of a connection: one bad handler must not end the server",
    "terminal/sync/reading.py": "the border of an adapter: a read that raises books nothing, and is made again",
    "terminal/sync/worker.py": "the threads of delivery: a mistake in an adapter is an unknown outcome",
}
"""The only files that may catch every exception, each at the top of a thread or process or at a plug-in."""

CLOCKS = {
    "terminal/backends/onlinepos/catalogue.py": "offers hold on some days and at some hours",
    "terminal/backends/onslip/client.py": "each signature names its second, which the server checks",
    "terminal/daemon/clock.py": "the clock",
    "terminal/sandbox/server.py": "a server, which is another machine, has a clock of its own",
}
CHANCE = {
    "drivers/coins/simulated_memory.py": "the name of a life of a simulated device",
    "drivers/payouts/hopper_talk.py": "what a hopper stirs into its cipher key",
    "terminal/backends/onslip/client.py": "each signature has a nonce",
    "terminal/cli/onslip/bind.py": "the key of a bound machine",
    "terminal/cli/satellite.py": "the secret by which a device is known at its discovery",
    "terminal/daemon/clock.py": "keys and ids",
    "terminal/daemon/codes.py": "the codes of tickets",
    "terminal/journal/keyfile.py": "the key of the hash chain, made once",
    "terminal/sandbox/keys.py": "the server's secrets",
    "terminal/sandbox/faults.py": "faults, by a seed",
    "terminal/sandbox/kensium/others.py": "what other customers do, by a seed",
}
VENDOR = {
    "cryptography", "ecdsa", "escpos", "gpiod", "nfc", "PIL", "RPi", "serial", "smartcard", "smbus2", "spidev",
    "usb", "usb1",
}  # fmt: skip
LATE = {"terminal/tickets/signed.py"}
"""Beside the drivers, the only files that import a vendor's library; late, as they do."""


@dataclass(frozen=True)
class Module:
    path: Path

    @property
    def file(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def imports(self, nodes: Iterator[ast.AST] | None = None) -> Iterator[str]:
        """Every module that is named by an import, wherever in the file it stands, or among *nodes*."""
        for node in nodes or ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.file}:{node.lineno}: imports say the whole name"
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    yield inner if inner in NAMES else str(node.module)

    def used(self) -> set[str]:
        """Dotted names as they are written, ``time.time_ns``, however they came into the module."""
        written = {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        imported = {
            f"{node.module}.{alias.name}"
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        return written | imported

    def public(self) -> Iterator[ast.FunctionDef | ast.ClassDef]:
        """Classes, functions, and methods of public classes, that have public names."""
        for owner in ast.walk(self.tree):
            named = isinstance(owner, ast.ClassDef) and not owner.name.startswith("_")
            for node in owner.body if named or isinstance(owner, ast.Module) else ():
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                    yield node

    def code_lines(self) -> int:
        """Lines that hold code: no blank ones, comments or docstrings."""
        silent = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        lines: set[int] = set()
        for token in tokens:
            if token.type not in (*silent, tokenize.ENDMARKER):
                lines.update(range(token.start[0], token.end[0] + 1))
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return len(lines)


MODULES = [Module(path) for top in ("terminal", "drivers") for path in sorted((ROOT / top).rglob("*.py"))]
NAMES = {module.name for module in MODULES}


def top(name: str) -> str:
    return name.partition(".")[0]


def home(name: str) -> str:
    """The package that module *name* belongs to."""
    return "drivers" if top(name) == "drivers" else ".".join(name.split(".")[:2])


def allowed(name: str) -> set[str]:
    """What ARROWS says of module *name*: the entry of the longest package that it is in."""
    fitting = [package for package in ARROWS if name == package or name.startswith(f"{package}.")]
    return ARROWS[max(fitting, key=len)]


# -- who knows whom ------------------------------------------------------------------------------------


def strangers(module: Module) -> list[str]:
    """What the module imports and may not know."""
    may = allowed(module.name)
    packages = tuple(f"{place}." for place in may if place != "drivers")
    return [
        imported
        for imported in module.imports()
        if top(imported) in ("terminal", "drivers")
        and imported != "terminal"  # the version
        and home(imported) != home(module.name)
        and imported not in may
        and not imported.startswith(packages or ("-",))
    ]


def test_every_package_says_what_it_may_know() -> None:
    assert {home(module.name) for module in MODULES} - {"terminal"} == {home(package) for package in ARROWS}
    assert set(ARROWS) <= NAMES


def test_arrows_run_inward_only() -> None:
    inner = [module for module in MODULES if module.name != "terminal"]
    wrong = [f"{module.file} imports {name}" for module in inner for name in strangers(module)]
    assert wrong == []


def test_the_drivers_know_but_a_few_value_types_of_the_terminal() -> None:
    """The arrows above, as a sum: a package of a third party can rely on this list."""
    own = [module for module in MODULES if home(module.name) == "drivers"]
    known = {name for module in own for name in module.imports() if top(name) == "terminal"}
    assert "terminal.core.events" in known
    assert known <= ARROWS["drivers"]


def test_the_core_imports_nothing_that_touches_the_world() -> None:
    core = [module for module in MODULES if home(module.name) == "terminal.core"]
    assert len(core) > 5
    foreign = {f"{module.file}: {name}" for module in core for name in module.imports() if name not in PURE
               and home(name) != "terminal.core"}  # fmt: skip
    assert foreign == set()


def test_vendor_libraries_are_imported_by_drivers_only_and_late() -> None:
    wrong = []
    for module in MODULES:
        everywhere = home(module.name) != "drivers" and module.file not in LATE
        nodes = ast.walk(module.tree) if everywhere else iter(module.tree.body)
        wrong += [f"{module.file}: {name}" for name in module.imports(nodes) if top(name) in VENDOR]
    assert wrong == []


def test_naming_every_driver_and_adapter_loads_no_vendor_library() -> None:
    """In a fresh process: a missing library, or a slow one, harms only the device that it is for."""
    program = (
        "import sys, drivers; from terminal import backends\n"
        "for role, name in drivers.DRIVERS: drivers.find(role, name)\n"
        "for kind in backends.BACKENDS: backends.find(kind)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert {"drivers", "terminal"} <= loaded
    assert not loaded & (VENDOR | {"rich"})


# -- the tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "name"), sorted(drivers.DRIVERS))
def test_every_driver_of_the_table_is_there_with_its_options_described(role: str, name: str) -> None:
    found = drivers.find(role, name)
    assert found.role == role
    assert issubclass(found.Options, DriverOptions)
    options = msgspec.inspect.type_info(found.Options)
    assert isinstance(options, msgspec.inspect.StructType)
    assert [field.name for field in options.fields if not description(field.type)] == []


def description(annotation: msgspec.inspect.Type) -> str:
    extra = annotation.extra_json_schema if isinstance(annotation, msgspec.inspect.Metadata) else None
    return str((extra or {}).get("description", ""))


def test_every_role_has_a_simulated_twin() -> None:
    roles = {role for role, _ in drivers.DRIVERS}
    assert roles == {
        "reader",
        "coin_acceptor",
        "release",
        "printer",
        "buttons",
        "indicator",
        "payout",
        "machine",
    }
    for role in roles:
        assert (role, "simulated") in drivers.DRIVERS
        assert any(name != "simulated" for known, name in drivers.DRIVERS if known == role)


@pytest.mark.parametrize("kind", sorted(backends.BACKENDS))
def test_every_adapter_of_the_table_is_there(kind: str) -> None:
    assert issubclass(backends.find(kind).Options, msgspec.Struct)


# -- clocks and chance ---------------------------------------------------------------------------------


def test_only_the_clock_reads_the_wall_clock() -> None:
    wall = {"time.time", "time.time_ns", "time.gmtime", "time.localtime"}
    wall |= {f"{kind}.{call}" for kind in ("datetime", "date") for call in ("now", "utcnow", "today")}
    readers = {module.file for module in MODULES if wall & module.used()}
    assert readers == set(CLOCKS)


def test_only_few_make_what_nobody_can_guess() -> None:
    chance = {"random", "secrets", "uuid"}
    makers = {it.file for it in MODULES if chance & set(it.imports()) or "os.urandom" in it.used()}
    assert makers == set(CHANCE)


# -- what a module may be ------------------------------------------------------------------------------


def test_modules_stay_small() -> None:
    """Those of the tests too."""
    tests = [Module(path) for path in sorted((ROOT / "tests").rglob("*.py"))]
    assert len(tests) > len(MODULES) // 2
    assert [module.file for module in (*MODULES, *tests) if module.code_lines() >= LONGEST_MODULE] == []


def catches_all(module: Module) -> list[int]:
    """Lines that swallow every exception; who only tidies up and raises it again swallows nothing."""
    lines = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler):
            kinds = {it.id for it in ast.walk(node.type) if isinstance(it, ast.Name)} if node.type else set()
            last = node.body[-1]
            raises_it_again = isinstance(last, ast.Raise) and last.exc is None
            if (node.type is None or kinds & {"Exception", "BaseException"}) and not raises_it_again:
                lines.append(node.lineno)
    return lines


def test_everything_is_caught_at_the_declared_boundaries_only() -> None:
    caught = {module.file: lines for module in MODULES if (lines := catches_all(module))}
    undeclared = {file: lines for file, lines in caught.items() if file not in BOUNDARIES}
    assert undeclared == {}
    assert set(BOUNDARIES) <= set(caught), "a boundary that catches nothing any more: take it out of the list"


def test_a_silenced_check_names_itself_and_its_reason() -> None:
    wrong = []
    for module in MODULES:
        for number, line in enumerate(module.text.splitlines(), 1):
            noqa = "# noqa" in line and not re.search(r"# noqa: [A-Z]+\d+(, ?[A-Z]+\d+)* - \S", line)
            ignore = "# type: ignore" in line and not re.search(r"# type: ignore\[[a-z, -]+\] +# \S", line)
            if noqa or ignore:
                wrong.append(f"{module.file}:{number}")
    assert wrong == []


def test_what_is_public_says_what_it_is() -> None:
    """Modules, classes, functions and methods; special methods say it by their names."""
    silent = [module.file for module in MODULES if not ast.get_docstring(module.tree)]
    for module in MODULES:
        silent += [
            f"{module.file}:{node.lineno} {node.name}"
            for node in module.public()
            if not ast.get_docstring(node)
        ]
    assert silent == []
