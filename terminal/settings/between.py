"""Rules between the sections of a configuration: names that must exist, devices that a job needs. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from terminal.core.facts import EntryKind
from terminal.core.token import mask
from terminal.settings import words
from terminal.settings.between_closing import check_closing
from terminal.settings.between_servers import check_servers
from terminal.settings.between_tickets import check_tickets
from terminal.settings.check import Checker, join
from terminal.settings.draft import ONSLIP, PLAYED, Block, Draft
from terminal.settings.plugins import SIMULATED

READER, ACCEPTOR, RELEASE, MACHINE, PRINTER = "reader", "coin_acceptor", "release", "machine", "printer"
_NEEDS = {
    "vending": ((READER,), (RELEASE, MACHINE)),
    "topup": ((READER,), (ACCEPTOR,)),
    "tickets": ((PRINTER,),),
}
_LACKS = {
    "wallet": "holds no wallets",
    "sales": "records no sales of this job",
    "reports": "takes no reports",
    "payments": "drives no card terminal",
    "catalogue": "knows no products",
}

UIDS = (("offline", "allow"), ("offline", "deny"), ("tickets", "staff"))
"""The options that name tokens: nobody else sees them whole."""

_UID = re.compile(r"([0-9A-F]{2}){3,10}")
_UID_WORDS = 'a UID: 6 to 20 upper-case hex digits without separators, like "04A1B2C3D4E5F6"'
_SOCKET_PATH = 107  # bytes; unix(7): sun_path holds 108 with the closing zero


def check_between(found: Draft, checker: Checker) -> None:
    """Note every mistake that no section has by itself."""
    for rule in (
        _secrets,
        _roles,
        _names,
        _needs,
        _receipts,
        _releases,
        _machine,
        _cash,
        _originals,
        _uids,
        _sandbox,
        _files,
        check_tickets,
        check_closing,
        check_servers,
    ):
        rule(found, checker)


def _secrets(found: Draft, checker: Checker) -> None:
    """Each backend has one place for its secret; the embedded server brings its own."""
    for block in found.backends.values():
        if block.sandbox and block.secrets:
            path = join(block.path, block.secrets[0])
            checker.wrong(path, "a place of the secret", 'none with url = "sandbox:"')
        elif {"credential", "token_file"} <= set(block.secrets):
            checker.wrong(block.path, "credential and token_file", "one of them")
        elif not block.secrets and not block.sandbox:
            hint = "the server's secret has a place of its own, outside this file"
            checker.wrong(block.path, "no place of the secret", 'credential = "…" or token_file = "…"', hint)


def _roles(found: Draft, checker: Checker) -> None:
    job = found.get("terminal", "job")
    for role, why in _needed_roles(found, job):
        if found.get("roles", role) == "":
            checker.wrong(
                f"roles.{role}", '""', f"the name of a backend: {words.choices(list(found.backends))}", why
            )
    for role, lack in _LACKS.items():
        name = found.get("roles", role)
        if not name:
            continue
        block = found.backends.get(name)
        if block is None:
            known = list(found.backends)
            expected = f"the name of a backend: {words.choices(known)}"
            checker.wrong(f"roles.{role}", words.found(name), expected, words.did_you_mean(name, known))
        elif block.plugin is not None and not _able(block, role, job):
            kind = block.head["type"]
            checker.wrong(f"roles.{role}", words.found(name), "another backend", f"{kind} {lack}")


def _able(block: Block, role: str, job: str | None) -> bool:
    """Return whether a backend can play a role, with the options that it has."""
    plugin = block.plugin
    without = getattr(plugin, "without", {})
    kinds = {
        kind
        for kind in getattr(plugin, "kinds", ())
        if kind not in without or block.options.get(without[kind][0]) != without[kind][1]
    }
    match role:
        case "wallet":
            return hasattr(plugin, "balance")
        case "catalogue":
            return hasattr(plugin, "terminal")
        case "payments":
            return hasattr(plugin, "start_payment")
        case "reports":
            return EntryKind.REPORT in kinds
        case _:
            wanted = {"tickets": EntryKind.SALE, "vending": EntryKind.RECORD}.get(job or "")
            return wanted is None or wanted in kinds


def _needed_roles(found: Draft, job: str | None) -> Iterator[tuple[str, str]]:
    """Give the roles that somebody must play, and why."""
    if job in ("vending", "topup"):
        yield "wallet", f'the job "{job}" moves money on wallets'
    if job == "tickets":
        yield "sales", 'the job "tickets" records its sales there'
        ways = {*(found.get("tickets", "change") or ()), *(found.get("tickets", "refund") or ())}
        if "wallet" in (found.get("tickets", "pay") or ()):
            yield "wallet", 'tickets.pay has "wallet"'
        elif "credit" in ways:
            yield "wallet", 'tickets.change or tickets.refund has "credit"'


def _names(found: Draft, checker: Checker) -> None:
    count = Counter(block.head["name"] for block in found.devices if "name" in block.head)
    for name, times in count.items():
        if times > 1:
            checker.wrong("devices", f"{times} devices named {words.found(name)}", "another name for each")


def _needs(found: Draft, checker: Checker) -> None:
    job = found.get("terminal", "job")
    if job is None or not found.devices or any("role" not in block.head for block in found.devices):
        return
    roles = {block.head["role"] for block in found.devices}
    for any_of in _NEEDS[job]:
        if not roles.intersection(any_of):
            named = " or ".join(f'"{role}"' for role in any_of)
            checker.wrong("devices", f"no device with role = {named}", f'at least one for the job "{job}"')


def _receipts(found: Draft, checker: Checker) -> None:
    """Where none could ever be printed, a receipt that is required would keep the slot closed for ever."""
    if not found.get("topup", "receipt_required") or found.get("terminal", "job") != "topup":
        return
    if found.get("topup", "receipt_mode") == "never":
        checker.wrong("topup.receipt_required", "true", 'false, because topup.receipt_mode is "never"')
    elif PRINTER not in {block.head.get("role") for block in found.devices}:
        checker.wrong("topup.receipt_required", "true", 'a device with role = "printer", or false')


def _releases(found: Draft, checker: Checker) -> None:
    known = list(dict.fromkeys(block.head["name"] for block in found.devices if _is_release(block)))
    named: list[tuple[str, str]] = [
        (join("vending.releases", product), name)
        for product, name in (found.get("vending", "releases") or {}).items()
    ]
    usual = found.get("vending", "release")
    if usual:
        named.append(("vending.release", usual))
    for path, name in named:
        if name not in known:
            expected = f'the name of a device with role = "release": {words.choices(known)}'
            checker.wrong(path, words.found(name), expected, words.did_you_mean(name, known))
    if usual == "" and len(known) > 1 and found.get("terminal", "job") == "vending":
        hint = "it gives out the products that `releases` does not name"
        checker.wrong("vending.release", '"" with several release devices', words.choices(known), hint)


def _cash(found: Draft, checker: Checker) -> None:
    """Who is to pay money back must be able to; a limit of a cash box names who fills it."""
    payers = [
        block.head["name"]
        for block in found.devices
        if "name" in block.head and hasattr(block.plugin, "pay_out")
    ]
    for number, name in enumerate(found.get("cash", "payouts") or (), 1):
        if name not in payers:
            expected = f"the name of a hopper or changer that pays out: {words.choices(payers)}"
            path = f"cash.payouts[{number}]"
            checker.wrong(path, words.found(name), expected, words.did_you_mean(name, payers))
    acceptors = [
        block.head["name"]
        for block in found.devices
        if "name" in block.head and block.head.get("role") == ACCEPTOR
    ]
    for option in ("box_pieces", "box_amount"):
        for name in found.get("cash", option) or {}:
            if name not in acceptors:
                expected = f'the name of a device with role = "coin_acceptor": {words.choices(acceptors)}'
                path = join(f"cash.{option}", name)
                checker.wrong(path, words.found(name), expected, words.did_you_mean(name, acceptors))


def _machine(found: Draft, checker: Checker) -> None:
    """A machine that asks for payment has one customer, who chooses there and nowhere else."""
    roles = Counter(block.head.get("role") for block in found.devices)
    if not roles[MACHINE]:
        return
    what = f'a device with role = "{MACHINE}"'
    if roles[MACHINE] > 1:
        checker.wrong("devices", f'{roles[MACHINE]} devices with role = "{MACHINE}"', "one for each terminal")
    if roles[RELEASE]:
        hint = "the machine gives out by itself what it asks payment for"
        checker.wrong("devices", f'{what} beside one with role = "{RELEASE}"', "one of the two roles", hint)
    job = found.get("terminal", "job")
    if job in ("topup", "tickets"):
        checker.wrong("devices", what, f'none for the job "{job}"')
    for option in ("one_product", "confirm"):
        if found.get("vending", option):
            hint = "its customers choose at the machine, one piece at a time"
            checker.wrong(f"vending.{option}", f"{option} beside {what}", "nothing", hint)


def _is_release(block: Block) -> bool:
    return block.head.get("role") == RELEASE and "name" in block.head


def _originals(found: Draft, checker: Checker) -> None:
    """A reader that never asks for the proof would leave every token refused."""
    if not found.get("reading", "require_original"):
        return
    for block in found.devices:
        if block.head.get("role") != READER or block.plugin is None:
            continue
        if "check_original" not in block.plugin.Options.__struct_fields__:
            driver = words.found(block.head.get("driver"))
            expected = "a driver that can check originals, as reading.require_original asks for"
            checker.wrong(join(block.path, "driver"), driver, expected)
        elif not block.options.get("check_original"):
            expected = "true, because reading.require_original is true"
            checker.wrong(join(block.path, "check_original"), "false", expected)


def _uids(found: Draft, checker: Checker) -> None:
    for path, uid in _written_uids(found):
        if not _UID.fullmatch(uid):
            tidy = re.sub(r"[\s:.-]", "", uid).upper()
            hint = "write it in upper case without separators" if _UID.fullmatch(tidy) else ""
            checker.wrong(path, words.found(mask(uid)), _UID_WORDS, hint)
    both = set(found.get("offline", "allow") or ()) & set(found.get("offline", "deny") or ())
    for uid in sorted(both):
        checker.wrong("offline.deny", words.found(mask(uid)), "a UID that `allow` does not name too")


def _written_uids(found: Draft) -> Iterator[tuple[str, str]]:
    for section, option in UIDS:
        for number, uid in enumerate(found.get(section, option) or (), 1):
            yield f"{section}.{option}[{number}]", uid
    for number, wallet in enumerate(found.get("sandbox", "wallets") or (), 1):
        yield f"sandbox.wallets[{number}].token", wallet.token
    for number, delegate in enumerate(found.get("sandbox", "delegates") or (), 1):
        yield f"sandbox.delegates[{number}].token", delegate.token


def _sandbox(found: Draft, checker: Checker) -> None:
    """The embedded server is for testers: real money must never meet it."""
    enabled = found.get("sandbox", "enabled")
    if enabled:
        for block in found.devices:
            driver = block.head.get("driver")
            if driver is not None and driver != SIMULATED:
                expected = f'"{SIMULATED}" for every device beside the embedded server'
                checker.wrong(join(block.path, "driver"), words.found(driver), expected)
    for block in found.backends.values():
        if block.sandbox and enabled is False:
            checker.wrong(
                join(block.path, "url"), '"sandbox:"', "the address of a server", "[sandbox] is not enabled"
            )
        elif block.sandbox:
            _played(block, found, checker)


def _played(block: Block, found: Draft, checker: Checker) -> None:
    """The embedded server plays some servers only if it is told to, and has one company."""
    kind = block.head.get("type")
    if kind in PLAYED and found.get("sandbox", kind) is False:
        checker.wrong(f"sandbox.{kind}", "false", f'true, because {block.path} is of the type "{kind}"')
    realm, own = block.options.get("realm"), found.get("sandbox", "onslip_realm")
    if kind == ONSLIP and None not in (realm, own) and realm != own:
        expected = f"{words.found(own)}, the realm of the embedded server (sandbox.onslip_realm)"
        checker.wrong(join(block.path, "realm"), words.found(realm), expected)


def _files(found: Draft, checker: Checker) -> None:
    socket = found.get("control", "socket")
    if socket and len(bytes(Path(socket).absolute())) > _SOCKET_PATH:
        expected = f"a path of at most {_SOCKET_PATH} bytes in all"
        checker.wrong("control.socket", words.found(socket), expected, "the system allows no longer socket")
    journal, key = found.get("journal", "path"), found.get("journal", "key_file")
    if journal and key and Path(journal).absolute() == Path(key).absolute():
        checker.wrong("journal.key_file", words.found(key), "another file than the journal's")
