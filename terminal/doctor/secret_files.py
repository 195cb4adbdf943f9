"""Files that hold a secret: is it there, can it be read by who needs it and nobody else. None is read here."""

from __future__ import annotations

from terminal.doctor.case import Case
from terminal.doctor.finding import Finding, not_checked, trouble
from terminal.doctor.unit import NAME
from terminal.doctor.who import READ, may

_EVERYBODY = 0o007


def place(case: Case, credential: str, file: str) -> str | None:
    """Return where a secret stands; None: systemd knows, or nobody does (`no_place`)."""
    if not credential:
        return file
    return case.unit.credentials.get(credential) or None


def no_place(case: Case, check: str, name: str) -> Finding:
    """Say why nobody can tell where the file of the credential *name* is."""
    if name in case.unit.credentials:
        return not_checked(
            check, f"systemd decrypts the credential {name} at the start; it cannot be read here."
        )
    if not case.unit.file:
        return not_checked(check, f"The credential {name} comes from {NAME}, which is not installed.")
    where, drop_ins = f"/etc/terminal/{name}", f"/etc/systemd/system/{NAME}.d"
    return trouble(
        check,
        f"{case.unit.file} gives the terminal no credential {name}.",
        f"sudo mkdir -p {drop_ins} && printf '[Service]\\nLoadCredential={name}:{where}\\n'"
        f" | sudo tee {drop_ins}/{name}.conf && sudo systemctl daemon-reload",
    )


def unfit(case: Case, check: str, path: str, make: tuple[str, str], *, handed_over: bool) -> Finding | None:
    """Say what is wrong with the file of a secret; None: nothing that shows from outside.

    Args:
        case: The machine.
        check: What is looked at.
        path: The file.
        make: What to do where it is not there: in words, and the command.
        handed_over: Whether systemd reads it, as root, or else the daemon itself.
    """
    node = case.system.node(path)
    if node is None:
        return trouble(check, f"{path} is not there: {make[0]}.", make[1])
    if node.mode & _EVERYBODY:
        words = f"{path} is open to everybody (mode {node.mode:04o}): close it, and replace the secret."
        return trouble(check, words, f"sudo chmod o= {path}")
    if not handed_over and not may(case.who, node, READ):
        who = case.who.name
        return trouble(
            check, f"{who} may not read {path}.", f"sudo chgrp {who} {path} && sudo chmod 640 {path}"
        )
    return None
