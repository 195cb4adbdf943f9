"""What became of cards' balances, and what tills told at the end of their days."""

from __future__ import annotations

from typing import Any

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import NO_ACCESS, Call
from terminal.sandbox.onlinepos.print import dot, moment_ms, number, stamp, whole
from terminal.sandbox.onlinepos.sales import without_vat
from terminal.sandbox.onlinepos.store import OnlinePosStore
from terminal.sandbox.onlinepos.things import Company, Line, Movement

_PURCHASE = "Purchase"


# -- balances ----------------------------------------------------------------------------------------------


def card_history(call: Call) -> Response:
    """GET /getCardHistory/{cardnumber}, JSON only: purchases are positive there."""
    every = call.rules.history_lists == "all"
    moved = call.store.movements(call.params["cardnumber"])
    spent = call.rules.history_amounts == "spent"
    shown = [_entry(each, spent=spent) for each in moved if every or each.kind == _PURCHASE]
    return Response.json(shown[::-1] if call.rules.history == "newest" else shown)


def _entry(movement: Movement, *, spent: bool) -> dict[str, Any]:
    bought = movement.kind == _PURCHASE
    amount = -movement.amount if bought or spent else movement.amount
    receipt: dict[str, Any] = {"receipt_product_lines": [], "receipt_payment_lines": []}
    if bought:
        line = {"qty": 1, "tekst": "Other goods", "price": dot(amount), "discount": dot(0)}
        receipt = {
            "receipt_product_lines": [line],
            "receipt_payment_lines": [{"payment_type": "Kort", "amount": dot(amount)}],
        }
    return {
        "date": stamp(movement.at_ms),
        "type": movement.kind,
        "amount": number(amount),
        "location": movement.location,
        "receipt": receipt,
    }


def card_movements(call: Call) -> Response:
    """GET /getCardMovements/{firmaid}/{from}/{to}, JSON only; its sign of withdrawals is as in the sample."""
    start, end = call.params["from"], call.params["to"]
    if call.params["firmaid"] != str(call.company.firmaid):
        raise call.forbidden(NO_ACCESS)
    if not (whole(start) and whole(end)):
        return Response.json({"error": "Input fail!"})
    sums: dict[str, tuple[int, int]] = {}
    for each in call.store.movements():
        if int(start) * 1000 <= each.at_ms < (int(end) + 1) * 1000:
            more, less = sums.get(each.card, (0, 0))
            sums[each.card] = (more + max(each.amount, 0), less + max(-each.amount, 0))
    return Response.json([_moved(call, number_, *both) for number_, both in sums.items()])


def _moved(call: Call, card: str, more: int, less: int) -> dict[str, str]:
    known, left = call.store.card(card), more - less
    return {
        "cardnumber": card,
        "cardname": known.name if known else "",
        "deposit": dot(more),
        "withdrawal": dot(-less if left else less),
        "subtotal": dot(left),
    }


# -- the end of the day ------------------------------------------------------------------------------------


def journal(call: Call) -> Response:
    """POST /end_of_day_journal: a read, of local times."""
    asked = call.query if call.rules.journal_place == "query" else call.form
    register = asked.get("cash_register_id")
    try:
        start, end = moment_ms(asked.get("time_from", "")), moment_ms(asked.get("time_to", ""))
    except ValueError:
        return Response.json({"error": "invalid input"})
    entries = [
        body
        for at_ms, body in call.store.journal()
        if start <= at_ms <= end
        and body["venue_id"] == call.company.firmaid
        and register in (None, str(body["cash_register_id"]))
    ]
    return Response.json({"journal_entries": entries})


def close_day(store: OnlinePosStore, company: Company, now_ms: int) -> dict[str, Any]:
    """Let a till end its day: what was paid since it did so last, by way of payment and by VAT."""
    with store.transaction():
        last = max([at for at, body in store.journal() if body["venue_id"] == company.firmaid], default=-1)
        lines = [
            each
            for each in store.lines()
            if each.firmaid == company.firmaid and each.paid_ms is not None and last < each.paid_ms <= now_ms
        ]
        number_ = store.count("journal", 789)
        entry: dict[str, Any] = {
            "journal_number": number_,
            "clerk_id": 1,
            "cash_register_id": company.register,
            "cash_register_name": company.department,
            "department_code": company.department,
            "venue_id": company.firmaid,
            "venue_name": company.name,
            "time": stamp(now_ms).replace(" ", "T"),
            "journal_lines": _entries(lines),
            "extended_data": {"debtor_sales": []},
        }
        store.add_journal(number_, now_ms, entry)
    return entry


def _entries(lines: list[Line]) -> list[dict[str, Any]]:
    """Return the lines of the books: what was paid with is debit, sales and VAT are credit."""
    ways = sorted({each.payment for each in lines})
    found = [(way, "1000", sum(each.price for each in lines if each.payment == way), "debit") for way in ways]
    net = sum(without_vat(each) for each in lines)
    if lines:
        found.append(("Sales", "4000", net, "credit"))
        found.append(("VAT", "2000", sum(each.price for each in lines) - net, "credit"))
    return [
        {
            "journal_line_text": words,
            "journal_line_account_number": account,
            "journal_line_amount": number(amount),
            "journal_line_type": side,
        }
        for words, account, amount, side in found
    ]
