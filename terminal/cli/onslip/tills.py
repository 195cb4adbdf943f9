"""The six calls that tills have, each settled: what an answer that got lost leaves open, a look decides."""

from __future__ import annotations

from terminal.backends.onslip.models_till import Till
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found, Overtaken
from terminal.backends.onslip.rest_paths import Search, entity, listing
from terminal.cli.errors import Trouble
from terminal.cli.onslip import words
from terminal.cli.onslip.fields import Body, differences, holds, needs, own
from terminal.core.delivery import Answer, Outcome

_SHOW = "show-tills"
_EDIT = "edit-tills"


class Tills:
    """The tills of a realm, as the server has them.

    Args:
        client: Who asks.
        timeout_s: For each request.

    Every method raises Trouble: it was refused, somebody else was faster, or it is not known.
    """

    def __init__(self, client: Onslip, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._list = listing(client.realm, "tills")

    def all(self, *, deleted: bool = False) -> list[Body]:
        """Return every till; on demand the deleted ones too."""
        listed = self._client.list(self._list, self._timeout_s, Search(deleted=deleted))
        return [_checked(each) for each in words.found(listed, "Listing the tills", _SHOW).entities]

    def get(self, id_: int) -> tuple[Body, str]:
        """Return a till and its ETag."""
        got = self._client.get(self._path(id_), self._timeout_s)
        found = words.found(got, f"Reading the till {id_}", _SHOW)
        return _checked(found.body), found.etag

    def add(self, body: Body) -> Body:
        """Add a till and return it."""
        doing = f"Adding the till {body.get('name')!r}"
        before = {each["id"] for each in self.all(deleted=True)}
        answer = self._client.post(self._list, body, self._timeout_s)
        if isinstance(answer, Found):
            return _checked(answer.body)
        if answer.outcome is Outcome.UNKNOWN:
            new = [it for it in self.all() if it["id"] not in before and it.get("name") == body.get("name")]
            if len(new) == 1:
                return new[0]
        raise words.trouble(answer, doing, _EDIT)

    def update(self, id_: int, change: Body, etag: str) -> Body:
        """Change some fields of the till that *etag* stands for, and return it."""
        doing = f"Changing the till {id_}"
        answer = self._client.patch(self._path(id_), change, self._timeout_s, etag=etag)
        if isinstance(answer, Found):
            return _checked(answer.body)
        if _in_doubt(answer):
            now, _ = self.get(id_)
            if holds(now, change):
                return now
        raise _trouble(answer, doing, *needs(change))

    def replace(self, id_: int, body: Body, etag: str) -> Body:
        """Put *body* in the place of the till that *etag* stands for, and return it."""
        answer = self._client.put(self._path(id_), body, self._timeout_s, etag=etag)
        if isinstance(answer, Found):
            return _checked(answer.body)
        if _in_doubt(answer):
            now, _ = self.get(id_)
            if not differences(own(now), own(body)):
                return now
        raise _trouble(answer, f"Replacing the till {id_}", _EDIT)

    def remove(self, id_: int) -> None:
        """Remove a till; the server keeps it, marked as deleted."""
        answer = self._client.delete(self._path(id_), self._timeout_s)
        if isinstance(answer, Found):
            return
        if answer.outcome is Outcome.UNKNOWN and all(each["id"] != id_ for each in self.all()):
            return
        raise words.trouble(answer, f"Removing the till {id_}", _EDIT)

    def _path(self, id_: int) -> str:
        return entity(self._client.realm, "tills", id_)


def _checked(body: Body) -> Body:
    words.stored(Till, body)
    return body


def _in_doubt(answer: Overtaken | Answer) -> bool:
    return isinstance(answer, Answer) and answer.outcome is Outcome.UNKNOWN


def _trouble(answer: Overtaken | Answer, doing: str, *wanted: str) -> Trouble:
    if isinstance(answer, Overtaken):
        return words.overtaken(answer, doing)
    return words.trouble(answer, doing, *wanted)
