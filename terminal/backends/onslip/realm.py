"""What a realm of Onslip tells of us, and its lists, kept so that what is unchanged is not sent again."""

from __future__ import annotations

import logging
import threading
from http import HTTPStatus
from typing import TypeVar

from terminal.backends.onslip.models import Entity, Unreadable, read, read_stored
from terminal.backends.onslip.models_realm import ClientInfo, missing
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found, Listed, Unchanged
from terminal.backends.onslip.rest_paths import entity, listing
from terminal.core.delivery import Answer, Outcome

_LOG = logging.getLogger(__name__)
_E = TypeVar("_E", bound=Entity)


class Realm:
    """The realm as the server tells of it; for any thread.

    Args:
        rest: Speaks with it.
        name: What the backend is called in the configuration.
    """

    def __init__(self, rest: Onslip, name: str) -> None:
        self._rest = rest
        self._name = name
        self._lock = threading.Lock()
        self._info: ClientInfo | None = None
        self._lists: dict[str, Listed] = {}
        self._single: dict[str, Found] = {}

    @property
    def known(self) -> ClientInfo | None:
        """Who we were when the server was asked last; None: it was not asked yet."""
        with self._lock:
            return self._info

    def info(self, timeout_s: float) -> ClientInfo | Answer:
        """Ask who we are, and what we may do."""
        found = self._rest.client_info(timeout_s)
        if isinstance(found, Answer):
            return found
        try:
            info = read(ClientInfo, found.body)
        except Unreadable as error:
            return Answer(Outcome.UNKNOWN, f"{error}: check the url")
        with self._lock:
            self._info = info
        return info

    def entities(self, name: str, kind: type[_E], timeout_s: float) -> tuple[_E, ...] | Answer:
        """Return a whole list, such as ``products``; what cannot be read is left out, and the log says so."""
        with self._lock:
            before = self._lists.get(name)
        found = self._rest.list(
            listing(self._rest.realm, name), timeout_s, etag=before.etag if before is not None else ""
        )
        if isinstance(found, Answer):
            return found
        if isinstance(found, Unchanged):
            found = before or Listed(())
        elif found.etag:
            with self._lock:
                self._lists[name] = found
        readable: list[_E] = []
        for each in found.entities:
            try:
                readable.append(read_stored(kind, each))
            except Unreadable as error:
                _LOG.warning("%s: one of %s is left out: %s", self._name, name, error)
        return tuple(readable)

    def entity(self, name: str, kind: type[_E], id_: int, timeout_s: float) -> _E | Answer:
        """Return one entity of a list."""
        found = self.versioned(name, kind, id_, timeout_s)
        return found if isinstance(found, Answer) else found[0]

    def versioned(self, name: str, kind: type[_E], id_: int, timeout_s: float) -> tuple[_E, str] | Answer:
        """Return one entity of a list, and the ETag by which it can be changed."""
        if timeout_s <= 0:
            return Answer(Outcome.UNSENT, f"no time was left to read {name}/{id_}")
        path = entity(self._rest.realm, name, id_)
        with self._lock:
            before = self._single.get(path)
        found = self._rest.get(path, timeout_s, etag=before.etag if before is not None else "")
        if isinstance(found, Unchanged):
            found = before or Answer(Outcome.UNKNOWN, "304 to no condition")
        if isinstance(found, Answer):
            return found
        with self._lock:
            self._single[path] = found
        try:
            return read_stored(kind, found.body), found.etag
        except Unreadable as error:
            return Answer(Outcome.REFUSED, str(error))

    def allowed(self, part: str, timeout_s: float) -> ClientInfo | Answer:
        """Ask who we are; an Answer where that fails, or where *part* may not be used."""
        info = self.info(timeout_s)
        if isinstance(info, Answer):
            return info
        return lacking(part, info) or info


def lacking(part: str, info: ClientInfo) -> Answer | None:
    """Return why *part* (a key of ``onslip.models_realm.NEEDS``) cannot be used; None: it can."""
    found = missing(part, info)
    if not found:
        return None
    words = f"for the {part} the key lacks {', '.join(found)}: have it given in the back office"
    return Answer(Outcome.DENIED, words, HTTPStatus.FORBIDDEN)
