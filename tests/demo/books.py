"""The books of both sides, and what they hold against each other. Pure: values in, sentences out.

Three witnesses speak of the same money: what the terminals wrote down (journals), what the server booked, and
what physically happened (coins in the box, pieces in somebody's hand, paper). They agree, or there is a
sentence for each thing on which they do not.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Piece:
    """A product of a debit; its price in cents."""

    product: str | int
    price: int


@dataclass(frozen=True)
class Written:
    """An entry of a terminal's journal; *amount* in cents, positive."""

    terminal: str
    seq: int
    key: str
    kind: str
    token: str
    amount: int
    state: str
    pieces: tuple[Piece, ...] = ()

    @property
    def signed(self) -> int:
        """What it does to the wallet."""
        return -self.amount if self.kind == "debit" else self.amount


@dataclass(frozen=True)
class Booked:
    """A transaction of a terminal on the server; *amount* in cents, negative for a debit."""

    key: str
    token: str
    amount: int


@dataclass(frozen=True)
class Coin:
    """A coin as the journal has it: what it *became* (credited, held, ...), by which entry."""

    terminal: str
    amount: int
    became: str
    key: str


@dataclass(frozen=True)
class Swallowed:
    """A coin that is in the box."""

    terminal: str
    amount: int


@dataclass(frozen=True)
class GivenOut:
    """A piece that came out: its release is the debit's key, a slash and the number of the piece."""

    terminal: str
    release: str
    product: str | int

    @property
    def key(self) -> str:
        """The key of the debit."""
        return self.release.rpartition("/")[0]


@dataclass(frozen=True)
class Printed:
    """A document on paper; *whole*: to its end."""

    terminal: str
    job: str
    lines: tuple[str, ...]
    whole: bool = True


@dataclass(frozen=True)
class Books:
    """Everything that three witnesses know. Balances in cents by token; *opening*: before any terminal came."""

    written: tuple[Written, ...] = ()
    coins: tuple[Coin, ...] = ()
    booked: tuple[Booked, ...] = ()
    opening: Mapping[str, int] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)
    swallowed: tuple[Swallowed, ...] = ()
    given: tuple[GivenOut, ...] = ()
    printed: tuple[Printed, ...] = ()

    def receptors(self) -> list[str]:
        """Return the terminals that took coins, or say so."""
        return sorted({each.terminal for each in self.swallowed} | {each.terminal for each in self.coins})


def differences(books: Books) -> list[str]:
    """Return one sentence for everything on which the witnesses do not agree; empty if they do, to the cent."""
    return [
        *_open_ends(books),
        *_bookings(books),
        *_wallets(books),
        *_coins(books),
        *_pieces(books),
        *_receipts(books),
    ]


def end_of(key: str) -> str:
    """Return the end of a key, which tells one entry from another on a page."""
    return f"…{key[-8:]}"


def _open_ends(books: Books) -> Iterator[str]:
    for each in books.written:
        if each.state not in ("delivered", "voided"):
            yield f"{_name(each)} is {each.state}: it is not settled"


def _bookings(books: Books) -> Iterator[str]:
    by_key: dict[str, list[Booked]] = {}
    for booking in books.booked:
        by_key.setdefault(booking.key, []).append(booking)
    for each in books.written:
        found = by_key.pop(each.key, [])
        expected = 1 if each.state == "delivered" else 0
        if len(found) != expected:
            yield f"{_name(each)} is {each.state}, and the server booked it {len(found)} times"
        for booking in found:
            if (booking.amount, booking.token) != (each.signed, each.token):
                yield (
                    f"{_name(each)} is {each.signed} cents for {each.token[-4:]}, and the server booked "
                    f"{booking.amount} cents for {booking.token[-4:]}"
                )
    for key, found in by_key.items():
        yield f"the server booked {end_of(key)} {len(found)} times, and no journal knows it"


def _wallets(books: Books) -> Iterator[str]:
    by_journal = Counter(dict(books.opening))
    for each in books.written:
        if each.state == "delivered":
            by_journal[each.token] += each.signed
    for token in sorted({*by_journal, *books.balances}):
        if by_journal[token] != books.balances.get(token, 0):
            yield (
                f"by the journals wallet {token[-4:]} holds {by_journal[token]} cents, "
                f"by the server {books.balances.get(token, 0)}"
            )


def _coins(books: Books) -> Iterator[str]:
    """Each coin in the box is in the journal, in the same order, and all of an entry's coins are its amount."""
    for terminal in books.receptors():
        box = [each.amount for each in books.swallowed if each.terminal == terminal]
        journal = [each.amount for each in books.coins if each.terminal == terminal]
        if box != journal:
            yield f"the box of {terminal} holds coins of {box}, its journal of {journal} cents"
    credited: Counter[str] = Counter()
    for coin in books.coins:
        if coin.became == "credited":
            credited[coin.key] += coin.amount
        else:
            yield f"a coin of {coin.amount} cents in {coin.terminal} is {coin.became}: nobody has it"
    for each in books.written:
        coins = credited.pop(each.key, 0)
        if each.kind == "credit" and coins != each.amount:
            yield f"{_name(each)} is {each.amount} cents, and {coins} cents of coins became it"
        elif each.kind != "credit" and coins:
            yield f"{_name(each)} is no credit, and {coins} cents of coins became it"
    for key, coins in credited.items():
        yield f"{coins} cents of coins became {end_of(key)}, which no journal knows"


def _pieces(books: Books) -> Iterator[str]:
    """Each piece came out once and is paid; what is paid came out."""
    out = Counter(each.release for each in books.given)
    for release, count in out.items():
        if count > 1:
            yield f"release {end_of(release)} came out {count} times"
    paid = {
        f"{each.key}/{number}": (each, piece)
        for each in books.written
        if each.kind == "debit" and each.state == "delivered"
        for number, piece in enumerate(each.pieces)
    }
    for given in books.given:
        if given.release not in paid:
            yield f"{given.product} ({end_of(given.release)}) came out, and nobody paid for it"
        elif (product := paid[given.release][1].product) != given.product:
            yield f"{given.product} came out for {end_of(given.release)}, which is {product}"
    for release, (each, piece) in paid.items():
        if release not in out:
            yield f"{_name(each)}: {piece.product} is paid, and it never came out"
    for each in books.written:
        price = sum(piece.price for piece in each.pieces)
        if each.kind == "debit" and price != each.amount:
            yield f"{_name(each)} is {each.amount} cents, and its pieces cost {price}"


def _receipts(books: Books) -> Iterator[str]:
    printed = Counter(each.job for each in books.printed if each.whole)
    papers = {each.job: each for each in books.printed}
    for each in books.written:
        job = f"{each.key}/receipt"
        count = printed.pop(job, 0)
        if each.kind == "credit" and count != 1:
            yield f"{_name(each)} has {count} receipts"
        elif each.kind == "credit" and not any(
            f" {_plain(each.amount)} " in f"{line} " for line in papers[job].lines
        ):
            yield f"{_name(each)} is {each.amount} cents, and its receipt does not say so"
    for job in printed:
        yield f"a document {end_of(job)} was printed for no entry"


def _plain(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _name(each: Written) -> str:
    return f"{each.terminal} entry {each.seq} ({each.kind} {end_of(each.key)})"
