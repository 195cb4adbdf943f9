"""Campaigns, changed: what is sent is set, and what is not stays."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from terminal.httpd import Response
from terminal.sandbox.onlinepos import hash as hashes
from terminal.sandbox.onlinepos.call import WRONG_HASH, Call, Invalid
from terminal.sandbox.onlinepos.print import said, whole
from terminal.sandbox.onlinepos.things import Campaign, CardGroup, Company, Thing

_FLAGS = ("free_msg", "free_split", "auto_add", "info_view", "active")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_IDS = re.compile(r"\[\s*([0-9]{1,12}(\s*,\s*[0-9]{1,12})*)?\s*\]")


class Edit(Thing, frozen=True):
    """The body of editCampaign in JSON."""

    hash: str = ""
    name: str | None = None
    cardgroup: int | None = None
    free_msg: bool | None = None
    free_split: bool | None = None
    auto_add: bool | None = None
    info_view: bool | None = None
    active: bool | None = None
    whitelist: list[int] | None = None
    remove_from_whitelist: list[int] | None = None


_edit = msgspec.json.Decoder(Edit)


def edit_campaign(call: Call) -> Response:
    """POST /campaign/editCampaign/{id}, a form or JSON, both with a field ``hash``."""
    try:
        texts = call.form or _texts(call.body(_edit))
        if not hashes.is_same(texts.get("hash", ""), call.hashed_as(texts)):
            raise call.forbidden(WRONG_HASH)
        edited = _edited(call, texts)
    except Invalid as error:
        return call.error(str(error))
    call.store.keep(edited)
    call.took_effect(None, campaign=str(edited.id))
    words = f"Campaign {edited.id} successfully updated!"
    return Response.json({"status": words}) if call.wants_json else said("status", words)


def _texts(asked: Edit) -> dict[str, str]:
    """Return a body of JSON as a form has it: true, and lists as the page prints them."""
    told: dict[str, str] = {}
    for name, value in msgspec.to_builtins(asked).items():
        if isinstance(value, bool):
            told[name] = str(value).lower()
        elif value is not None:
            told[name] = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
    return told


def _edited(call: Call, texts: dict[str, str]) -> Campaign:
    """Return the campaign as it is to be. Raises Invalid if that cannot be."""
    id_ = call.params["id"]
    campaign = call.store.thing(Campaign, int(id_)) if whole(id_) else None
    if campaign is None:
        raise Invalid("Unknown Campaign - EditCampaign")
    changes: dict[str, Any] = {}
    if texts.get("name"):
        changes["name"] = texts["name"]
    if group := texts.get("cardgroup"):
        if not whole(group) or call.store.thing(CardGroup, int(group)) is None:
            raise Invalid("cardgroup is invalid!")
        changes["card_group"] = int(group)
    for name in _FLAGS:
        if name in texts:
            if texts[name].lower() not in _TRUTHS:
                raise Invalid(f"{name} is invalid!")
            changes[name] = _TRUTHS[texts[name].lower()]
    more, less = (_companies(call, texts, name) for name in ("whitelist", "remove_from_whitelist"))
    kept = [each for each in dict.fromkeys((*campaign.companies, *more)) if each not in less]
    return replace(campaign, companies=tuple(kept), **changes)


def _companies(call: Call, texts: dict[str, str], name: str) -> list[int]:
    written = texts.get(name, "[]")
    if not _IDS.fullmatch(written):
        raise Invalid(f"{name} is invalid!")
    ids = [int(each) for each in re.findall("[0-9]+", written)]
    if any(call.store.thing(Company, each) is None for each in ids):
        raise Invalid(f"{name} is invalid!")
    return ids
