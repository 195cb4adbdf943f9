"""What the operator decides about tickets: sections of the configuration, as in core.rules. Whole cents."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from terminal.core.rules import Rules

_Id = Annotated[str | int, Meta(description="Its id, a text or a number, as the server has it.")]
_Name = Annotated[
    str, Meta(max_length=60, description="Its name on screens and paper. Empty: as the server calls it.")
]


class ChildTickets(Rules, frozen=True):
    """Tickets of another product, which a product gives: an `Adult` of a family pass."""

    product: _Id
    name: _Name = ""
    count: Annotated[int, Meta(ge=1, le=99, description="How many of them.")] = 1


class TicketProduct(Rules, frozen=True):
    """A product that the kiosk sells."""

    id: _Id
    name: _Name = ""
    price: (
        Annotated[int, Meta(ge=0, le=100_000_00, description="Its price, in cents. If not set, the server's.")]
        | None
    ) = None
    tickets: Annotated[
        tuple[ChildTickets, ...],
        Meta(description="The tickets that one piece gives. None: one ticket of the product itself."),
    ] = ()
    printed: Annotated[bool, Meta(description="Whether it gives tickets at all; `false` for a programme.")] = (
        True
    )


class Discount(Rules, frozen=True):
    """Something off the price: the best one that fits is taken, for each line by itself."""

    name: Annotated[str, Meta(min_length=1, max_length=40, description="What it is called on paper.")]
    products: Annotated[
        tuple[str | int, ...], Meta(description="Ids of the products that it is for. Empty: all.")
    ] = ()
    from_quantity: Annotated[int, Meta(ge=1, le=99, description="Pieces in a line from which on it holds.")] = 1
    percent: Annotated[
        int, Meta(ge=0, le=100, description="Percent off the line, rounded down to whole cents.")
    ] = 0
    amount: Annotated[int, Meta(ge=0, le=100_000_00, description="Cents off each piece.")] = 0
    staff: Annotated[bool, Meta(description="Whether it needs the token of somebody of `staff`.")] = False

    def __post_init__(self) -> None:
        """Refuse what gives nothing, or what nobody can reckon."""
        if (self.percent > 0) == (self.amount > 0):
            raise ValueError("either `percent` or `amount`")


MOST_ROUNDING = 10_000
"""Cents; nobody has larger coins only."""

Way = Literal["payout", "credit", "voucher"]


class TicketRules(Rules, frozen=True):
    """The job `tickets`: a kiosk sells and prints tickets, with or without a network."""

    event: Annotated[
        str | int, Meta(description="Id of the event that the tickets are for, as the server has it.")
    ] = 0
    event_name: Annotated[str, Meta(max_length=60, description="Its name, at the head of each ticket.")] = ""
    products: Annotated[
        tuple[TicketProduct, ...],
        Meta(description="What is sold, in order. Empty: all that the server names with a price."),
    ] = ()
    discounts: Annotated[tuple[Discount, ...], Meta(description="What is given off the prices.")] = ()
    basket: Annotated[
        bool,
        Meta(description="Whether pieces are gathered until the `confirm` button; else one is paid at once."),
    ] = True
    max_quantity: Annotated[int, Meta(ge=1, le=99, description="Most pieces of one product in a sale.")] = 10
    max_tickets: Annotated[
        int, Meta(ge=1, le=9999, description="Most tickets in a sale; never more than [codes] has numbers.")
    ] = 20
    max_total: Annotated[int, Meta(ge=1, le=1_000_000_00, description="Dearest sale, in cents.")] = 500_00
    pay: Annotated[
        tuple[Literal["coins", "wallet", "card"], ...],
        Meta(
            min_length=1,
            description="How a guest may pay: `coins` (and bills), a `wallet` token, a `card` at a terminal of "
            "its own, whose reference the staff enters, or that the server of `roles.payments` drives. Several "
            "in one sale add up.",
        ),
    ] = ("coins",)
    change: Annotated[
        tuple[Literal["payout", "credit", "voucher", "keep"], ...],
        Meta(
            description="What becomes of money beyond the price, tried in this order: `payout` by the devices "
            "of [cash], `credit` to the guest's token, a printed `voucher`, or it is the operator's (`keep`). "
            "None: the slot takes nothing beyond the price."
        ),
    ] = ("payout", "voucher")
    max_change: Annotated[
        int, Meta(ge=0, le=100_000_00, description="Most money beyond the price that is taken, in cents.")
    ] = 1000
    refund: Annotated[
        tuple[Way, ...],
        Meta(
            description="What becomes of coins when a sale is cancelled or left alone, tried in this order. "
            "What is left is kept on the books for a person."
        ),
    ] = ("payout", "voucher")
    cash_rounding: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=MOST_ROUNDING,
                description="What is paid in cash is rounded to a multiple of so many cents, half away from "
                "zero: 100 where öre have no coins. Wallets and cards pay exactly. 0: nothing is rounded. Not "
                "set: as the server says that records sales.",
            ),
        ]
        | None
    ) = None
    credit_s: Annotated[
        int, Meta(ge=1, le=600, description="Seconds in which a token may be presented for `credit`.")
    ] = 20
    partial_wallet: Annotated[
        bool, Meta(description="Whether a wallet that does not hold enough pays what it can.")
    ] = True
    authorize: Annotated[
        Literal["balance", "charge"],
        Meta(
            description="`balance`: read the balance, decide here, deliver the debit in the background. "
            "`charge`: deliver the debit first, where the wallet pays all that is due."
        ),
    ] = "balance"
    deadline_ms: Annotated[
        int, Meta(ge=50, le=30_000, description="How long the server is waited for, in milliseconds.")
    ] = 700
    overdraft: Annotated[
        int, Meta(ge=0, le=100_000_00, description="How far below zero a balance may go, in cents.")
    ] = 0
    choose_s: Annotated[int, Meta(ge=1, le=600, description="Seconds to choose; each button begins anew.")] = 60
    pay_s: Annotated[int, Meta(ge=1, le=600, description="Seconds to pay; each coin begins anew.")] = 90
    card_s: Annotated[
        int,
        Meta(
            ge=10,
            le=600,
            description="Seconds that a payment at the card terminal may take, with `roles.payments`.",
        ),
    ] = 120
    show_s: Annotated[int, Meta(ge=1, le=60, description="Seconds that a result stays on the screen.")] = 8
    staff: Annotated[
        tuple[str, ...],
        Meta(description="UIDs of staff tokens: one presented during a sale is recorded with it."),
    ] = ()
    tap: Annotated[
        Literal["", "check-in", "join"],
        Meta(description="What a token means that is presented while nothing is chosen; empty: nothing."),
    ] = ""
    tap_device: Annotated[
        str | int, Meta(description="Id of the session or room that is entered or joined, for `tap`.")
    ] = 0
    receipt: Annotated[
        tuple[str, ...], Meta(description="Lines at the head of the receipt: who takes the money.")
    ] = ()
    receipt_mode: Annotated[
        Literal["always", "ask", "never"],
        Meta(
            description="Whether a receipt is printed `always`, when the guest presses the button `receipt` "
            "(`ask`), or `never`."
        ),
    ] = "always"
    description: Annotated[
        str, Meta(max_length=100, description="Text on the statement of a wallet; {products} is replaced.")
    ] = "{products}"
    tag: Annotated[str, Meta(max_length=40, description="Tag of the debit, for statistics.")] = ""

    def cash_step(self, told: int) -> int:
        """Return what cash is rounded to, in cents: as configured, else as the server *told*; 0: it is not.

        What a server tells and nobody can mean holds for nothing.
        """
        step = told if self.cash_rounding is None else self.cash_rounding
        return step if "coins" in self.pay and 0 <= step <= MOST_ROUNDING else 0


LONGEST_BARCODE = 32
"""What stands below its bars in one line of 58 mm paper; along it, a scanner reads some more."""

_LINE_DIGITS = 4  # after the purchase code in the code of a line, as the documentation has it


class CodeRules(Rules, frozen=True):
    """How ticket codes are made. The default fits the documented convention; see docs/tickets.md."""

    length: Annotated[int, Meta(ge=8, le=32, description="Characters of a purchase code.")] = 13
    alphabet: Annotated[
        str,
        Meta(
            pattern=r"\A[0-9A-Z]{10,36}\Z",
            description="The characters that it is made of, each once.",
            extra={"expected": "10 to 36 digits and capital letters, each once"},
        ),
    ] = "0123456789BCDFGHJKLMNPQRSTVWXYZ"
    base: Annotated[
        Literal["random", "structured"],
        Meta(
            description="`random`: from a cryptographic generator. `structured`: time, `device` and a counter; "
            "needs a `length` of 13 and the alphabet 0-9A-Z."
        ),
    ] = "random"
    device: Annotated[
        str,
        Meta(
            pattern=r"\A([0-9A-Z]{3})?\Z",
            description="Mark of this terminal in `structured` codes; no two terminals may have the same.",
            extra={"expected": "3 digits or capital letters"},
        ),
    ] = ""
    infix: Annotated[
        Literal["random", "fixed", "derived", "none"],
        Meta(
            description="What stands between the purchase code and a ticket's number: `random` for each sale, "
            "`fixed` (`infix_text`), `derived` from the purchase code by a key, or `none`."
        ),
    ] = "random"
    infix_length: Annotated[int, Meta(ge=1, le=16, description="Characters of it.")] = 3
    infix_text: Annotated[str, Meta(pattern=r"\A[0-9A-Z]{0,16}\Z", description="The `fixed` one.")] = ""
    counter_start: Annotated[int, Meta(ge=0, le=1_000_000, description="Number of a sale's first ticket.")] = 1
    counter_width: Annotated[int, Meta(ge=1, le=8, description="Characters of that number.")] = 2
    counter_base: Annotated[
        Literal[10, 16, 31, 36], Meta(description="Base of that number: 10, 16, 36, or 31 (no vowels).")
    ] = 10
    sign: Annotated[
        bool,
        Meta(
            description="Whether the QR code holds the signed ticket (Ed25519), which a gate verifies with no "
            "network; else the barcode alone."
        ),
    ] = False
    sign_credential: Annotated[
        str, Meta(description="Name of the systemd credential that holds the signing key.")
    ] = ""
    sign_key_file: Annotated[
        str, Meta(max_length=4096, description="File that holds it. See `terminalctl ticket key --help`.")
    ] = ""

    def __post_init__(self) -> None:
        """Refuse what makes no codes."""
        if len(set(self.alphabet)) != len(self.alphabet):
            raise ValueError("an `alphabet` with each character once")
        if self.base == "structured" and (
            self.length != 13 or not self.device or len(self.alphabet) != 36  # noqa: PLR2004 - as described
        ):
            raise ValueError("a `device`, a `length` of 13 and all of 0-9A-Z for `structured` codes")
        if self.infix == "fixed" and not self.infix_text:
            raise ValueError("an `infix_text` for a `fixed` infix")
        if self.counter_start >= self.counter_base**self.counter_width:
            raise ValueError("a `counter_start` that fits `counter_width`")
        if self.salt_length + self.counter_width == _LINE_DIGITS and self._infix_may_be_digits():
            raise ValueError(
                "an infix and a `counter_width` that are not 4 digits together, as a line's code has"
            )
        if self.length + self.salt_length + self.counter_width > LONGEST_BARCODE:
            raise ValueError(f"barcodes of at most {LONGEST_BARCODE} characters, as fit on paper")
        if self.sign != bool(self.sign_credential or self.sign_key_file) or (
            self.sign_credential and self.sign_key_file
        ):
            raise ValueError("one of `sign_credential` and `sign_key_file` with `sign`, and none without")

    @property
    def salt_length(self) -> int:
        """Characters between the purchase code and a ticket's number."""
        return {"none": 0, "fixed": len(self.infix_text)}.get(self.infix, self.infix_length)

    @property
    def capacity(self) -> int:
        """How many tickets one sale can number: each may be a line of its own, and lines have four digits."""
        return int(min(self.counter_base**self.counter_width - self.counter_start, 10**_LINE_DIGITS))

    def _infix_may_be_digits(self) -> bool:
        if self.infix == "none":
            return True
        if self.infix == "fixed":
            return self.infix_text.isdigit()
        return any(character.isdigit() for character in self.alphabet)


def sold(rules: TicketRules, product: str | int) -> TicketProduct | None:
    """Return what the configuration says of a product; None if it does not name it."""
    return next((each for each in rules.products if each.id == product), None)
