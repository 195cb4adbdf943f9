"""What a screen says, in words for the reader of the story."""

from collections.abc import Callable, Mapping
from typing import Any

from terminal.core import money

Screen = Mapping[str, Any]


def euros(cents: int) -> str:
    """Return an amount as people write it."""
    return money.show(cents, "EUR")


def words(screen: Screen) -> str:
    """Return what a screen shows, in a sentence or two."""
    say = _WORDS.get(screen["notice"])
    return say(screen) if say else str(screen["words"] or screen["notice"])


def _left(screen: Screen) -> str:
    if screen["balance"] is None:
        return ""
    return f" {euros(screen['balance'])} left{_age(screen)}."


def _age(screen: Screen) -> str:
    age_ms = screen["balance_age_ms"]
    return f", as the server told {age_ms / 1000:.0f} s ago" if age_ms else ""


def _choose(screen: Screen) -> str:
    products = ", ".join(each["name"] for each in screen["products"])
    return f"Card {screen['token']}: {euros(screen['balance'])}{_age(screen)}. Please choose: {products}."


def _basket(screen: Screen) -> str:
    return ", ".join(each["name"] for each in screen["basket"])


def _insert(screen: Screen) -> str:
    room = (
        f"room for {euros(screen['room'])} more"
        if screen["room"]
        else "that is all I may take: the slot is closed"
    )
    return f"Card {screen['token']}: {euros(screen['amount'])} inserted, {room}."


_WORDS: dict[str, Callable[[Screen], str]] = {
    "ready": lambda _: "Welcome. Please present your card.",
    "choose": _choose,
    "releasing": lambda screen: f"{_basket(screen)} is on its way ...",
    "confirmed": lambda screen: f"Enjoy your {_basket(screen)}. {euros(screen['amount'])} paid.{_left(screen)}",
    "accepted offline": lambda screen: (
        f"Enjoy your {_basket(screen)}. {euros(screen['amount'])} accepted offline.{_left(screen)}"
    ),
    "insert coins": _insert,
    "coins waiting": lambda screen: f"{euros(screen['amount'])} inserted. Please present your card.",
    "credited": lambda screen: (
        f"Thank you: {euros(screen['amount'])} for card {screen['token']}.{_left(screen)}"
    ),
}
