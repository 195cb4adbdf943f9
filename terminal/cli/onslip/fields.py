"""Fields of a till as they are shown, changed and compared. Pure: no server is asked here.

A till is what the server says it is: what this program does not know of it is shown and sent back as it came.
Secrets are shown as ``[secret]``; in a file that takes a till's place, that stands for what is there now.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import fields

from terminal.backends.onslip.json import read_json, write_json
from terminal.backends.onslip.models import SERVER_OWNED, Patch, Unreadable, read_patch
from terminal.backends.onslip.models_till import (
    AccountConfigPatch,
    CloudControlUnitPatch,
    CostCenterPatch,
    TillConfigPatch,
    TillPatch,
)
from terminal.cli import tables
from terminal.cli.errors import WrongUse

Body = dict[str, Any]

HIDDEN = "[secret]"
OWNED = SERVER_OWNED | {"client-user-agent"}
"""What the server alone writes of a till."""

_SECRETS = frozenset({"key", "password", "secret", "token"})
_EXTENDED = re.compile(r"_[a-z0-9]+(?:-[a-z0-9]+)+")
_WITHIN: Mapping[str, type[Patch]] = {
    "": TillPatch,
    "config": TillConfigPatch,
    "account-config": AccountConfigPatch,
    "account-config.cost-center": CostCenterPatch,
    "cloud-control-unit": CloudControlUnitPatch,
}
_NEEDS = {
    "device-id": "bind-tills",
    "device-key": "bind-tills",
    "control-unit-id": "bind-control-unit",
    "config": "edit-till-config",
    "account-config": "edit-location",
    "location": "edit-location",
}


# -- secrets -------------------------------------------------------------------------------------------


def is_secret(name: str) -> bool:
    """Return whether what a field of this name holds is never shown, known to us or not."""
    return not _SECRETS.isdisjoint(name.rpartition(".")[2].lower().split("-"))


def masked(value: Any, name: str = "") -> Any:
    """Return *value* with every secret in it hidden."""
    if value is not None and is_secret(name):
        return HIDDEN
    if isinstance(value, dict):
        return {each: masked(it, each) for each, it in value.items()}
    return [masked(each) for each in value] if isinstance(value, list) else value


def unmasked(wanted: Any, there: Any, path: str = "") -> Any:
    """Return *wanted* with the secrets of *there* where it says only that there is one.

    Raises:
        WrongUse: There is none.
    """
    if wanted == HIDDEN and is_secret(path):
        if not isinstance(there, str):
            raise WrongUse(f"{path} is {HIDDEN}, but the server shows none: write it, or leave it out.")
        return there
    if isinstance(wanted, dict):
        known = there if isinstance(there, dict) else {}
        return {each: unmasked(it, known.get(each), _join(path, each)) for each, it in wanted.items()}
    if isinstance(wanted, list):
        known_list = there if isinstance(there, list) else []
        return [
            unmasked(each, known_list[at] if at < len(known_list) else None, f"{path}[{at}]")
            for at, each in enumerate(wanted)
        ]
    return wanted


# -- what is shown -------------------------------------------------------------------------------------


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Give each field that holds something, by its path, as a text without secrets."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from leaves(each, _join(path, name))
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for at, each in enumerate(value):
            yield from leaves(each, f"{path}[{at}]")
    elif value is not None:
        yield path, _shown(path, value)


def differences(before: Body, after: Body) -> list[tuple[str, str, str]]:
    """Return what differs: the path, what was, and what is; of secrets, that they differ."""
    was, will = _bare(before), _bare(after)
    return [
        (path, _shown(path, was.get(path)), _shown(path, will.get(path)))
        for path in dict.fromkeys([*was, *will])
        if was.get(path) != will.get(path)
    ]


def own(body: Body) -> Body:
    """Return what of a till is not the server's own."""
    return {name: each for name, each in body.items() if name not in OWNED | {"deleted"} and each is not None}


def _bare(value: Any, path: str = "") -> dict[str, Any]:
    """Return every leaf, secrets and all: never shown."""
    if isinstance(value, dict) and value:
        return {key: it for name, each in value.items() for key, it in _bare(each, _join(path, name)).items()}
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return {key: it for at, each in enumerate(value) for key, it in _bare(each, f"{path}[{at}]").items()}
    return {} if value is None else {path: value}


def _shown(path: str, value: Any) -> str:
    if value is None:
        return ""
    if is_secret(path):
        return HIDDEN
    return tables.clean(value if isinstance(value, str) else write_json(value).decode())


# -- what is changed -----------------------------------------------------------------------------------


def change(sets: Sequence[str], clears: Sequence[str], file: Body | None) -> Body:
    """Return the body of a PATCH.

    Args:
        sets: Each ``field=value``.
        clears: Fields.
        file: What else is to change; it has the first word.

    Raises:
        WrongUse: One cannot be, or nothing is to change.
    """
    body: Body = dict(file or {})
    _check_owned(body)
    _checked(body)
    for each in sets:
        path, equals, text = each.partition("=")
        if not equals:
            raise WrongUse(f"--set {each}: expected field=value, such as description='By the door'.")
        if is_secret(path):
            raise WrongUse(f"--set {path}: a secret does not belong on a command line. Write it into a --file.")
        _put(body, path, _value(path, text), "--set")
    for path in clears:
        _check_known(path, "--clear")
        _checked(_nested(path, None))
        _put(body, path, None, "--clear")
    if not body:
        raise WrongUse("Nothing is to change: say what by --set, --clear or --file.")
    return body


def needs(body: Body) -> tuple[str, ...]:
    """Return the least permissions that a change needs."""
    return tuple(sorted({_NEEDS.get(name, "edit-tills") for name in body}))


def holds(body: Any, wanted: Any) -> bool:
    """Return whether *body* is what a change to *wanted* makes of it."""
    if isinstance(wanted, dict):
        there = body if isinstance(body, dict) else {}
        return all(holds(there.get(name), each) for name, each in wanted.items())
    return bool(body == wanted)


def read_body(raw: bytes, name: str) -> Body:
    """Return the object in a file.

    Raises:
        WrongUse: It holds something else.
    """
    try:
        found = read_json(raw)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise WrongUse(f"{name}: expected a JSON object, as `terminalctl onslip till show --json` prints one.")
    return found


def _value(path: str, text: str) -> Any:
    """Return what *text* stands for in a field: a text where the field holds one, else JSON."""
    _check_known(path, "--set")
    try:
        _read(_nested(path, text))
    except Unreadable:
        try:
            value = read_json(text.encode())
        except ValueError:
            value = text
        if value is None:
            raise WrongUse(f"--set {path}: use --clear {path}.") from None
        _checked(_nested(path, value))
        return value
    return text


def _check_known(path: str, option: str) -> None:
    inner, _, name = path.rpartition(".")
    known = _names(inner) if inner in _WITHIN else set()
    if path in OWNED:
        raise WrongUse(f"{option} {path}: only the server writes it.")
    if name in known or (_EXTENDED.fullmatch(name) and inner in _WITHIN):
        return
    every = sorted(_join(within, each) for within in _WITHIN for each in _names(within))
    near = difflib.get_close_matches(path, every, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(every)}."
    raise WrongUse(f"{option} {path}: a till has no such field; {hint}")


def _names(within: str) -> set[str]:
    return {each.encode_name for each in fields(_WITHIN[within])}


def _check_owned(body: Body) -> None:
    owned = sorted(OWNED & body.keys())
    if owned:
        raise WrongUse(f"{owned[0]}: only the server writes it; take it out of the file.")


def _checked(body: Body) -> None:
    try:
        _read(body)
    except Unreadable as error:
        raise WrongUse(f"This cannot be: {error}.") from None


def _read(body: Body) -> None:
    read_patch(TillPatch, body)


def _nested(path: str, value: Any) -> Body:
    for name in reversed(path.split(".")):
        value = {name: value}
    found: Body = value
    return found


def _put(body: Body, path: str, value: Any, option: str) -> None:
    *within, name = path.split(".")
    for each in within:
        inner = body.setdefault(each, {})
        if not isinstance(inner, dict):
            raise WrongUse(f"{option} {path}: {each} is cleared as a whole.")
        body = inner
    body[name] = value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
