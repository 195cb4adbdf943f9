"""Which card of OnlinePOS a token is: by its RFID or its number, remembered for a while.

POST campaign/cardInfo   CardID=04A1…      the number of a card with that RFID, if it is active
GET  getCard/0900…                         its balance, its type, and whether it is deleted
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from terminal.backends.onlinepos import cards
from terminal.backends.onlinepos.cards import CampaignCard, Card
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.replies import hide
from terminal.backends.values import Remembered, token_text
from terminal.core.delivery import Answer, Outcome
from terminal.core.token import mask

_REMEMBERED = 1000
_REMEMBERED_S = 300.0  # a card may be given to another guest


class NoWallet(Exception):  # noqa: N818 - an outcome, not a fault
    """A token has no card that can be used here; one sentence says so."""


class Finder:
    """Finds the card of a token; for any thread.

    Args:
        pos: Speaks with the server.
        options: What a token's id is there, and which cards are wallets.
    """

    def __init__(self, pos: OnlinePos, options: OnlinePosOptions) -> None:
        self._pos = pos
        self._options = options
        self._numbers = Remembered[str](_REMEMBERED, _REMEMBERED_S)

    def text(self, token: str | None) -> str:
        """Return a token's id as the server writes it.

        Raises:
            NoWallet: It is none.
        """
        try:
            return token_text(token or "", self._options.token_case, self._options.token_order)
        except ValueError as error:
            raise NoWallet(str(error)) from None

    def hidden(self, words: str, token: str | None) -> str:
        """Return *words* without the id of a token, however it is written."""
        try:
            text = self.text(token)
        except NoWallet:
            return words
        return hide(words, {each: mask(each) for each in (text, token or "")})

    def number(self, token: str | None, until: float) -> str | Answer:
        """Return the number of a token's card.

        Args:
            token: Its canonical id.
            until: The monotonic second until which this must be done.

        Raises:
            NoWallet: There is none that can be used.
        """
        text = self.text(token)
        if self._options.cards == "number":
            return text
        known = self._numbers.get(text)
        if known is not None:
            return known
        found = self._pos.do(cards.by_rfid(text), until - monotonic())
        if isinstance(found, Answer):
            if cards.is_unknown(found):
                raise NoWallet("no card has this token's id as its RFID: have it set in the back office")
            return found
        if found.closed:
            raise NoWallet("the card of this token is closed")
        if not found.number or (found.rfid and found.rfid.casefold() != text.casefold()):
            return Answer(
                Outcome.UNKNOWN, "the server answered with another card than the one that was asked for"
            )
        self._numbers.put(text, found.number)
        return found.number

    def forget(self, token: str | None) -> None:
        """Ask for the card of a token anew when it is needed."""
        self._numbers.forget(self.text(token))

    def card(self, token: str | None, until: float) -> Card | Answer:
        """Return the card of a token with its balance as it is now; as ``number``."""
        found = self._current(token, self._read_card, until)
        if isinstance(found, Answer):
            return found
        card = found.card
        kinds = {each.casefold() for each in self._options.card_types}
        if kinds and card.kind and card.kind.casefold() not in kinds:
            raise NoWallet(f"the card of this token is of the type {card.kind!r}, which is no wallet here")
        if card.balance is None:
            raise NoWallet("the card of this token has no balance")
        return card

    def points(self, token: str | None, until: float) -> CampaignCard | Answer:
        """Return the card of a token with its points as they are now; as ``number``."""
        return self._current(token, self._read_points, until)

    # -- within ----------------------------------------------------------------------------------------

    def _current(
        self, token: str | None, read: Callable[[str, float], CampaignCard | Answer | None], until: float
    ) -> CampaignCard | Answer:
        """Return what *read* tells of a token's card; a number that was remembered may be another's by now."""
        remembered = self._numbers.get(self.text(token)) is not None
        number = self.number(token, until)
        if isinstance(number, Answer):
            return number
        found = read(number, until)
        if isinstance(found, Answer):
            return found
        if found is None or not self._is_of(found.card, token, remembered=remembered):
            self.forget(token)
            if remembered:
                return self._current(token, read, until)
            raise NoWallet("no card is of this token")
        if found.card.closed:
            self.forget(token)
            if remembered:
                return self._current(token, read, until)
            raise NoWallet("the card of this token is closed")
        return found

    def _is_of(self, card: Card, token: str | None, *, remembered: bool) -> bool:
        """Return whether *card* is the token's; without an RFID it is, where the server has just said so."""
        if self._options.cards == "number" or not (card.rfid or remembered):
            return True
        return card.rfid.casefold() == self.text(token).casefold()

    def _read_card(self, number: str, until: float) -> CampaignCard | Answer | None:
        """Return a card by its number, without points; None: there is none."""
        found = self._pos.do(cards.card(number), until - monotonic())
        if isinstance(found, Answer):
            return None if cards.is_unknown(found) else found
        return _the_one(tuple(CampaignCard(each, ()) for each in found), number)

    def _read_points(self, number: str, until: float) -> CampaignCard | Answer | None:
        """Return a card by its number, with its points; None: there is none."""
        found = self._pos.do(cards.campaign_values(numbers=(number,), closed=True), until - monotonic())
        return found if isinstance(found, Answer) else _the_one(found.items, number)


def _the_one(found: tuple[CampaignCard, ...], number: str) -> CampaignCard | Answer | None:
    if not found:
        return None
    if len(found) > 1 or found[0].card.number != number:
        return Answer(Outcome.UNKNOWN, "the server answered with other cards than the one that was asked for")
    return found[0]
