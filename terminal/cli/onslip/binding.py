"""Binding a till to this machine: at most one machine wins, and none wins without its key on disk.

The key is on disk before the server hears of it. The change says by If-Match which version it is based on, and
is the same each time: a second one can do no more than the first. Where an answer got lost, a look decides.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence

from terminal.backends.onslip.models import plainly
from terminal.backends.onslip.models_rules import EXTERNAL_JOURNAL, Refused, binding, bound_to_us
from terminal.backends.onslip.models_till import Till
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Overtaken
from terminal.backends.onslip.rest_paths import entity, listing
from terminal.backends.onslip.rest_place import Credentials
from terminal.cli import tables
from terminal.cli.errors import Trouble, WrongUse
from terminal.cli.onslip import access, words
from terminal.cli.onslip.access import Server
from terminal.cli.onslip.keyfile import KeyFile, Unfinished
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value, replace

FORMS = ("till:{id}@{realm}", "device:{device}@{realm}", "client:{id}@{realm}", "till:{device}@{realm}")
"""How a bound device may be called: the documentation that is open to all does not say it. Tried in turn."""

_TRIES = 5


class Proof(Value, frozen=True):
    """What signing with the key of the till has shown.

    Attributes:
        form: Of the key id that works; empty: none does.
        credentials: What the daemon signs with then.
        words: Why nothing is known, where the server could not be asked.
    """

    form: str = ""
    credentials: Credentials | None = None
    words: str = ""


def choose(client: Onslip, device_id: str, timeout_s: float) -> Till:
    """Return the only till that nothing is bound to.

    Raises:
        Trouble: There is none, this machine has one already, or the server does not tell.
        WrongUse: There are several.
    """
    listed = words.found(
        client.list(listing(client.realm, "tills"), timeout_s), "Listing the tills", "show-tills"
    )
    tills = [words.stored(Till, each) for each in listed.entities]
    ours = next((each for each in tills if each.device_id == device_id), None)
    if ours is not None:
        raise Trouble(
            f"The till {ours.id} {tables.clean(ours.name)!r} has the device id {device_id!r} already: this "
            "machine is bound to it, or another that has the same id. If you are sure, name a till and another "
            "--device-id."
        )
    free = [each for each in tills if is_free(each) and each.type != EXTERNAL_JOURNAL]
    if len(free) == 1:
        return free[0]
    if not free:
        raise Trouble(
            "Every till of the realm is bound, or there is none: add one (terminalctl onslip till add), or "
            "have device-id and device-key of one cleared in the back office."
        )
    rows = [(each.id, each.name, each.description) for each in free]
    raise WrongUse(f"Which till? Name one of these:\n\n{tables.table(('id', 'name', 'description'), rows)}")


def is_free(till: Till) -> bool:
    """Return whether a machine may bind itself to *till*."""
    return till.deleted is None and till.device_id is None and till.device_key is None


def read_till(client: Onslip, id_: int, timeout_s: float) -> tuple[Till, str]:
    """Return a till and its ETag.

    Raises:
        Trouble: It cannot be read.
    """
    path = entity(client.realm, "tills", id_)
    found = words.found(client.get(path, timeout_s), f"Reading the till {id_}", "show-tills")
    return words.stored(Till, found.body), found.etag


def bind(client: Onslip, mine: Unfinished, keys: KeyFile, timeout_s: float, *, doubt: bool) -> Till | None:
    """Bind a till to *mine*, which is on disk, and return it; None: whose it is, the server does not tell.

    Args:
        client: With a key that may bind.
        mine: What the till is bound to.
        keys: Where that is kept; what surely opens nothing is dropped from it.
        timeout_s: For each request.
        doubt: Whether it may have been sent before.

    Raises:
        Trouble: Somebody else has it, it was refused, or it is not known.
    """
    failed = Trouble(f"The till {mine.till} changes faster than it can be bound: try again.")
    refused = False
    for _ in range(_TRIES):
        try:
            till, etag = read_till(client, mine.till, timeout_s)
        except Trouble as error:
            failed = error
            continue
        if not is_free(till):
            ours = bound_to_us(till, mine.device_id, b64decode(mine.key)) if doubt else False
            if ours is False:
                keys.drop()
                raise _lost(till, mine)
            return till if ours else None
        if refused and not doubt:
            break  # nobody has it: the refusal was meant
        answer = _sent(client, till, etag, mine, timeout_s)
        if isinstance(answer, Till):
            return answer
        if isinstance(answer, Answer):
            doubt = doubt or answer.outcome is Outcome.UNKNOWN
            refused, failed = True, words.trouble(answer, f"Binding the till {till.id}", "bind-tills")
    if doubt:
        hint = f"The key is kept in {keys.pending}: run the same command again to find out."
        raise Trouble(f"It is not known whether the till {mine.till} is bound to this machine. {hint}")
    keys.drop()
    raise failed


def _sent(client: Onslip, till: Till, etag: str, mine: Unfinished, timeout_s: float) -> Till | Answer | None:
    """Send the change, and return the till if that worked; None: somebody was faster, whoever it was."""
    if not etag:
        return Answer(Outcome.REFUSED, "the server gives no version (ETag) of the till to base a change on")
    change = plainly(binding(till, mine.device_id, b64decode(mine.key)))
    done = client.patch(entity(client.realm, "tills", mine.till), change, timeout_s, etag=etag)
    if isinstance(done, Overtaken):
        return None
    return done if isinstance(done, Answer) else replace(till, device_id=mine.device_id)


def _lost(till: Till, mine: Unfinished) -> Trouble:
    if till.device_id == mine.device_id:
        return Trouble(
            f"The till {till.id} {tables.clean(till.name)!r} is bound to another machine that has the same "
            f"device id as this one, {mine.device_id!r}. Was the card copied? Give this machine an id of "
            "its own by --device-id, and choose another till."
        )
    try:
        binding(till, mine.device_id, b64decode(mine.key))
    except Refused as refused:
        return Trouble(f"This machine is not bound: {tables.clean(refused)}.")
    return Trouble(f"The till {till.id} was bound to another machine, and is free again: try again.")


# -- which key id works --------------------------------------------------------------------------------


def prove(server: Server, mine: Unfinished, forms: Sequence[str]) -> Proof:
    """Sign a read with the key of the till, under each form of its key id, until the server knows it."""
    signer = replace(server, place=replace(server.place, acting_for=""))
    for form in forms:
        found = Credentials(key_id(form, mine), mine.key)
        client = access.client(signer, credential=found.text)
        try:
            told = client.client_info(server.timeout_s)
        finally:
            client.close()
        if not isinstance(told, Answer):
            if _is(told.body, mine.till):
                return Proof(form, found)
        elif told.outcome is not Outcome.DENIED:
            return Proof(words=tables.clean(told.words))
    return Proof()


def key_id(form: str, mine: Unfinished) -> str:
    """Return the key id that *form* stands for.

    Raises:
        WrongUse: Something else than {id}, {device} and {realm} stands in it.
    """
    try:
        found = form.format(id=mine.till, device=mine.device_id, realm=mine.realm)
    except (LookupError, ValueError, AttributeError):
        found = ""
    if not found or not found.isascii() or not found.isprintable() or any(each in found for each in '" \\'):
        raise WrongUse(
            f"--key-id {form!r}: only {{id}}, {{device}} and {{realm}} can stand in it, and no spaces."
        )
    return found


def _is(body: object, till: int) -> bool:
    """Return whether a ClientInfo is that of a till."""
    told = body.get("till") if isinstance(body, dict) else None
    return isinstance(told, dict) and told.get("id") == till
