"""A machine at a tenant of Kensium, killed on bad days: each card is right; purchases wait for a person."""

from collections import Counter
from pathlib import Path
from typing import Any

from terminal.core.facts import EntryKind, EntryState
from terminal.journal import load_or_create_key, verify_file
from tests.acceptance.cards import KILLS, Booked, CardServer, Day, bad_days, check_cards


class Tenant(CardServer):
    """Its gift cards have tokens as codes."""

    kind = "kensium"

    def _cards(self) -> list[tuple[str, dict[str, Any]]]:
        return [(each["codes"][0]["code"].upper(), each) for each in self.at("GET", "entries")["cards"]]

    def booked(self) -> Booked:
        tokens = {card["id"]: token for token, card in self._cards()}
        return Counter(
            (tokens[str(each["card"])], each["cents"])
            for each in self.at("GET", "entries")["transactions"]
            if each["application"] is not None and each["status"] == "COMPLETED"
        )

    def balances(self) -> dict[str, int]:
        return {token: card["cents"] for token, card in self._cards()}

    def purchases(self) -> dict[str, int]:
        """Return how often each purchase was recorded."""
        return dict(self.at("GET", "counters")["transactions"])


def settle(day: Day, tenant: Tenant) -> None:
    """Let a person, who reads the tenant's page of purchases, say what became of those in doubt."""
    for each in day.entries():
        if each.kind is EntryKind.RECORD and each.state is EntryState.UNKNOWN:
            how = "delivered" if each.key in tenant.purchases() else "resend"
            body = {"how": how, "by": "Ada", "reason": "looked at its page"}
            answer = day.machine.ask("POST", f"journal/{each.seq}/resolve", body)
            assert answer.is_success, answer.text
    day.machine.wait_delivered()


def test_kills_on_bad_days_book_each_card_once_and_record_each_sale_once(tmp_path: Path) -> None:
    with Tenant(tmp_path) as tenant:
        backend = tenant.backend("/kensium", allow_http=True, alone=True, settling_seconds=5, store_code="MAIN")
        day = Day(tmp_path, tenant, backend, dict.fromkeys(("wallet", "catalogue", "sales"), "main"))
        happened = day.live_through(*bad_days("giftcardTransAdd", "purchaseAdd"))
        settle(day, tenant)
        entries = day.entries()
        assert day.machine.stop() == 0
        check_cards(tenant, entries)
        recorded = {each.key: each.state for each in entries if each.kind is EntryKind.RECORD}
        assert set(recorded.values()) == {EntryState.DELIVERED}
        assert tenant.purchases() == dict.fromkeys(recorded, 1)
    assert happened > KILLS
    assert verify_file(day.machine.journal, load_or_create_key(tmp_path / "journal.db.key"), None) == []
