"""What the operator decides: the sections of the configuration that the core obeys.

They are msgspec structs, so that one definition gives the check, the example file and the values; msgspec does
no I/O. Money in whole cents. Descriptions are what the example file prints above each option.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a configuration section."""


class OfflineRules(Rules, frozen=True):
    """How much the terminal may give on trust while the server does not answer."""

    max_sale: Annotated[int, Meta(ge=0, le=100_000_00, description="Dearest sale, in cents.")] = 500
    max_per_token: Annotated[
        int, Meta(ge=0, le=100_000_00, description="Undelivered debits of one token together, in cents.")
    ] = 1000
    max_total: Annotated[
        int, Meta(ge=0, le=1_000_000_00, description="Undelivered debits of all tokens together, in cents.")
    ] = 20_000
    max_count: Annotated[int, Meta(ge=0, le=100_000, description="Number of undelivered debits.")] = 200
    max_age_h: Annotated[
        int,
        Meta(
            ge=1, le=8_760, description="Age of the oldest undelivered debit, in hours; older stops new ones."
        ),
    ] = 72
    max_balance_age_h: Annotated[
        int, Meta(ge=0, le=8_760, description="Age in hours up to which a remembered balance counts.")
    ] = 168
    unknown_tokens: Annotated[
        bool, Meta(description="Whether a token never seen before (no remembered balance) may buy on trust.")
    ] = False
    allow: Annotated[
        tuple[str, ...],
        Meta(description="UIDs that may buy on trust whatever their balance; the other limits hold."),
    ] = ()
    deny: Annotated[tuple[str, ...], Meta(description="UIDs that are always refused, online too.")] = ()


class VendingRules(Rules, frozen=True):
    """The job `vending`: a token pays for a piece that the machine gives out."""

    authorize: Annotated[
        Literal["balance", "charge"],
        Meta(
            description="`balance`: read the balance, decide here, deliver the debit in the background. "
            "`charge`: deliver the debit first, then give out."
        ),
    ] = "balance"
    deadline_ms: Annotated[
        int, Meta(ge=50, le=30_000, description="How long the server is waited for, in milliseconds.")
    ] = 700
    one_product: Annotated[
        str, Meta(description="Id of the only product: a tap buys it. Empty: the customer chooses.")
    ] = ""
    confirm: Annotated[
        bool,
        Meta(
            description="Whether pieces are gathered until the `confirm` button; else the first one is bought."
        ),
    ] = False
    max_pieces: Annotated[int, Meta(ge=1, le=50, description="Pieces in one debit.")] = 5
    overdraft: Annotated[
        int, Meta(ge=0, le=100_000_00, description="How far below zero a balance may go, in cents.")
    ] = 0
    choose_s: Annotated[int, Meta(ge=1, le=600, description="Seconds to choose or to present a token.")] = 20
    show_s: Annotated[int, Meta(ge=1, le=60, description="Seconds that a result stays on the screen.")] = 4
    release_s: Annotated[
        int, Meta(ge=1, le=600, description="Seconds after which a release that does not answer is unknown.")
    ] = 30
    after_unknown_release: Annotated[
        Literal["park", "charge"],
        Meta(
            description="What becomes of the debit when nobody can tell whether the piece came out: "
            "`park` it for a person, or `charge` it."
        ),
    ] = "park"
    release: Annotated[
        str,
        Meta(description="Release device of products that `releases` does not name. Empty: the only one."),
    ] = ""
    releases: Annotated[dict[str, str], Meta(description="Release device of a product, by product id.")] = (
        msgspec.field(default_factory=dict)
    )
    items: Annotated[
        dict[str, str],
        Meta(
            description="Product id of a selection, by the number that a vending machine (role `machine`) "
            "gives it. One that is not named here is looked for by its number among the product ids."
        ),
    ] = msgspec.field(default_factory=dict)
    max_price: Annotated[
        int, Meta(ge=1, le=100_000_00, description="Dearest vend that a vending machine may ask for, in cents.")
    ] = 100_00
    machine_unlisted: Annotated[
        bool,
        Meta(
            description="Whether selections of a vending machine are sold that the server does not list at the "
            "machine's price. They are booked by amount: `false` for a server that books products only."
        ),
    ] = True
    machine_multivend: Annotated[
        bool,
        Meta(description="Whether a vending machine may sell several times in one session; it must know how."),
    ] = False
    machine_revalue: Annotated[
        bool,
        Meta(
            description="Whether cash that a vending machine took may be credited to the token; the limits of "
            "[topup] hold. A session then begins with an empty wallet too."
        ),
    ] = False
    description: Annotated[
        str, Meta(max_length=100, description="Text on the customer's statement; {products} is replaced.")
    ] = "{products}"
    tag: Annotated[str, Meta(max_length=40, description="Tag of the debit, for statistics.")] = ""


class TopupRules(Rules, frozen=True):
    """The job `topup`: coins are credited to a token."""

    max_session: Annotated[
        int, Meta(ge=1, le=100_000_00, description="Most money in one session, in cents.")
    ] = 5000
    max_balance: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000_00,
            description="Balance up to which a wallet is filled, in cents; 0: no limit.",
        ),
    ] = 0
    coins_first: Annotated[bool, Meta(description="Whether coins may come before the token.")] = True
    window_s: Annotated[
        int,
        Meta(
            ge=1,
            le=86_400,
            description="Seconds in which coins without a token go to the next tap; then they "
            "stay on the books as unclaimed.",
        ),
    ] = 900
    finish_s: Annotated[
        int, Meta(ge=1, le=600, description="Seconds after the last coin until it is credited.")
    ] = 20
    show_s: Annotated[int, Meta(ge=1, le=60, description="Seconds that a result stays on the screen.")] = 4
    deadline_ms: Annotated[
        int, Meta(ge=50, le=30_000, description="How long the server is waited for, in milliseconds.")
    ] = 700
    offline: Annotated[bool, Meta(description="Whether money is taken while the server does not answer.")] = (
        True
    )
    unknown_tokens: Annotated[
        bool,
        Meta(description="Whether, while the server does not answer, tokens never seen may be topped up."),
    ] = False
    description: Annotated[str, Meta(max_length=100, description="Text on the customer's statement.")] = (
        "Top-up"
    )
    tag: Annotated[str, Meta(max_length=40, description="Tag of the credit, for statistics.")] = ""
    receipt: Annotated[
        tuple[str, ...], Meta(description="Lines at the head of the receipt: who takes the money.")
    ] = ()
    receipt_mode: Annotated[
        Literal["always", "ask", "never"],
        Meta(
            description="Whether a receipt is printed `always`, when the guest presses the button `receipt` "
            "(`ask`), or `never`. The button gives copies of a printed one."
        ),
    ] = "always"
    receipt_required: Annotated[bool, Meta(description="Whether no money is taken while no printer works.")] = (
        False
    )


class CashRules(Rules, frozen=True):
    """Coins and bills: paying them back, and cash boxes that fill up."""

    payouts: Annotated[
        tuple[str, ...],
        Meta(
            description="Hoppers and changers that pay money back when a guest presses `cancel`, in the order "
            "in which they are tried. None: what was inserted is credited."
        ),
    ] = ()
    payout_s: Annotated[
        int, Meta(ge=5, le=600, description="Seconds after which a payout that does not answer is unknown.")
    ] = 180
    box_pieces: Annotated[
        dict[str, Annotated[int, Meta(ge=1, le=1_000_000)]],
        Meta(description="Most coins in the cash box of an acceptor, by its name; then its slot is closed."),
    ] = msgspec.field(default_factory=dict)
    box_amount: Annotated[
        dict[str, Annotated[int, Meta(ge=1, le=100_000_000_00)]],
        Meta(description="Most money in the cash box of an acceptor, in cents, by its name."),
    ] = msgspec.field(default_factory=dict)


class PrintingRules(Rules, frozen=True):
    """How documents come onto paper that do not at once."""

    print_s: Annotated[
        int, Meta(ge=5, le=3_600, description="Seconds after which a print that is not answered is unknown.")
    ] = 120
    receipt_wait_s: Annotated[
        int,
        Meta(
            ge=0,
            le=604_800,
            description="Seconds that a receipt waits for a printer that works; then its guest has gone.",
        ),
    ] = 900
    tries: Annotated[int, Meta(ge=1, le=100, description="How often a document is sent to printers.")] = 5


class ReadingRules(Rules, frozen=True):
    """How taps are told apart."""

    same_card_ms: Annotated[
        int,
        Meta(ge=0, le=60_000, description="A token that comes back within this time is the same tap, in ms."),
    ] = 1500
    require_original: Annotated[
        bool,
        Meta(
            description="Whether only tokens count whose chip proves to be its maker's (NTAG21x); every reader "
            "then needs `check_original = true`. A number copied onto a blank card is refused."
        ),
    ] = False


class SyncRules(Rules, frozen=True):
    """How the journal is delivered to the servers; the same for each of them."""

    parallel: Annotated[
        int,
        Meta(ge=1, le=32, description="Entries on their way to one server at once; one token's go in order."),
    ] = 4
    timeout_s: Annotated[
        int,
        Meta(
            ge=1,
            le=120,
            description="Seconds after which a server that does not answer counts as not having answered.",
        ),
    ] = 10
    first_retry_s: Annotated[
        int,
        Meta(
            ge=1,
            le=3_600,
            description="Seconds until the first repeat; each further one waits up to twice as long.",
        ),
    ] = 2
    longest_retry_s: Annotated[
        int, Meta(ge=1, le=86_400, description="Longest wait between repeats, in seconds.")
    ] = 300
    breaker_failures: Annotated[
        int, Meta(ge=1, le=100, description="Failures in a row after which a server counts as away.")
    ] = 3
    breaker_probe_s: Annotated[
        int,
        Meta(
            ge=1,
            le=3_600,
            description="Seconds until a server that is away is tried again, by one entry only; growing up to "
            "`longest_retry_s`.",
        ),
    ] = 30
    pause_retry_s: Annotated[
        int,
        Meta(
            ge=1,
            le=86_400,
            description="Seconds until a server that does not accept this terminal is asked again.",
        ),
    ] = 300
    stop_s: Annotated[
        int,
        Meta(ge=0, le=60, description="Seconds that entries on their way get to end when the daemon stops."),
    ] = 5
