"""How the OnlinePOS server behaves: what its page leaves open is a setting, and so are its contradictions."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

_Number = Annotated[str, Meta(min_length=1, max_length=100)]
_Some = Annotated[int, Meta(ge=1, le=10_000)]


class HashScheme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the values of a form are hashed, which the page does not say.

    Attributes:
        algorithm: The page's only sample has the length of SHA-1.
        with_credentials: Whether token and firmaid stand before the values.
        separator: What stands between two values.
        pairs: Whether it is ``name=value`` that is hashed.
        keep_empty: Whether an optional value that is not there counts as an empty one; else it is skipped.
        gets: What the ``hash`` header of the reads of cards is over: nobody looks, nothing, or the query.
    """

    algorithm: Literal["sha1", "sha256"] = "sha1"
    with_credentials: bool = True
    separator: Annotated[str, Meta(max_length=5)] = ""
    pairs: bool = False
    keep_empty: bool = False
    gets: Literal["unchecked", "empty", "query"] = "unchecked"


class Others(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other customers, who change a card at another till while somebody is at work with it.

    Attributes:
        card: Its number.
        every: After how many requests of anybody it happens again.
        amounts: One of these is drawn by the seed: hundredths that are added to the balance, or points.
        campaign: The campaign whose points change; None: it is the balance.
        count: How often at most; None: for ever.
    """

    card: _Number
    every: _Some
    amounts: Annotated[tuple[int, ...], Meta(min_length=1)] = (-100,)
    campaign: int | None = None
    count: Annotated[int, Meta(ge=0)] | None = None


class OnlinePosRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not documented, documented twice, or differs from account to account.

    Attributes:
        scheme: How hashes are made.
        charset: Of forms.
        forbidden: How the words of a 403 are dressed.
        unknown_card: What getCard says to a number that there is none of.
        thousands: Whether comma decimals have dots as thousands marks.
        wrapped: Whether the list of campaigns stands in ``status``.
        status_shape: Whether the status of cards is as in the page's schema or as in its sample, which differ.
        page_of_cards: How many cards a page of these has.
        voucher_method: How createVoucher may be asked for.
        voucher_hash: Whether createVoucher needs a hash; a wrong one is refused all the same.
        voucher_card: Whether a voucher's card has the voucher's number, or one of its own.
        fractions: What becomes of a deposit or price with decimals; the page calls it an integer.
        overdraft: Whether balances and points may sink below zero.
        amount_checksum: What makeorder counts: all lines, those that are not indented, or the pieces.
        price_checksum: Whether tips are part of what makeorder sums up.
        with_id: Whether the export from an order on has that order, too.
        per_page: How many lines a page of the extended export has.
        export_price: Whether the old export has prices of one piece or of the line.
        decimal_mark: How a deposit with decimals is written.
        history: Which end of a card's history comes first.
        history_lists: Whether deposits are listed there, too: the page's only sample is a purchase.
        history_amounts: What is positive there: each change by itself, or always what was spent.
        journal_place: Where the end-of-day journal looks for its period.
        stock_location: Whether the shop has a place for stock.
        page_of_stock: How many products a page of what products are made of has.
        concern_field: By which name the export of a concern wants a company: its page says both.
        concern_company: By which name the sums of a concern tell a company: its page says both.
        concern_lines: How many lines the export of a concern answers at most: its page says 10000, and 1000.
        others: Who else is at work.
    """

    scheme: HashScheme = HashScheme()
    charset: Literal["utf-8", "iso-8859-1"] = "utf-8"
    forbidden: Literal["text", "json", "xml", "empty"] = "text"
    unknown_card: Literal["empty", "fail"] = "empty"
    thousands: bool = False
    wrapped: bool = False
    status_shape: Literal["schema", "sample"] = "schema"
    page_of_cards: _Some = 50
    voucher_method: Literal["GET", "POST", "both"] = "both"
    voucher_hash: Literal["required", "optional"] = "required"
    voucher_card: Literal["same", "own"] = "same"
    fractions: Literal["taken", "refused", "cut"] = "taken"
    overdraft: bool = True
    amount_checksum: Literal["lines", "outer lines", "pieces", "unchecked"] = "lines"
    price_checksum: Literal["cart", "cart and tips", "unchecked"] = "cart"
    with_id: Literal["inclusive", "exclusive"] = "inclusive"
    per_page: _Some = 10_000
    export_price: Literal["piece", "line"] = "piece"
    decimal_mark: Literal[".", ","] = "."
    history: Literal["oldest", "newest"] = "oldest"
    history_lists: Literal["all", "purchases"] = "all"
    history_amounts: Literal["by type", "spent"] = "by type"
    journal_place: Literal["query", "form"] = "query"
    stock_location: bool = True
    page_of_stock: _Some = 5000
    concern_field: Literal["lokation", "location"] = "lokation"
    concern_company: Literal["customerId", "userId"] = "customerId"
    concern_lines: _Some = 10_000
    others: tuple[Others, ...] = ()
