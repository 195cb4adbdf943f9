"""A configuration on its way from TOML to ``Settings``: section by section, each mistake noted.

What is right by itself is kept beside what is wrong, so that the rules between sections (``between.py``) can
be checked in the same go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from terminal.core import rules, ticket_rules
from terminal.core.closing_rules import ClosingRules
from terminal.settings import sections, texts, words
from terminal.settings.check import WRONG, Checker, join
from terminal.settings.plugins import Plugins
from terminal.settings.sandbox_section import SandboxSection

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "terminal": sections.TerminalSection,
    "journal": sections.JournalSection,
    "control": sections.ControlSection,
    "roles": sections.RolesSection,
    "offline": rules.OfflineRules,
    "vending": rules.VendingRules,
    "topup": rules.TopupRules,
    "tickets": ticket_rules.TicketRules,
    "codes": ticket_rules.CodeRules,
    "cash": rules.CashRules,
    "closing": ClosingRules,
    "printing": rules.PrintingRules,
    "reading": rules.ReadingRules,
    "sync": rules.SyncRules,
    "sandbox": SandboxSection,
    "log": sections.LogSection,
}
"""The sections that are one table each, in the order of the example file."""

SANDBOX_URL = "sandbox:"
SATELLITE = "satellite"
ONSLIP = "onslip"
_BELOW = {SATELLITE: "", ONSLIP: "v1/", "onlinepos": "onlinepos/api", "kensium": "kensium"}
PLAYED = tuple(_BELOW)
"""The types of backends that the embedded server plays under secrets of their own, if their section says so."""

_USER = re.compile(r"\A([a-z]+://)[^/]*@")
_S = TypeVar("_S", bound=msgspec.Struct)
_HEAD_OF_BACKEND = frozenset(field.name for field in msgspec.structs.fields(sections.BackendHead))
_HEAD_OF_DEVICE = frozenset(field.name for field in msgspec.structs.fields(sections.DeviceHead))


@dataclass(slots=True)
class Block:
    """A backend or device as far as it is right.

    Attributes:
        path: Where it stands in the file.
        head: Its right options that every backend or device has.
        plugin: Its class; None if there is none of that name.
        options: Its right options of its own.
        secrets: Options given for a backend's secret.
        sandbox: A backend that is the embedded server.
        sound: A device in which nothing is wrong.
    """

    path: str
    head: dict[str, Any]
    plugin: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    sandbox: bool = False
    sound: bool = False


@dataclass(slots=True)
class Draft:
    """A configuration as far as it is right."""

    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    backends: dict[str, Block] = field(default_factory=dict)
    devices: list[Block] = field(default_factory=list)

    def get(self, section: str, option: str) -> Any:
        """Return an option's value in force; None where it is wrong or missing."""
        good = self.sections.get(section, {})
        if option in good:
            return good[option]
        default = {each.name: each.default for each in msgspec.structs.fields(SECTIONS[section])}[option]
        return None if default is msgspec.NODEFAULT else default


def draft(raw: Mapping[str, Any], plugins: Plugins, checker: Checker) -> Draft:
    """Check every section of *raw* by itself."""
    known = [*SECTIONS, "backends", "devices"]
    for key in raw:
        if key not in known:
            checker.unknown(raw[key], join("", key), key, known)
    found = Draft()
    for name, kind in SECTIONS.items():
        table = raw.get(name, {})
        if isinstance(table, Mapping):
            found.sections[name] = checker.table(table, kind, name)
        else:
            checker.wrong(name, words.found(table), f"a section [{name}]")
    _backends(raw.get("backends"), found, plugins, checker)
    _devices(raw.get("devices"), found, plugins, checker)
    return found


def _backends(raw: object, found: Draft, plugins: Plugins, checker: Checker) -> None:
    if not isinstance(raw, Mapping) or not raw:
        checker.wrong("backends", _seen(raw), "at least one section [backends.NAME]")
        return
    for name, table in raw.items():
        path = join("backends", name)
        if checker.value(name, texts.Name, f"the name of {path}") is WRONG:
            continue
        if not isinstance(table, Mapping):
            checker.wrong(path, words.found(table), f"a section [{path}]")
            continue
        found.backends[name] = _backend(table, path, found, plugins, checker)


def _backend(table: Mapping[str, Any], path: str, found: Draft, plugins: Plugins, checker: Checker) -> Block:
    own = {key: value for key, value in table.items() if key not in _HEAD_OF_BACKEND}
    head = {key: value for key, value in table.items() if key in _HEAD_OF_BACKEND}
    block = Block(path, checker.table(head, sections.BackendHead, path))
    block.secrets = tuple(key for key in table if table[key] and _is_for_secret(key))
    if "url" in own:
        own["url"] = _address(block, own["url"], found, checker)
    kind = block.head.get("type")
    if kind is None:
        _unread(own, path, checker)
        return block
    try:
        block.plugin = plugins.backend(kind)
    except LookupError:
        known, where = plugins.backends(), join(path, "type")
        checker.wrong(where, words.found(kind), words.choices(known), words.did_you_mean(kind, known))
        _unread(own, path, checker)
    else:
        block.options = checker.table(own, block.plugin.Options, path, _HEAD_OF_BACKEND)
    return block


def _address(block: Block, url: object, found: Draft, checker: Checker) -> object:
    """Return a backend's address as its adapter may see it: without a password, the embedded server's own."""
    if url == SANDBOX_URL:
        block.sandbox = True
        below = _BELOW.get(str(block.head.get("type")), "")
        return f"http://{found.get('sandbox', 'listen') or '127.0.0.1:0'}/{below}"
    if isinstance(url, str) and (bare := _USER.sub(r"\1", url)) != url:
        checker.secret(join(block.path, "url"))
        return bare
    return url


def _unread(own: Mapping[str, Any], path: str, checker: Checker) -> None:
    """Find secrets among options that cannot be checked, because nobody knows whose they are."""
    for key in own:
        if words.is_secret_name(key):
            checker.secret(join(path, key))


def _is_for_secret(key: str) -> bool:
    return key in {"credential", "token_file"} or words.is_secret_name(key)


def _devices(raw: object, found: Draft, plugins: Plugins, checker: Checker) -> None:
    if not isinstance(raw, list) or not raw:
        checker.wrong("devices", _seen(raw), "at least one block [[devices]]")
        return
    names = [table.get("name") for table in raw if isinstance(table, Mapping)]
    for number, table in enumerate(raw, 1):
        if not isinstance(table, Mapping):
            checker.wrong(f"devices[{number}]", words.found(table), "a block [[devices]]")
            continue
        name = table.get("name")
        path = f"devices[{words.found(name) if isinstance(name, str) and names.count(name) == 1 else number}]"
        before = len(checker.mistakes)
        block = _device(table, path, plugins, checker)
        block.sound = len(checker.mistakes) == before
        found.devices.append(block)


def _device(table: Mapping[str, Any], path: str, plugins: Plugins, checker: Checker) -> Block:
    own = {key: value for key, value in table.items() if key not in _HEAD_OF_DEVICE}
    head = {key: value for key, value in table.items() if key in _HEAD_OF_DEVICE}
    block = Block(path, checker.table(head, sections.DeviceHead, path))
    role, driver = block.head.get("role"), block.head.get("driver")
    if role is None or driver is None:
        _unread(own, path, checker)
        return block
    try:
        block.plugin = plugins.driver(role, driver)
    except LookupError:
        _unread(own, path, checker)
        _unknown_driver(block, plugins, checker)
    except ImportError as error:
        checker.wrong(join(path, "driver"), words.found(driver), "a driver that can be loaded", str(error))
    else:
        block.options = checker.table(own, block.plugin.Options, path, _HEAD_OF_DEVICE)
    return block


def _unknown_driver(block: Block, plugins: Plugins, checker: Checker) -> None:
    role, driver = block.head["role"], block.head["driver"]
    known = plugins.drivers()
    of_role = [name for each, name in known if each == role]
    if of_role:
        hint = words.did_you_mean(driver, of_role)
        checker.wrong(join(block.path, "driver"), words.found(driver), words.choices(of_role), hint)
    else:
        del block.head["role"]
        roles = sorted({each for each, _ in known})
        hint = words.did_you_mean(role, roles)
        checker.wrong(join(block.path, "role"), words.found(role), words.choices(roles), hint)


def sound_devices(
    raw: Mapping[str, Any], plugins: Plugins, checker: Checker
) -> tuple[sections.DeviceSettings, ...]:
    """Return the devices of *raw* that are right in themselves, whatever is wrong beside them."""
    found = Draft()
    _devices(raw.get("devices"), found, plugins, checker)
    return tuple(_built_device(block) for block in found.devices if block.sound)


def finish(found: Draft, file: Path) -> sections.Settings:
    """Build the settings of a draft without mistakes; paths become absolute, empty ones get their default."""
    terminal = _made(found, sections.TerminalSection, "terminal")
    journal = _made(found, sections.JournalSection, "journal")
    control = _made(found, sections.ControlSection, "control")
    codes = _made(found, ticket_rules.CodeRules, "codes")
    sandbox = _made(found, SandboxSection, "sandbox")
    path = Path(journal.path).absolute()
    sandbox = msgspec.structs.replace(
        sandbox,
        database=_absolute(sandbox.database),
        token_file=_absolute(sandbox.token_file),
        **{f"{kind}_file": _absolute(_secret_of(sandbox, kind)) for kind in PLAYED},
    )
    return sections.Settings(
        file=str(file.absolute()),
        terminal=terminal,
        journal=msgspec.structs.replace(
            journal,
            path=str(path),
            key_file=_absolute(journal.key_file or f"{path}.key"),
            backups=_absolute(journal.backups or path.parent / "backups"),
        ),
        control=msgspec.structs.replace(control, socket=_absolute(control.socket)),
        backends={name: _built_backend(name, block, sandbox) for name, block in found.backends.items()},
        roles=_roles(_made(found, sections.RolesSection, "roles"), terminal.job),
        offline=_made(found, rules.OfflineRules, "offline"),
        vending=_made(found, rules.VendingRules, "vending"),
        topup=_made(found, rules.TopupRules, "topup"),
        tickets=_made(found, ticket_rules.TicketRules, "tickets"),
        codes=msgspec.structs.replace(
            codes, sign_key_file=_absolute(codes.sign_key_file) if codes.sign_key_file else ""
        ),
        cash=_made(found, rules.CashRules, "cash"),
        closing=_made(found, ClosingRules, "closing"),
        printing=_made(found, rules.PrintingRules, "printing"),
        reading=_made(found, rules.ReadingRules, "reading"),
        sync=_made(found, rules.SyncRules, "sync"),
        log=_made(found, sections.LogSection, "log"),
        sandbox=sandbox if sandbox.enabled else None,
        devices=tuple(_built_device(block) for block in found.devices),
    )


def _made(found: Draft, kind: type[_S], name: str) -> _S:
    return kind(**found.sections[name])


def _roles(roles: sections.RolesSection, job: str) -> sections.RolesSection:
    usual = roles.sales if job == "tickets" else roles.wallet
    return msgspec.structs.replace(roles, catalogue=roles.catalogue or usual)


def _built_backend(name: str, block: Block, sandbox: SandboxSection) -> sections.BackendSettings:
    head = sections.BackendHead(**block.head)
    token_file = _secret_of(sandbox, head.type) if block.sandbox else head.token_file
    return sections.BackendSettings(
        name=name,
        type=head.type,
        credential="" if block.sandbox else head.credential,
        token_file=_absolute(token_file) if token_file else "",
        sandbox=block.sandbox,
        options=_options(block),
    )


def _secret_of(sandbox: SandboxSection, kind: str) -> str:
    """Return where the embedded server's secret for backends of the type *kind* is."""
    file: str = getattr(sandbox, f"{kind}_file") if kind in PLAYED else sandbox.token_file
    return file


def _built_device(block: Block) -> sections.DeviceSettings:
    head = sections.DeviceHead(**block.head)
    return sections.DeviceSettings(name=head.name, role=head.role, driver=head.driver, options=_options(block))


def _options(block: Block) -> msgspec.Struct:
    if block.plugin is None:
        raise ValueError(f"{block.path} has mistakes: it cannot be built")
    built: msgspec.Struct = block.plugin.Options(**block.options)
    return built


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute())


def _seen(raw: object) -> str:
    return "nothing" if raw is None or raw == {} else words.found(raw)
