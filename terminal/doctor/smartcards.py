"""The PC/SC service: is it there, does it answer, does it let the daemon's user in."""

from __future__ import annotations

from collections.abc import Iterator

from terminal.doctor.case import Case
from terminal.doctor.finding import Finding, not_checked, ok, trouble
from terminal.doctor.system import Hidden

_PROGRAMS = ("/usr/sbin/pcscd", "/usr/bin/pcscd", "/usr/local/sbin/pcscd")
_SOCKET = "/run/pcscd/pcscd.comm"
_POLICY = "/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy"
_RULES = ("/etc/polkit-1/rules.d", "/run/polkit-1/rules.d", "/usr/share/polkit-1/rules.d")
_ACTIONS = ("org.debian.pcsc-lite.access_pcsc", "org.debian.pcsc-lite.access_card")
_ALLOW = (
    "sudo install -m 644 systemd/terminald-polkit.rules /etc/polkit-1/rules.d/50-terminald.rules"
    " && sudo systemctl restart polkit pcscd"
)


def pcscd(case: Case) -> Iterator[Finding]:
    """Whether pcscd is installed and answers."""
    check = "pcscd"
    if "pcsc" not in case.drivers():
        return
    if not any(case.system.node(path) for path in _PROGRAMS):
        yield trouble(check, "pcscd is not installed, which PC/SC readers need.", "sudo apt-get install pcscd")
        return
    path = case.system.env.get("PCSCLITE_CSOCK_NAME") or _SOCKET
    if case.system.node(path) and case.system.answers(path):
        yield ok(check, "pcscd answers.")
    else:
        words = f"pcscd is installed and nobody answers on {path}."
        yield trouble(check, words, "sudo systemctl enable --now pcscd.socket")


def polkit(case: Case) -> Iterator[Finding]:
    """Whether a pcscd that asks polkit lets the daemon's user in."""
    check = "polkit"
    if "pcsc" not in case.drivers() or case.who.uid == 0 or not case.system.node(_POLICY):
        return
    user = case.who.name
    try:
        allowed = any(_allows(case, file) for folder in _RULES for file in _rules(case, folder))
    except Hidden as hidden:
        words = f"The rules of polkit ({hidden.path}) may not be read by you."
        yield not_checked(check, words, "sudo terminalctl doctor")
        return
    if allowed:
        yield ok(check, f"A rule lets {user} use smart card readers.")
    else:
        yield trouble(check, f"pcscd asks polkit, and no rule lets {user} use smart card readers.", _ALLOW)


def _rules(case: Case, folder: str) -> list[str]:
    if case.system.node(folder) and not case.system.may_list(folder):
        raise Hidden(folder)
    return case.system.names(f"{folder}/*.rules")


def _allows(case: Case, file: str) -> bool:
    text = case.system.read(file) or ""
    return case.who.name in text and all(action in text for action in _ACTIONS)
