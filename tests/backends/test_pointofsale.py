"""The adapter against the sandbox over real HTTP, in both dialects: what is booked, and what is read."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from terminal.backends.pointofsale.adapter import PointOfSale
from terminal.backends.pointofsale.options import PointOfSaleOptions
from terminal.backends.protocol import TerminalInfo, WalletReply
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.value import replace
from terminal.sandbox import Fault, Sandbox
from terminal.sandbox.ledger import Item
from tests.backends.making import (
    CAPPUCCINO,
    ENOUGH_S,
    ESPRESSO,
    SECRET,
    UID,
    adapter,
    credit,
    entry,
    posts,
    requests,
)

Start = Callable[..., Sandbox]
Connect = Callable[..., PointOfSale]


def _booked(sandbox: Sandbox) -> list[tuple[int, str | None]]:
    """Return amount and key of what took effect, without the opening balances."""
    done = [each.booking for each in sandbox.ledger.transactions()]
    return [(booking.amount, booking.key) for booking in done if booking.terminal is not None]


def _catalogue(backend: PointOfSale) -> tuple[Product, ...]:
    info = backend.terminal(ENOUGH_S)
    assert isinstance(info, TerminalInfo), info
    return info.products


# -- the seed's examples -------------------------------------------------------------------------------


def test_the_terminal_of_the_documentation(start: Start, connect: Connect) -> None:
    assert connect(start()).terminal(ENOUGH_S) == TerminalInfo(
        (ESPRESSO, CAPPUCCINO), "sandbox", "Sandbox", "all"
    )


def test_the_plugin_tells_products_only_and_their_ids_are_numbers(start: Start, connect: Connect) -> None:
    info = connect(start(dialect="pretix")).terminal(ENOUGH_S)
    assert info == TerminalInfo((Product(1, "Espresso", 25), Product(2, "Cappucino", 50)))


def test_the_balance_of_the_documentation(backend: PointOfSale) -> None:
    assert backend.balance(UID, ENOUGH_S) == WalletReply(WalletAnswer.KNOWN, 150)


def test_the_debit_of_the_documentation(sandbox: Sandbox, backend: PointOfSale) -> None:
    espresso, cappuccino = _catalogue(backend)
    order = entry("0QwKc2c9jUIxPyaHEjYQ", pieces=(espresso, espresso, cappuccino), tag="coffee")
    answer = backend.deliver(order, ENOUGH_S)
    assert (answer.outcome, answer.balance) == (Outcome.DELIVERED, 50)
    booking = sandbox.ledger.transactions()[-1].booking
    assert booking.amount == -100
    assert booking.products == (espresso.id, espresso.id, cappuccino.id)
    assert (booking.description, booking.tag) == ("Your coffee order in H building", "coffee")
    assert booking.key == "0QwKc2c9jUIxPyaHEjYQ"


# -- repeats -------------------------------------------------------------------------------------------


def test_the_documented_server_drops_a_repeat_and_we_know(start: Start, connect: Connect) -> None:
    sandbox = start()
    backend = connect(sandbox)
    assert backend.guarantee(EntryKind.DEBIT) == Guarantee(Promise.KEY)
    assert backend.deliver(entry(), ENOUGH_S).status == 200
    again = backend.deliver(entry(), ENOUGH_S)
    assert (again.outcome, again.status, again.balance) == (Outcome.DELIVERED, 202, 125)
    assert _booked(sandbox) == [(-25, "coffee-1-0001")]


def test_the_plugin_books_a_repeat_again_and_only_reads_tell(start: Start, connect: Connect) -> None:
    sandbox = start(dialect="pretix")
    backend = connect(sandbox)
    assert backend.guarantee(EntryKind.DEBIT) == Guarantee(Promise.READ_BACK)
    order = entry(pieces=(_catalogue(backend)[0],))
    assert backend.deliver(order, ENOUGH_S).status == 201
    assert backend.deliver(order, ENOUGH_S).balance == 100
    assert len(_booked(sandbox)) == 2


def test_a_key_in_the_header_holds_for_a_day_less_a_margin(start: Start, connect: Connect) -> None:
    sandbox = start(keys="header-24h")
    backend = connect(sandbox, idempotency="header-24h")
    promised = backend.guarantee(EntryKind.DEBIT)
    assert promised.promise is Promise.KEY
    assert promised.window_ms is not None
    assert 23 * 3_600_000 < promised.window_ms < 24 * 3_600_000
    first, second = (backend.deliver(entry(), ENOUGH_S) for _ in range(2))
    assert (first.balance, second.balance) == (125, 125)
    assert len(_booked(sandbox)) == 1


@pytest.mark.parametrize(
    ("options", "promise"),
    [
        ({"dialect": "documented"}, Promise.KEY),
        ({"dialect": "documented", "idempotency": "none"}, Promise.READ_BACK),
        ({"dialect": "pretix"}, Promise.READ_BACK),
        ({"dialect": "pretix", "idempotency": "header-24h"}, Promise.KEY),
    ],
)
def test_configuration_overrules_the_promise_of_the_dialect(options: dict[str, str], promise: Promise) -> None:
    assert adapter("https://pos.example.org/", **options).guarantee(EntryKind.CREDIT).promise is promise  # type: ignore[arg-type]


# -- credits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [EntryKind.CREDIT, EntryKind.REFUND])
def test_money_goes_onto_a_wallet_by_a_positive_amount(start: Start, connect: Connect, kind: EntryKind) -> None:
    sandbox = start()
    answer = connect(sandbox).deliver(credit(kind=kind), ENOUGH_S)
    assert (answer.outcome, answer.balance) == (Outcome.DELIVERED, 350)
    assert _booked(sandbox) == [(200, "coins-1-0001")]


def test_a_debit_without_products_is_a_negative_amount(start: Start, connect: Connect) -> None:
    sandbox = start()
    assert connect(sandbox).deliver(entry(pieces=(), amount=30), ENOUGH_S).balance == 120
    assert _booked(sandbox) == [(-30, "coffee-1-0001")]


def test_a_debit_of_what_the_server_does_not_list_goes_by_its_amount(start: Start, connect: Connect) -> None:
    """By products it would book its own price, whatever the guest has read on the machine."""
    sandbox = start()
    dearer = Product("espresso", "Espresso", 40, listed=False)
    assert connect(sandbox).deliver(entry(pieces=(dearer,), amount=40), ENOUGH_S).balance == 110
    assert _booked(sandbox) == [(-40, "coffee-1-0001")]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (credit(), "no call for a credit"),
        (entry(pieces=(), amount=5), "debit without products"),
        (entry(pieces=(Product("11", "Selection 11", 5, listed=False),), amount=5), "debit without products"),
        (credit(kind=EntryKind.UNCLAIMED), "for a person"),
        (entry(uid=None), "no hexadecimal UID"),
        (entry(uid="04/../x"), "no hexadecimal UID"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_a_call(
    start: Start, connect: Connect, bad: object, words: str
) -> None:
    sandbox = start(dialect="pretix")
    answer = connect(sandbox).deliver(bad, ENOUGH_S)  # type: ignore[arg-type]
    assert answer.outcome is Outcome.REFUSED
    assert words in answer.words
    assert requests(sandbox) == 0


# -- tokens --------------------------------------------------------------------------------------------


def test_a_token_without_a_wallet_is_refused_with_the_servers_words(
    sandbox: Sandbox, backend: PointOfSale, dialect: str
) -> None:
    assert backend.balance("04FFFFFF", ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
    answer = backend.deliver(entry(uid="04FFFFFF"), ENOUGH_S)
    assert (answer.outcome, answer.status) == (Outcome.REFUSED, 404)
    assert ("Not found." if dialect == "pretix" else "not paired") in answer.words
    assert posts(sandbox) == (0 if dialect == "pretix" else 1)
    assert _booked(sandbox) == []


def test_the_plugin_is_asked_for_a_wallet_once_only(start: Start, connect: Connect) -> None:
    sandbox = start(dialect="pretix")
    backend = connect(sandbox)
    orders = [entry(f"k{n}", pieces=(Product(1, "Espresso", 25),)) for n in range(3)]
    assert [backend.deliver(order, ENOUGH_S).outcome for order in orders] == [Outcome.DELIVERED] * 3
    assert requests(sandbox, "GET /pos/wallets/token/{token}") == 1


@pytest.mark.parametrize(
    "fault",
    [Fault(kind="status", status=500), Fault(kind="drop"), Fault(kind="drop", after=True)],
)
def test_a_look_that_fails_sends_nothing(start: Start, connect: Connect, fault: Fault) -> None:
    sandbox = start(dialect="pretix")
    sandbox.faults.set(fault)
    assert connect(sandbox).deliver(entry(), ENOUGH_S).outcome is Outcome.UNSENT
    assert posts(sandbox) == 0


@pytest.mark.parametrize(
    ("options", "stored"),
    [
        ({"token_case": "upper"}, "04A1B2C3D4E5F6"),
        ({"token_order": "reversed"}, "f6e5d4c3b2a104"),
        ({"token_case": "upper", "token_order": "reversed"}, "F6E5D4C3B2A104"),
    ],
)
def test_case_and_order_of_a_token_are_configuration(
    start: Start, connect: Connect, options: dict[str, str], stored: str
) -> None:
    sandbox = start()
    sandbox.ledger.open_wallet(stored, 0, balance=77)
    assert connect(sandbox, **options).balance(UID, ENOUGH_S).balance == 77


def test_pairing(sandbox: Sandbox, backend: PointOfSale) -> None:
    sandbox.ledger.add_code("12345678", "erika")
    assert backend.pair("04FFFFFF", "87654321", ENOUGH_S).status == 404
    assert backend.pair("04FFFFFF", "1234", ENOUGH_S) == Answer(
        Outcome.REFUSED, words=_words_of_a_bad_code(sandbox), status=400
    )
    done = backend.pair("04FFFFFF", "12345678", ENOUGH_S)
    assert (done.outcome, done.balance) == (Outcome.DELIVERED, 0)
    assert backend.pair("04FFFFFF", "12345678", ENOUGH_S).outcome is Outcome.DELIVERED
    assert backend.pair("04EEEEEE", "12345678", ENOUGH_S).outcome is Outcome.REFUSED
    wallet = sandbox.ledger.wallet("04ffffff")
    assert wallet is not None
    assert wallet.paired_user == "erika"


def _words_of_a_bad_code(sandbox: Sandbox) -> str:
    if "/api/v1/" in sandbox.url:
        return '{"pairing_code":["A code has 8 digits."]}'
    return '{"message":"Send 8 digits.","errors":{"pairing_code":["A code has 8 digits."]}}'


# -- permission ----------------------------------------------------------------------------------------


def test_a_terminal_that_may_not_is_denied_and_nothing_is_booked(start: Start, connect: Connect) -> None:
    sandbox = start(permission="credit")
    backend = connect(sandbox)
    answer = backend.deliver(entry(), ENOUGH_S)
    assert (answer.outcome, answer.status) == (Outcome.DENIED, 403)
    assert "no permission to debit" in answer.words
    assert backend.deliver(credit(), ENOUGH_S).outcome is Outcome.DELIVERED


def test_a_secret_that_was_rolled_is_taken_up_after_the_server_denied_the_old_one(
    sandbox: Sandbox, backend: PointOfSale, connect: Connect
) -> None:
    secret, asked = [SECRET], []

    def credential() -> str:
        asked.append(1)
        return secret[0]

    backend = connect(sandbox, credential=credential)
    assert [backend.balance(UID, ENOUGH_S).answer for _ in range(3)] == [WalletAnswer.KNOWN] * 3
    assert len(asked) == 1
    secret[0] = sandbox.roll("an0ther-Token")
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.DENIED
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    assert len(asked) == 2


@pytest.mark.parametrize("secret", ["", "two words", "line\nbreak", "grüße"])
def test_a_secret_that_is_none_is_a_sentence(sandbox: Sandbox, connect: Connect, secret: str) -> None:
    answer = connect(sandbox, credential=lambda: secret).deliver(entry(), ENOUGH_S)
    assert answer.outcome is Outcome.DENIED
    assert "one word of printable ASCII" in answer.words
    assert requests(sandbox) == 0


def test_a_secret_that_cannot_be_read_is_a_sentence(sandbox: Sandbox, connect: Connect) -> None:
    def credential() -> str:
        raise PermissionError(13, "Permission denied")

    assert connect(sandbox, credential=credential).balance(UID, ENOUGH_S) == WalletReply(
        WalletAnswer.DENIED, words="no secret for this server: Permission denied"
    )


# -- products ------------------------------------------------------------------------------------------


def test_all_pages_are_read(start: Start, connect: Connect) -> None:
    sandbox = start(dialect="pretix")
    sandbox.set_products([Item(str(n), f"Thing {n}", n) for n in range(1, 8)])
    assert [each.id for each in _catalogue(connect(sandbox))] == [1, 2, 3, 4, 5, 6, 7]
    assert requests(sandbox, "GET /pos/terminal") == 4


def test_configuration_chooses_and_orders_products(
    start: Start, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = start(dialect="pretix")
    sandbox.set_products([Item(n, f"Thing {n}", n) for n in (1, 2, 3)])
    assert [each.id for each in _catalogue(connect(sandbox, products=("3", 1, "3", 9)))] == [3, 1]
    assert "does not know these products: 9" in caplog.text


def test_a_product_id_goes_back_in_the_type_that_it_came_in(start: Start, connect: Connect) -> None:
    sandbox = start()
    sandbox.set_products([Item("7", "Text", 1), Item(7, "Number", 2)])
    backend = connect(sandbox)
    backend.deliver(entry("a", pieces=(Product(7, "Number", 2),)), ENOUGH_S)
    backend.deliver(entry("b", pieces=(Product("7", "Text", 1),)), ENOUGH_S)
    assert _booked(sandbox) == [(-2, "a"), (-1, "b")]


# -- options -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["pos.example.org", "ftp://pos.example.org", "https://user:pw@pos.example.org", "https://a/?q", "https://"],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"url": url}, PointOfSaleOptions)


def test_the_secret_goes_over_the_network_in_the_open_only_if_that_is_wanted() -> None:
    with pytest.raises(msgspec.ValidationError, match="allow_http"):
        msgspec.convert({"url": "http://pos.example.org/"}, PointOfSaleOptions)
    for options in (
        {"url": "http://pos.example.org/", "allow_http": True},
        {"url": "http://127.0.0.1:8091/"},
        {"url": "http://[::1]:8091/"},
        {"url": "https://pos.example.org/api"},
    ):
        assert msgspec.convert(options, PointOfSaleOptions).url == options["url"]


def test_a_description_is_cut_and_never_empty(start: Start, connect: Connect) -> None:
    sandbox = start()
    backend = connect(sandbox)
    backend.deliver(replace(entry("a"), description="x" * 300), ENOUGH_S)
    backend.deliver(replace(entry("b"), description=""), ENOUGH_S)
    texts = [each.booking.description for each in sandbox.ledger.transactions()][1:]
    assert texts == ["x" * 100, "Espresso"]
