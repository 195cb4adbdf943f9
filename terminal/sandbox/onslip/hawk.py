"""Who signed a request to the Onslip server: Hawk, read by code of its own, as strictly as the reference does.

After Mozilla's Hawk 1.1 with SHA-256. Order of checks and texts are those of the reference library.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import threading
from collections.abc import Callable

import msgspec

from terminal.httpd import Request
from terminal.sandbox.onslip.rules import OnslipRules, Refusal

_LONGEST = 4096
_ATTRIBUTE = re.compile(r'\s*([A-Za-z]+)="([^"\\]*)"\s*(,|$)')
_VALUE = re.compile(r"[ !#-\[\]-~]+")
_KNOWN = frozenset({"id", "ts", "nonce", "hash", "ext", "mac", "app", "dlg"})
_NEEDED = ("id", "ts", "nonce", "mac")
_HOST = re.compile(r"([^:\s\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_DEFAULT_PORT = "443"


class OnslipKey(msgspec.Struct, frozen=True):
    """A credential.

    Attributes:
        id: As it stands in a signature, such as ``key:kiosk+door1@demo.example``.
        secret: The raw bytes of the MAC key.
        user: Alias of whose it is; None: nobody's, as that of a bound device.
        till: The trusted device that it is bound to.
        journal: The external journal that it may write to.
        permissions: What it may do.
        acts_for: Aliases of users whom it may act for.
    """

    id: str
    secret: bytes
    user: str | None = None
    till: int | None = None
    journal: int | None = None
    permissions: frozenset[str] = frozenset()
    acts_for: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"OnslipKey({self.id!r})"


class Verifier:
    """Checks signatures, and remembers nonces for as long as their times are accepted.

    Args:
        find: Gives the credential of an id.
        rules: How the server behaves now.
        now_ms: The wall clock, in milliseconds.
    """

    def __init__(
        self,
        find: Callable[[str], OnslipKey | None],
        rules: Callable[[], OnslipRules],
        now_ms: Callable[[], int],
    ) -> None:
        self._find = find
        self._rules = rules
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str, str], int] = {}

    def passed(self, request: Request) -> OnslipKey:
        """Return who signed *request*; acting for another user, with that user in place of its own.

        Raises:
            Refusal: 400 for a header that is none, 401 for a signature that does not hold.
        """
        said = _attributes(request.headers.get("authorization"))
        key = self._possessing(said["id"])
        if key is None:
            raise _unauthorized("Unknown credentials")
        expected = _mac(key.secret, _header_text(request, said))
        if not hmac.compare_digest(expected.encode(), said["mac"].encode()):
            raise _unauthorized("Bad mac")
        self._check_payload(request, said)
        self._check_fresh(key, said)
        return key

    def _possessing(self, id_: str) -> OnslipKey | None:
        own, _, other = id_.partition(" ")
        key = self._find(own)
        if key is None or not other:
            return key
        realm = self._rules().realm
        match = re.fullmatch(r"usr:([^@\s]+)@(\S+)", other)
        if match is None or match[2] != realm or match[1] not in key.acts_for:
            return None
        return msgspec.structs.replace(key, user=match[1])

    def _check_payload(self, request: Request, said: dict[str, str]) -> None:
        rule = self._rules().payload_hash
        if rule == "unchecked" or (not request.body and "hash" not in said):
            return
        if "hash" not in said:
            raise _unauthorized("Missing required payload hash")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        for each in (kind, "") if rule == "empty-type" else (kind,):
            payload = f"hawk.1.payload\n{each}\n".encode() + request.body + b"\n"
            hashed = base64.b64encode(hashlib.sha256(payload).digest())
            if hmac.compare_digest(hashed, said["hash"].encode()):
                return
        raise _unauthorized("Bad payload hash")

    def _check_fresh(self, key: OnslipKey, said: dict[str, str]) -> None:
        rules = self._rules()
        now = self._now_ms() / 1000 + rules.clock_s
        ts = int(said["ts"])
        once = (key.id, said["ts"], said["nonce"])
        with self._lock:
            self._seen = {it: at for it, at in self._seen.items() if at >= now - rules.skew_s}
            if once in self._seen:
                raise _unauthorized("Invalid nonce")
            if abs(ts - now) <= rules.skew_s:
                self._seen[once] = ts
                return
        raise _unauthorized("Stale timestamp", _proof(key, int(now), rules))


def _proof(key: OnslipKey, now: int, rules: OnslipRules) -> str:
    if rules.proof == "none":
        return ""
    secret = key.secret if rules.proof == "right" else key.secret[::-1] + b"?"
    return f'ts="{now}", tsm="{_mac(secret, f"hawk.1.ts{chr(10)}{now}{chr(10)}")}", '


def _mac(secret: bytes, text: str) -> str:
    return base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode("ascii")


def _header_text(request: Request, said: dict[str, str]) -> str:
    match = _HOST.fullmatch(request.headers.get("host", ""))
    if match is None:
        raise Refusal(400, "bad-request", "Invalid Host header")
    lines = [
        "hawk.1.header", said["ts"], said["nonce"], request.method, request.target, match[1].lower(),
        match[2] or _DEFAULT_PORT, said.get("hash", ""), said.get("ext", ""),
    ]  # fmt: skip
    if "app" in said:
        lines += [said["app"], said.get("dlg", "")]
    return "".join(f"{line}\n" for line in lines)


def _attributes(header: str | None) -> dict[str, str]:
    if header is None or header.partition(" ")[0].lower() != "hawk":
        raise _unauthorized(None)
    if len(header) > _LONGEST:
        raise _malformed("Header length too long")
    text = header.partition(" ")[2].strip()
    said: dict[str, str] = {}
    place = 0
    while place < len(text):
        match = _ATTRIBUTE.match(text, place)
        if match is None or (match[3] == "," and match.end() == len(text)):
            raise _malformed("Bad header format")
        name, value, place = match[1], match[2], match.end()
        if name not in _KNOWN:
            raise _malformed("Unknown attribute: " + name)
        if not _VALUE.fullmatch(value):
            raise _malformed("Bad attribute value: " + name)
        if name in said:
            raise _malformed("Duplicate attribute: " + name)
        said[name] = value
    if not all(name in said for name in _NEEDED):
        raise _malformed("Missing attributes")
    if not re.fullmatch(r"[0-9]{1,12}", said["ts"]):
        raise _malformed("Bad attribute value: ts")
    return said


def _malformed(words: str) -> Refusal:
    return Refusal(400, "bad-request", words)


def _unauthorized(error: str | None, proof: str = "") -> Refusal:
    challenge = "Hawk" if error is None else f'Hawk {proof}error="{error}"'
    return Refusal(401, "unauthorized", error or "Unauthorized", {"WWW-Authenticate": challenge})


def raw_secret(text: str) -> bytes:
    """Return the bytes of a key as the back office shows it.

    Raises:
        ValueError: It is no base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("a key is base64") from None
