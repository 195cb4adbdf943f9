"""A machine at a company of OnlinePOS, killed on bad days: looks settle everything, and each card is right."""

from collections import Counter
from pathlib import Path

from terminal.core.facts import EntryKind, EntryState
from terminal.journal import load_or_create_key, verify_file
from tests.acceptance.cards import KILLS, Booked, CardServer, Day, bad_days, check_cards


class Company(CardServer):
    """Its cards are found by their RFID."""

    kind = "onlinepos"

    def _numbers(self) -> dict[str, str]:
        return {each["number"]: each["rfid"] for each in self.at("GET", "cards")["cards"]}

    def booked(self) -> Booked:
        tokens = self._numbers()
        effects = self.at("GET", "effects")["effects"]
        return Counter(
            (tokens[each["refs"]["card"]], each["amount"]) for each in effects if each["call"] == "deposit"
        )

    def balances(self) -> dict[str, int]:
        return {each["rfid"]: each["balance"] for each in self.at("GET", "cards")["cards"]}


def test_kills_on_bad_days_book_each_card_once_and_record_each_sale_once(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        backend = company.backend(
            "/onlinepos/api", allow_http=True, alone=True, settling_seconds=1, department="Kiosk 1"
        )
        day = Day(tmp_path, company, backend, dict.fromkeys(("wallet", "catalogue", "sales"), "main"))
        happened = day.live_through(*bad_days("/deposit", "/makeorder"))
        entries = day.entries()
        assert day.machine.stop() == 0
        check_cards(company, entries)
        states = {each.state for each in entries if each.kind is EntryKind.RECORD}
        recorded = [each for each in entries if each.kind is EntryKind.RECORD]
        assert states == {EntryState.DELIVERED}
        assert company.at("GET", "counters")["effects"]["makeorder"] == len(recorded)
    assert happened > KILLS
    assert verify_file(day.machine.journal, load_or_create_key(tmp_path / "journal.db.key"), None) == []
