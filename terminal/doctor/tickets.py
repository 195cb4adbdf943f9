"""What only a kiosk for tickets needs: the key that signs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from terminal.doctor import secret_files
from terminal.doctor.case import Case
from terminal.doctor.finding import Finding, not_checked, ok, trouble
from terminal.doctor.system import Hidden
from terminal.settings import SecretError, read_key
from terminal.tickets.signed import CannotSign, read_private_key


def signing_key(case: Case) -> Iterator[Finding]:
    """Whether the key that signs tickets can be used by who signs, and read by nobody else."""
    check = "signing key"
    if case.settings is None or case.settings.terminal.job != "tickets" or not case.settings.codes.sign:
        return
    codes = case.settings.codes
    path = secret_files.place(case, codes.sign_credential, codes.sign_key_file)
    if path is None:
        yield secret_files.no_place(case, check, codes.sign_credential)
        return
    make = ("it is made once, and its public half goes to the gates", f"sudo terminalctl ticket key new {path}")
    found = secret_files.unfit(case, check, path, make, handed_over=bool(codes.sign_credential))
    yield found or _judged(case, check, path)


def _judged(case: Case, check: str, path: str) -> Finding:
    if case.system.uid and not case.system.readable(path):
        raise Hidden(path)
    if not case.system.has_module("cryptography"):
        return not_checked(check, f"{path} is there; without the library that signs nobody can tell more.")
    try:
        pem, place = read_key(Path(case.system.path(path)))
        signer = read_private_key(pem, place)
    except (SecretError, CannotSign) as error:
        return trouble(check, str(error), f"sudo terminalctl ticket key show {path}")
    return ok(check, f"{path} can be used, and is not open to everybody: key {signer.key}.")
