"""Servers and their secrets: can they be read, does the server answer, does it accept this terminal.

The question is the adapter's own for the terminal's products: it books nothing. No secret is ever in a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from terminal import backends
from terminal.backends.protocol import TerminalInfo
from terminal.core.delivery import Answer, Outcome
from terminal.doctor import secret_files
from terminal.doctor.case import Case
from terminal.doctor.finding import Finding, not_checked, ok, trouble, warning
from terminal.doctor.system import Hidden
from terminal.settings import BackendSettings, SecretError
from terminal.settings.draft import ONSLIP, SATELLITE
from terminal.settings.secrets import FileSecret

WITHIN_S = 10.0
"""How long a server may take to answer."""

_SECRETS = {
    ONSLIP: 'write {"key_id":"…","key":"…"} into it, both as the back office shows them',
    "kensium": 'write {"client_id":"…","client_secret":"…"} into it, of an application of the tenant',
    "onlinepos": 'write {"token":"…","firmaid":1234,"key":"…"} into it, as OnlinePOS support gives them out',
}
"""What each type's secret is, where it is more than one word."""


def secrets(case: Case) -> Iterator[Finding]:
    """Whether each server's secret can be read by who needs it, and by nobody else."""
    for backend in _real(case):
        check = f"secret of {backend.name}"
        path = _file(case, backend)
        if path is None:
            yield secret_files.no_place(case, check, backend.credential)
            continue
        try:
            yield _secret(case, backend, check, path)
        except Hidden as hidden:
            words = f"{hidden.path} may not be looked at by you."
            yield not_checked(check, words, "sudo terminalctl doctor")


def _real(case: Case) -> list[BackendSettings]:
    found = case.settings.backends.values() if case.settings else ()
    return [backend for backend in found if not backend.sandbox]


def _file(case: Case, backend: BackendSettings) -> str | None:
    return secret_files.place(case, backend.credential, backend.token_file)


def _secret(case: Case, backend: BackendSettings, check: str, path: str) -> Finding:
    make = _make(backend, path)
    found = secret_files.unfit(case, check, path, make, handed_over=bool(backend.credential))
    if found is not None:
        return found
    try:
        _reader(case, backend, path)()
    except SecretError as error:
        if case.system.uid and not case.system.readable(path):
            raise Hidden(path) from None
        return trouble(check, str(error), make[1])
    return ok(check, f"{path} can be used, and is not open to everybody.")


def _make(backend: BackendSettings, path: str) -> tuple[str, str]:
    """Return how a secret comes into its file: in words, and the command."""
    if backend.type == SATELLITE:
        command = f"sudo terminalctl satellite discover --backend {backend.name} --out {path}"
        return "the server's device discovery fills it", command
    what = _SECRETS.get(backend.type, "write the secret into it")
    return what, f"sudo install -m 400 /dev/stdin {path}"


def _reader(case: Case, backend: BackendSettings, path: str) -> Callable[[], str]:
    return FileSecret(backend.name, Path(case.system.path(path)))


def answers(case: Case) -> Iterator[Finding]:
    """Whether each server answers, and accepts this terminal."""
    for backend in _real(case):
        check = f"server {backend.name}"
        path = _file(case, backend)
        if path is None or not case.system.readable(path):
            yield _reached(case, backend, check)
        else:
            yield _asked(case, backend, check, _reader(case, backend, path))


def _reached(case: Case, backend: BackendSettings, check: str) -> Finding:
    """Knock only: without the secret there is nothing to ask."""
    options: Any = backend.options
    url = urlsplit(options.url)
    tls = url.scheme == "https"
    port = url.port or (443 if tls else 80)
    why = case.system.dial(url.hostname or "", port, tls=tls, ca_file=getattr(options, "ca_file", ""))
    if why:
        return trouble(check, f"{_name(backend)} cannot be reached: {why}.", _look(url.hostname or ""))
    words = f"{_name(backend)} is there; whether it accepts this terminal is not known without its secret."
    return not_checked(check, words, "sudo terminalctl doctor")


def _asked(case: Case, backend: BackendSettings, check: str, secret: Callable[[], str]) -> Finding:
    adapter = backends.find(backend.type)(
        backend.name,
        backend.options,
        terminal_id=case.settings.terminal.id if case.settings else "",
        credential=secret,
        **(backends.placed(backend.type, case.settings.plays(backend.name)) if case.settings else {}),
    )
    try:
        ask = getattr(adapter, "terminal", None)
        if ask is None:
            return _reached(case, backend, check)
        return _judged(case, backend, check, ask(WITHIN_S))
    finally:
        adapter.close()


def _judged(case: Case, backend: BackendSettings, check: str, answer: TerminalInfo | Answer) -> Finding:
    name = _name(backend)
    if isinstance(answer, TerminalInfo):
        if not answer.products and _must_tell_products(case, backend):
            return warning(check, f"{name} accepts this terminal and gives it no products to sell.")
        products = f"; {len(answer.products)} products" if answer.products else ""
        return ok(check, f"{name} accepts this terminal{products}.")
    if answer.outcome is Outcome.DENIED:
        known = answer.status == HTTPStatus.FORBIDDEN
        advice = "Have it allowed that on the server" if known else "Put the right secret into its file"
        words = f"{name} does not accept this terminal: {answer.words}. {advice}."
        return trouble(check, words, "terminalctl sync now")
    if answer.outcome is Outcome.BUSY:
        return warning(check, f"{name} is there and busy: {answer.words}.")
    if answer.outcome is Outcome.REFUSED:
        words = f"{name} answers, but not what it is asked: {answer.words}. Check the url and the dialect."
        return trouble(check, words, f"terminalctl config show | grep -A9 'backends.{backend.name}'")
    host = urlsplit(getattr(backend.options, "url", "")).hostname or ""
    return trouble(check, f"{name} cannot be asked: {answer.words}.", _look(host))


def _must_tell_products(case: Case, backend: BackendSettings) -> bool:
    """Return whether without this server's products there is nothing to sell."""
    settings = case.settings
    if settings is None or settings.roles.catalogue != backend.name:
        return False
    own = settings.tickets.products if settings.terminal.job == "tickets" else ()
    return not own or any(product.price is None for product in own)


def _name(backend: BackendSettings) -> str:
    url = urlsplit(getattr(backend.options, "url", ""))
    return f"{url.scheme}://{url.hostname}{f':{url.port}' if url.port else ''}"


def _look(host: str) -> str:
    return f"getent hosts {host}; ip route; ping -c 3 {host}"
