"""The books as a page: coin by coin, piece by piece, entry by entry, both sides in one line."""

from collections.abc import Mapping
from itertools import zip_longest

from tests.demo.books import Books, Written, end_of
from tests.demo.narrator import Narrator
from tests.demo.screens import euros


def lay_open(books: Books, owners: Mapping[str, str], say: Narrator) -> None:
    """Print everything that the witnesses know; *owners*: whose card a token is."""
    say.table(*_entries(books, owners))
    say.table(*_coins(books))
    say.table(*_pieces(books))
    say.table(*_wallets(books, owners))


_Rows = list[tuple[str, ...]]
_Table = tuple[str, tuple[str, ...], _Rows]


def _entries(books: Books, owners: Mapping[str, str]) -> _Table:
    """Booked entries as the server booked them, so that its balances run; then those that it never booked."""
    written = {each.key: each for each in books.written}
    balances = dict(books.opening)
    rows: _Rows = []
    for booking in books.booked:
        balances[booking.token] = balances.get(booking.token, 0) + booking.amount
        here = _journal(written[booking.key], owners) if booking.key in written else ("-",) * 6
        rows.append((*here, "|", end_of(booking.key), euros(booking.amount), euros(balances[booking.token])))
    booked = {booking.key for booking in books.booked}
    rows += [(*_journal(each, owners), "|", "-", "-", "-") for each in books.written if each.key not in booked]
    head = ("key", "terminal", "kind", "card", ">amount", "state", "|", "key", ">amount", ">balance")
    return "Entries: what the journals wrote down | what the server booked", head, rows


def _journal(each: Written, owners: Mapping[str, str]) -> tuple[str, ...]:
    owner = owners.get(each.token, each.token[-4:])
    return (end_of(each.key), each.terminal, each.kind, owner, euros(each.signed), each.state)


def _coins(books: Books) -> _Table:
    rows: _Rows = []
    journal = {name: [coin for coin in books.coins if coin.terminal == name] for name in books.receptors()}
    for name, coins in journal.items():
        box = [each.amount for each in books.swallowed if each.terminal == name]
        for fell, coin in zip_longest(box, coins):
            here = (euros(coin.amount), f"{coin.became} by {end_of(coin.key)}") if coin else ("-", "-")
            rows.append((name, "-" if fell is None else euros(fell), "|", *here))
    total = sum(each.amount for each in books.swallowed)
    rows.append(("all", euros(total), "|", euros(sum(coin.amount for coin in books.coins)), ""))
    return (
        "Coins: what is in the box | what the journal says",
        ("terminal", ">in the box", "|", ">journal", "became"),
        rows,
    )


def _pieces(books: Books) -> _Table:
    debits = {each.key: each for each in books.written if each.kind == "debit"}
    rows: _Rows = []
    for given in books.given:
        debit = debits.get(given.key)
        paid = f"{debit.state} debit {end_of(debit.key)}" if debit else "-"
        rows.append((str(given.product), "|", euros(debit.amount) if debit else "-", paid))
    out = {given.key for given in books.given}
    rows += [
        (f"no {debit.pieces[0].product}", "|", euros(debit.amount), f"{debit.state} debit {end_of(debit.key)}")
        for debit in debits.values()
        if debit.key not in out
    ]
    return "Pieces: what came out | who pays for it", ("came out", "|", ">price", "journal"), rows


def _wallets(books: Books, owners: Mapping[str, str]) -> _Table:
    rows: _Rows = []
    for token in sorted(books.balances, key=lambda token: owners.get(token, token)):
        begin = books.opening.get(token, 0)
        delivered = [each.signed for each in books.written if each.token == token and each.state == "delivered"]
        spent = -sum(amount for amount in delivered if amount < 0)
        topped = sum(amount for amount in delivered if amount > 0)
        rows.append(
            (
                owners.get(token, token[-4:]),
                euros(begin),
                f"- {euros(spent)}",
                f"+ {euros(topped)}",
                f"= {euros(begin + sum(delivered))}",
                "|",
                euros(books.balances[token]),
            )
        )
    head = ("card", ">at first", ">spent", ">topped up", ">by the journals", "|", ">by the server")
    return "Wallets: what follows from the journals | what the server says", head, rows
