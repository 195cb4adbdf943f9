"""What an operator says about the wallets of an OnlinePOS: cards with a balance, or with points."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from terminal.backends.options import ServerOptions, SettlingSeconds
from terminal.backends.values import Case, Order
from terminal.core.value import Value

_KRONE = 100
_NO_POINTS = None, 100, "adjustValues"
_Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class Step(Value, frozen=True):
    """What amounts are whole numbers of, in *cents*; *option*: what says so."""

    cents: int = 1
    option: str = ""

    def fits(self, cents: int) -> bool:
        """Return whether an amount can be booked."""
        return cents % self.cents == 0


class WalletOptions(ServerOptions, frozen=True, kw_only=True):
    """The options of cards as wallets."""

    wallet: Annotated[
        Literal["deposit", "points"],
        Meta(
            description="What of a card is spent and loaded here: its balance, by `deposit`s of either sign; "
            "or its `points` in a campaign. With `points`, `campaign` must be set."
        ),
    ] = "deposit"
    cards: Annotated[
        Literal["rfid", "number"],
        Meta(
            description="What a token's id is to the server: the `rfid` of a card, which takes one call more "
            "now and then, or its `number`."
        ),
    ] = "rfid"
    token_case: Annotated[
        Case, Meta(description="How the letters of a UID are written in RFIDs or numbers of cards.")
    ] = "upper"
    token_order: Annotated[Order, Meta(description="How the bytes of a UID are ordered there.")] = "as read"
    card_types: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...],
        Meta(
            description="The types of cards that are wallets, as the server calls them. Empty: all that have a "
            "balance, also those of staff."
        ),
    ] = ("Prepaid", "Gift card")
    overdraft: Annotated[
        bool,
        Meta(
            description="Whether a card may be debited below zero. Whether the server minds is not documented: "
            "if it may not, its balance is looked at before, here."
        ),
    ] = False
    deposit_amounts: Annotated[
        Literal["whole kroner", "decimal point", "decimal comma"],
        Meta(
            description="Which amounts `deposit` takes, and how they are written. Documented are integers "
            "only: what is no whole number of kroner is then refused, and nothing is sent. What has such a "
            "price is not sold where the products are this backend's, too."
        ),
    ] = "whole kroner"
    campaign: Annotated[
        _Id | None, Meta(description="Id of the campaign whose points are spent and loaded here.")
    ] = None
    point_cents: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="What a point of that campaign is worth, in cents. An amount that is no whole number "
            "of points is refused, and nothing is sent.",
        ),
    ] = 100
    points_call: Annotated[
        Literal["adjustValues", "adjustValue"],
        Meta(
            description="How points are changed: by the call for several cards, whose answer is documented; or "
            "by that for one, which needs no key for hashes."
        ),
    ] = "adjustValues"
    history: Annotated[
        bool,
        Meta(
            description="Whether deposits are listed in the history of a card, which is not documented: set it "
            "only after you have seen there one that this terminal made. What was sent and not answered is "
            "then looked for in it."
        ),
    ] = False
    history_amounts: Annotated[
        Literal["by type", "spent"],
        Meta(
            description="What a positive amount in a history is: spent if its type is `Purchase`, and loaded "
            "otherwise (`by type`); or always `spent`."
        ),
    ] = "by type"
    mark: Annotated[
        str,
        Meta(
            max_length=100,
            description="The location that histories name for what this terminal books, and for nothing else: "
            "you promise that nobody and no other till books under it. Empty: there is no such location.",
        ),
    ] = ""
    alone: Annotated[
        bool,
        Meta(
            description="You promise that nobody and nothing but this terminal ever changes the balances (or "
            "points) of its cards: no till, no other terminal, no person. Only then a balance tells whether "
            "what was sent and not answered was booked. If not, a person is asked."
        ),
    ] = False
    credit: Annotated[
        Literal["card", "voucher"],
        Meta(
            description="Where coins go that are credited: to the `card` of the token; or into a `voucher`, "
            "which can be looked for by its number, so that nobody need be asked where an answer is lost. Its "
            "number then stands in the journal, for staff to hand out. With `voucher`, `voucher_campaign` must "
            "be set."
        ),
    ] = "card"
    voucher_campaign: Annotated[
        _Id | None,
        Meta(
            description="Id of the campaign that vouchers are of: those of `credit`, and those of "
            "`terminalctl onlinepos voucher`, which makes one for coins that nobody claimed."
        ),
    ] = None
    voucher_point_cents: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="What a point of that campaign is worth, in cents."),
    ] = 100
    voucher_prefix: Annotated[
        str,
        Meta(
            pattern=r"\A[1-9][0-9]{0,3}\Z",
            description="Digits with which the numbers of these vouchers begin, such as its own for each "
            "terminal; the first is no zero, which a server may drop. While vouchers are waiting to be made, "
            "do not change it.",
            extra={"expected": "1 to 4 digits that begin with no zero"},
        ),
    ] = "9"
    voucher_digits: Annotated[
        int,
        Meta(
            ge=12,
            le=15,
            description="Digits of these numbers, the prefix included. Two are the same by a chance of one in "
            "10 for each digit behind the prefix. Who knows the key of an entry can reckon its number.",
        ),
    ] = 15
    voucher_days: Annotated[int, Meta(ge=1, le=3650, description="For how many days these vouchers hold.")] = (
        1095
    )
    voucher_name: Annotated[
        str, Meta(max_length=40, description="The name on these vouchers. Empty: the server's own.")
    ] = ""
    settling_seconds: SettlingSeconds = 60

    @property
    def debit_step(self) -> Step:
        """What can be taken from a card."""
        if self.wallet == "points":
            return Step(self.point_cents, "point_cents")
        return Step(_KRONE, "deposit_amounts") if self.deposit_amounts == "whole kroner" else Step()

    @property
    def credit_step(self) -> Step:
        """What can be credited."""
        if self.credit == "voucher":
            return Step(self.voucher_point_cents, "voucher_point_cents")
        return self.debit_step

    def __post_init__(self) -> None:
        """Refuse points and vouchers of no campaign, and options that would do nothing."""
        super().__post_init__()
        if self.wallet == "points" and self.campaign is None:
            raise ValueError('the id of a `campaign` with wallet = "points"')
        if self.history and self.wallet != "deposit":
            raise ValueError('wallet = "deposit" with `history`: no history lists points')
        if self.wallet != "points" and (self.campaign, self.point_cents, self.points_call) != _NO_POINTS:
            raise ValueError('wallet = "points" with `campaign`, `point_cents` and `points_call`')
        if self.history_amounts != "by type" and not self.history:
            raise ValueError("`history` with `history_amounts`, which says how it is read")
        if self.mark and not self.history:
            raise ValueError("`history` with `mark`, which is looked for there")
        if self.credit == "voucher" and self.voucher_campaign is None:
            raise ValueError('the id of a `voucher_campaign` with credit = "voucher"')
