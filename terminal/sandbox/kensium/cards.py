"""The gift card calls of the Kensium server: find, make, change, book, authorise, capture and cancel."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from terminal.sandbox.kensium.others import Others
from terminal.sandbox.kensium.queries import Caller
from terminal.sandbox.kensium.rules import REFUSALS, KensiumRules, Refusal, cents, failed, invalid, money
from terminal.sandbox.kensium.schema import Handler
from terminal.sandbox.kensium.store import Effect, KensiumStore
from terminal.sandbox.kensium.wallets import Card, Code, CodeType, Status, Trans, Wallets
from terminal.sandbox.satellite.rules import iso

_USES: dict[CodeType, str] = {
    "PHYSICAL": "UsePhysicalGiftCardCodes",
    "EXTERNAL": "UseExternalGiftCardCodes",
    "PERSONAL": "UseShortPersonalGiftCardCodes",
}
"""Which codes an application may look for and see."""

_SECONDS = len("2026-01-31T23:59:59")
_SHOWN = 4
"""So many characters at the end of a masked code are legible."""


class CardCalls:
    """Answers what is asked of gift cards.

    Args:
        store: What is remembered.
        wallets: The cards in it.
        others: Who else uses the cards.
        rules: How the server behaves now.
        secret: Makes what nobody can guess.
    """

    def __init__(
        self,
        store: KensiumStore,
        wallets: Wallets,
        others: Others,
        rules: Callable[[], KensiumRules],
        secret: Callable[[], str],
    ) -> None:
        self._store = store
        self._wallets = wallets
        self._others = others
        self._rules = rules
        self._secret = secret

    def handlers(self) -> dict[str, Handler]:
        """Return what answers which field."""
        return {
            "Query.giftcard": self._find,
            "Mutation.giftcardAdd": self._add,
            "Mutation.giftcardEdit": self._edit,
            "Mutation.giftcardTransAdd": self._book,
            "Mutation.giftcardTransCapture": self._capture,
        }

    # -- cards -----------------------------------------------------------------------------------------

    def _find(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        """Find the cards of a code. A wrong code is no error here: nothing is found."""
        code, type_ = asked.get("code"), asked.get("codeType")
        self._release(caller)
        if code is None:
            limited = not caller.may("ListGiftCards")
            seen = [] if limited else self._wallets.cards()
        else:
            found = self._wallets.found(code, type_)
            allowed = [each for each in found if caller.may(_USES[each.type])]
            limited = len(allowed) < len(found) or (type_ is not None and not caller.may(_USES[type_]))
            cards = {each.card: self._wallets.card(each.card) for each in allowed}
            seen = [card for card in cards.values() if card is not None]
        page = self._rules().page
        for card in seen[:page]:
            self._stir(caller, card.id)
        return {
            "limitedByPermission": limited,
            "hasMoreResults": len(seen) > page,
            "results": [self._shown(caller, each) for each in seen[:page]],
        }

    def _add(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        given = asked["giftcard"]
        code, pin, external = given.get("physicalCode"), given.get("physicalPin"), given.get("externalCode")
        if pin is not None and not code:
            raise invalid("NotEmpty", "physicalCode", "a PIN goes with a physical code")
        for type_, text in (("PHYSICAL", code), ("EXTERNAL", external)):
            if text == "":
                raise invalid("NotEmpty", f"{type_.lower()}Code", f"the {type_.lower()} code is empty")
        with self._store.transaction():
            member = self._member(given)
            card = self._wallets.add_card(member)
            if code is not None:
                self._free("PHYSICAL", code)
                expires = given.get("physicalCodeExpiresOn")
                self._wallets.add_code(card, "PHYSICAL", code, pin=pin, expires=expires)
            if external is not None:
                self._free("EXTERNAL", external)
                self._wallets.add_code(card, "EXTERNAL", external)
            if given.get("addPersonalCode"):
                self._personal(card, member)
            self._note(caller, "giftcardAdd", str(card))
            return self._shown(caller, Card(card, member), masked=False)

    def _edit(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        given = asked["giftcard"]
        with self._store.transaction():
            card = self._wallets.card(given["id"])
            if card is None:
                raise self._refused("unknown", "there is no such gift card")
            member = self._member(given)
            if member is not None and card.member not in (None, member):
                raise invalid("Equal", "memberId", "the owner of a gift card stays")
            member = member or card.member
            if member is not None and card.member is None:
                self._wallets.set_member(card.id, member)
            if given.get("revokePhysicalCode"):
                self._wallets.drop_code(card.id, "PHYSICAL")
            if given.get("addPersonalCode"):
                self._personal(card.id, member)
            self._note(caller, "giftcardEdit", str(card.id))
            return self._shown(caller, Card(card.id, member), masked=False)

    def _member(self, given: dict[str, Any]) -> str | None:
        member: str | None = given.get("memberId")
        if member is not None and not any(
            each.body.get("memberId") == member for each in self._store.records("customer")
        ):
            raise invalid("Exists", "member", "there is no such member")
        return member

    def _personal(self, card: int, member: str | None) -> None:
        if member is None:
            raise invalid("NotEmpty", "member", "a personal code needs a member")
        self._wallets.add_code(card, "PERSONAL", self._secret()[:12].upper())

    def _free(self, type_: CodeType, code: str) -> None:
        if self._wallets.found(code, type_):
            raise self._refused("taken", "another gift card has this code")

    def _shown(self, caller: Caller, card: Card, *, masked: bool = True) -> dict[str, Any]:
        masked = masked and not caller.may("ViewUnmaskedGiftCardCodes")
        codes = [each for each in self._wallets.codes(card.id) if not masked or caller.may(_USES[each.type])]
        return {
            "id": str(card.id),
            "memberId": card.member,
            "balance": money(self._wallets.available(card.id)),
            "codes": [_code(each, masked=masked) for each in codes],
        }

    # -- transactions ----------------------------------------------------------------------------------

    def _book(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        given = asked["trans"]
        type_, amount = given["transType"], cents(given["amount"], "amount")
        caller.need(f"GiftCardTrans{type_.capitalize()}")
        if amount == 0 or (type_ == "ADD" and amount < 0) or (type_ == "USE" and amount > 0):
            rule = {"ADD": "GreaterThan", "USE": "LessThan"}.get(type_, "NotEqual")
            raise invalid(rule, "amount", f"amount: the sign does not fit {type_}")
        source, ref = given.get("sourceId"), given.get("refNo")
        self._release(caller)
        code = self._usable(caller, given)
        self._stir(caller, code.card)
        with self._store.transaction():
            if ref is not None and self._rules().repeats == "refused" and self._wallets.booked(source, ref):
                raise self._refused("repeated", "this source has sent this reference before")
            if amount < 0 and not self._rules().overdraft and self._wallets.available(code.card) + amount < 0:
                raise self._refused("funds", "there is less than that on the gift card")
            trans = self._wallets.book(
                code.card,
                type_,
                amount,
                caller.now_ms,
                status="AUTHORIZED" if given.get("authorizeOnly") else "COMPLETED",
                source=source,
                ref=ref,
                application=caller.application.id,
            )
            operation = "authorize" if trans.status == "AUTHORIZED" else "complete"
            self._note(caller, operation, str(trans.card), amount, ref)
            return self._booked(trans)

    def _usable(self, caller: Caller, given: dict[str, Any]) -> Code:
        """Return the code that a transaction names, if it may be used by who knows what is given."""
        found = self._wallets.found(given["code"], given.get("codeType"))
        if len(found) > 1:
            raise invalid("NotEmpty", "codeType", "there are gift cards of more than one type with this code")
        if not found:
            raise self._refused("unknown", "there is no gift card with this code")
        (code,) = found
        pin = given.get("pin")
        wanted = self._rules().pins == "required" or pin is not None
        if wanted and not hmac.compare_digest((pin or "").encode(), (code.pin or "").encode()):
            raise self._refused("pin", "the PIN is wrong")
        if code.expires is not None and code.expires[:_SECONDS] <= iso(caller.now_ms)[:_SECONDS]:
            raise self._refused("expired", "this code has expired")
        return code

    def _capture(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        given = asked["trans"]
        wanted: Status = "CANCELLED" if given.get("cancel") else "COMPLETED"
        self._release(caller)
        trans = self._trans(given["id"])
        caller.need(f"GiftCardTrans{trans.type.capitalize()}")
        self._stir(caller, trans.card)
        with self._store.transaction():
            trans = self._trans(given["id"])
            if trans.status != "AUTHORIZED":
                if trans.status == wanted and self._rules().recapture == "answered":
                    return self._booked(trans)
                raise self._refused("status", f"the transaction is {trans.status.capitalize()}")
            self._wallets.set_status(trans.id, wanted)
            operation = "cancel" if wanted == "CANCELLED" else "capture"
            self._note(caller, operation, str(trans.card), trans.cents, trans.ref)
            return self._booked(self._trans(given["id"]))

    def _trans(self, id_: str) -> Trans:
        trans = self._wallets.trans(id_)
        if trans is None or trans.application is None:
            raise failed("There is no such transaction.")
        return trans

    def _booked(self, trans: Trans) -> dict[str, Any]:
        return {
            "id": str(trans.id),
            "balance": money(self._wallets.available(trans.card)),
            "giftcardId": str(trans.card),
            "status": trans.status,
        }

    # -- around each -----------------------------------------------------------------------------------

    def _release(self, caller: Caller) -> None:
        """Let go what was held too long."""
        hold_s = self._rules().hold_s
        if hold_s is not None:
            self._wallets.release(caller.now_ms - hold_s * 1000)

    def _stir(self, caller: Caller, card: int) -> None:
        rules = self._rules()
        self._others.perhaps(card, rules.others, rules.others_cents, caller.now_ms)

    def _refused(self, what: str, words: str) -> Refusal:
        return Refusal(self._rules().codes.get(what, REFUSALS[what]), words)

    def _note(
        self, caller: Caller, operation: str, entity: str, amount: int | None = None, ref: str | None = None
    ) -> None:
        effect = Effect(operation, entity, amount, ref, caller.application.id, caller.now_ms)
        self._store.add_effect(effect)


def _code(code: Code, *, masked: bool) -> dict[str, Any]:
    shown = f"{'*' * max(len(code.code) - _SHOWN, 0)}{code.code[-_SHOWN:]}" if masked else code.code
    return {
        "id": str(code.id),
        "codeType": code.type,
        "code": shown,
        "expiresOn": code.expires,
        "isMasked": masked,
    }
