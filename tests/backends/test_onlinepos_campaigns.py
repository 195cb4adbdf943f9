"""Campaigns of OnlinePOS: both shapes of their list, their products, and what changes one."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from terminal.backends.onlinepos import campaigns
from terminal.backends.onlinepos.campaigns import Campaign, CampaignEdit, Collected, Reward
from terminal.backends.onlinepos.wire import FORM, JSON, Signing, compose
from terminal.core.delivery import Answer, Outcome
from tests.backends.onlinepos_making import FIRMAID, KEY, MINE, TOKEN, told, unreadable

LISTED = {
    "campaignID": 26, "campaignName": "Stamps", "active": 0, "type": "points", "free_split": 1, "free_msg": 0,
    "auto_add": 1, "info_view": 0, "whitelisted_company_ids": ["1", 2],
}  # fmt: skip


@pytest.mark.parametrize("wrapped", [False, True])
def test_campaigns_are_read_bare_and_wrapped(*, wrapped: bool) -> None:
    bare = {"Campaigns": [{"campaign": LISTED}]}
    found = told(campaigns.campaigns(inactive=True), {"status": bare} if wrapped else bare)
    assert found == (
        Campaign(26, "Stamps", active=False, kind="points", free_split=True, auto_add=True, companies=(1, 2)),
    )


def test_a_campaign_without_the_newer_fields_is_one_that_runs() -> None:
    old = {name: LISTED[name] for name in ("campaignID", "campaignName", "free_split")}
    (found,) = told(campaigns.campaigns(), {"status": {"Campaigns": [{"campaign": old}]}})
    assert (found.active, found.kind, found.companies) == (True, "", ())


def test_no_campaigns_are_not_taken_for_an_empty_list() -> None:
    assert told(campaigns.campaigns(), {"Campaigns": []}) == ()
    assert "without Campaigns" in unreadable(campaigns.campaigns(), {"status": "OK"})
    assert "without Campaigns" in unreadable(campaigns.campaigns(), {})
    refused = told(campaigns.campaigns(), {"ERROR": "No access - CampaignList"})
    assert refused.outcome is Outcome.REFUSED


@pytest.mark.parametrize("inactive", [False, True])
def test_inactive_campaigns_are_asked_for(*, inactive: bool) -> None:
    sent = compose(campaigns.campaigns(inactive=inactive).request, MINE, Signing())
    assert sent.path == f"/campaign/campaignList?show_inactive={int(inactive)}"


def test_what_a_campaign_counts_and_gives_is_read() -> None:
    call = campaigns.campaign_products(99)
    answer: dict[str, Any] = {
        "reward_products": [{"product_id": 1, "product_name": "Fadøl", "cost": 9, "campaign_price": 12.5}],
        "collection_products": [{"product_id": 2, "product_name": "burger", "reward": 1}],
    }
    found = told(call, answer)
    assert call.request.path == "campaign/campaignProducts/99"
    assert found.rewards == (Reward(1, "Fadøl", 9, 1250),)
    assert found.collected == (Collected(2, "burger", 1),)
    assert "without reward_products" in unreadable(call, {"reward_products": []})
    answer["reward_products"][0]["campaign_price"] = 0.001
    assert "whole cents" in unreadable(call, answer)


def digest(values: str) -> str:
    """Return the hash of a form."""
    return hmac.new(KEY.encode(), f"{TOKEN}{FIRMAID}{values}".encode(), hashlib.sha1).hexdigest()


def test_a_campaign_is_changed_by_a_signed_form() -> None:
    edit = CampaignEdit("Øl", 12, free_split=False, active=True, add_companies=(1, 2))
    sent = compose(campaigns.edit_campaign(30, edit).request, MINE, Signing())
    assert (sent.path, sent.headers["Content-Type"]) == ("/campaign/editCampaign/30", FORM)
    fields = {name: value for name, (value,) in parse_qs((sent.content or b"").decode()).items()}
    assert fields == {
        "hash": digest("Øl12falsetrue[1, 2]"), "name": "Øl", "cardgroup": "12", "free_split": "false",
        "active": "true", "whitelist": "[1, 2]",
    }  # fmt: skip


def test_a_campaign_is_changed_by_json_too() -> None:
    edit = CampaignEdit(active=False, remove_companies=(3,))
    sent = compose(campaigns.edit_campaign(30, edit, "json").request, MINE, Signing())
    assert sent.headers["Content-Type"].startswith(JSON)
    assert json.loads(sent.content or b"") == {
        "hash": digest("false[3]"), "active": False, "remove_from_whitelist": [3],
    }  # fmt: skip


def test_what_became_of_a_change_is_what_the_body_says() -> None:
    call = campaigns.edit_campaign(30, CampaignEdit("a"))
    assert told(call, {"status": "Campaign 30 successfully updated!"}) is None
    assert told(call, {"ERROR": "cardgroup is invalid!"}) == Answer(
        Outcome.REFUSED, "cardgroup is invalid!", 200
    )
    assert "no status" in unreadable(call, {})


def test_a_change_of_nothing_is_not_sent() -> None:
    with pytest.raises(ValueError, match="nothing of the campaign"):
        campaigns.edit_campaign(30, CampaignEdit(name="", add_companies=()))
