"""Campaigns of OnlinePOS: which there are, what they give for what, and the call that changes one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.values import Unreadable, kind_of
from terminal.backends.onlinepos.wire import FORM, JSON, Call, Request
from terminal.core.value import Value


class Campaign(Value, frozen=True):
    """A campaign.

    Attributes:
        kind: ``amount``, ``price`` or ``points``; empty where it is not told.
        active: Where it is not told it is: such a list has no others.
        companies: In which companies it holds; empty: in all of the concern.
    """

    id: int
    name: str
    active: bool = True
    kind: str = ""
    free_split: bool = False
    free_message: bool = False
    auto_add: bool = False
    info_view: bool = False
    companies: tuple[int, ...] = ()


class Reward(Value, frozen=True):
    """What a campaign gives: a product for *cost* points, and then for *price* cents."""

    product: int
    name: str
    cost: int
    price: int


class Collected(Value, frozen=True):
    """What a campaign counts: a product, and the points for one of it."""

    product: int
    name: str
    reward: int


class CampaignProducts(Value, frozen=True):
    """The products of a campaign."""

    rewards: tuple[Reward, ...]
    collected: tuple[Collected, ...]


class CampaignEdit(Value, frozen=True):
    """What is changed in a campaign; None: that stays. *group*: id of its new card group.

    Attributes:
        add_companies: In which companies it is to hold; the page does not say what an empty list does, so it
            sends none.
        remove_companies: In which it is no longer to.
    """

    name: str | None = None
    group: int | None = None
    free_message: bool | None = None
    free_split: bool | None = None
    auto_add: bool | None = None
    info_view: bool | None = None
    active: bool | None = None
    add_companies: tuple[int, ...] = ()
    remove_companies: tuple[int, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return what is sent, in the order of the page. Raises ValueError if nothing is changed."""
        told: dict[str, Any] = {
            "name": self.name or None,
            "cardgroup": self.group,
            "free_msg": self.free_message,
            "free_split": self.free_split,
            "auto_add": self.auto_add,
            "info_view": self.info_view,
            "active": self.active,
            "whitelist": list(self.add_companies) or None,
            "remove_from_whitelist": list(self.remove_companies) or None,
        }
        changed = {name: value for name, value in told.items() if value is not None}
        if not changed:
            raise ValueError("nothing of the campaign is changed")
        return changed


def campaigns(*, inactive: bool = False) -> Call[tuple[Campaign, ...]]:
    """Read the campaigns; *inactive*: those, too, that do not run."""
    query = (("show_inactive", str(int(inactive))),)
    return Call(Request("GET", "campaign/campaignList", query=query), _campaigns)


def campaign_products(campaign: int) -> Call[CampaignProducts]:
    """Read what a campaign counts and what it gives."""
    return Call(Request("GET", f"campaign/campaignProducts/{campaign}"), _products)


def edit_campaign(campaign: int, edit: CampaignEdit, kind: Literal["form", "json"] = "form") -> Call[None]:
    """Change a campaign: it sets values, so a repeat does no harm.

    Args:
        campaign: Its id.
        edit: What is changed.
        kind: How it is sent: the server takes both. In a form, a list is written (and signed either way) as
            the page prints one: ``[1, 2]`` [assumed].

    Raises:
        ValueError: Nothing is changed.
    """
    request = Request(
        "POST", f"campaign/editCampaign/{campaign}", "editCampaign", body=edit.fields(), signed="values",
        kind=JSON if kind == "json" else FORM,
    )  # fmt: skip

    def read(found: Any) -> None:
        if not Fields(found, "the answer of editCampaign").text("status"):
            raise Unreadable("found no status; expected one")

    return Call(request, read)


# -- reading -------------------------------------------------------------------------------------------


def _campaigns(found: Any) -> tuple[Campaign, ...]:
    """Read them bare or in ``status``: the page shows both."""
    outer = Fields(found, "a list of campaigns")
    inner = outer.within("status") if isinstance(outer.get("status"), dict) else outer
    if not isinstance(inner.get("Campaigns"), list):
        raise Unreadable(f"found {kind_of(found)} without Campaigns; expected a list of them")
    return tuple(_campaign(each.within("campaign")) for each in inner.each("a campaign", "Campaigns"))


def _campaign(fields: Fields) -> Campaign:
    return Campaign(
        id=fields.whole("campaignID"),
        name=fields.text("campaignName"),
        active=fields.get("active") is None or fields.flag("active"),
        kind=fields.text("type"),
        free_split=fields.flag("free_split"),
        free_message=fields.flag("free_msg"),
        auto_add=fields.flag("auto_add"),
        info_view=fields.flag("info_view"),
        companies=_ids(fields.list("whitelisted_company_ids")),
    )


def _ids(found: Sequence[Any]) -> tuple[int, ...]:
    return tuple(Fields({"id": each}, "a company of a campaign").whole("id") for each in found)


def _products(found: Any) -> CampaignProducts:
    fields = Fields(found, "the products of a campaign")
    if not all(isinstance(fields.get(name), list) for name in ("reward_products", "collection_products")):
        raise Unreadable(f"found {kind_of(found)} without reward_products and collection_products")
    return CampaignProducts(
        tuple(
            Reward(
                each.whole("product_id"),
                each.text("product_name"),
                each.whole("cost"),
                each.cents("campaign_price"),
            )
            for each in fields.each("a product that is given", "reward_products")
        ),
        tuple(
            Collected(each.whole("product_id"), each.text("product_name"), each.whole("reward"))
            for each in fields.each("a product that counts", "collection_products")
        ),
    )
