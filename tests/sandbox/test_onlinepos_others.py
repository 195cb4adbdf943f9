"""The OnlinePOS server with others at work: histories, changes in between, faults, testers, restarts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from terminal.sandbox.faults import Fault
from terminal.sandbox.onlinepos.rules import Others
from tests.sandbox.shop import CARD, CHIP, FIRMAID, Shop

# -- histories -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "types"), [("oldest", ["Deposit", "Purchase"]), ("newest", ["Purchase", "Deposit"])]
)
def test_a_history_has_each_change_and_no_reference(open_shop: Any, order: str, types: list[str]) -> None:
    shop = open_shop(rules={"history": order})
    shop.deposit("25.5")
    shop.clock.pass_s(60)
    shop.admin("POST", "spend", {"card": CARD, "amount": -1000})
    history = shop.read(f"getCardHistory/{CARD}")
    assert [each["type"] for each in history] == types
    by_type = {each["type"]: each for each in history}
    deposit, purchase = by_type["Deposit"], by_type["Purchase"]
    assert (deposit["amount"], deposit["date"], deposit["location"]) == (25.5, "2023-11-14 23:13:20", "Café Å")
    assert (purchase["amount"], purchase["date"]) == (10, "2023-11-14 23:14:20")
    assert purchase["receipt"]["receipt_payment_lines"] == [{"payment_type": "Kort", "amount": "10.00"}]
    assert set(deposit) == {"date", "type", "amount", "location", "receipt"}
    assert shop.read("getCardHistory/77") == []


@pytest.mark.parametrize(
    ("rules", "amounts"),
    [
        ({"history_lists": "purchases"}, [("Purchase", 10)]),
        ({"history_amounts": "spent"}, [("Deposit", -25.5), ("Purchase", 10)]),
    ],
)
def test_what_a_history_lists_and_how_is_a_setting(open_shop: Any, rules: Any, amounts: list[Any]) -> None:
    shop = open_shop(rules=rules)
    shop.deposit("25.5")
    shop.admin("POST", "spend", {"card": CARD, "amount": -1000})
    history = shop.read(f"getCardHistory/{CARD}")
    assert [(each["type"], each["amount"]) for each in history] == amounts


def test_movements_of_cards_have_the_sample_s_signs(shop: Shop) -> None:
    now = shop.clock.ms // 1000
    path = f"getCardMovements/{FIRMAID}/{now}/{now}"
    assert shop.read(path) == []
    shop.deposit("9")
    shop.deposit("-5.66")
    moved = {"cardnumber": CARD, "cardname": "Jens Åge", "deposit": "9.00"}
    assert shop.read(path) == [moved | {"withdrawal": "-5.66", "subtotal": "3.34"}]
    shop.deposit("-3.34")
    assert shop.read(path) == [moved | {"withdrawal": "9.00", "subtotal": "0.00"}]
    assert shop.read(f"getCardMovements/{FIRMAID}/{now + 1}/{now + 9}") == []
    assert shop("GET", f"getCardMovements/9000/{now}/{now}").status_code == 403


# -- other customers -----------------------------------------------------------------------------------


def test_a_tester_lets_another_customer_in(shop: Shop) -> None:
    assert shop.admin("POST", "spend", {"card": CARD, "amount": -250}).status_code == 200
    assert shop.admin("POST", "spend", {"card": CARD, "amount": 3, "campaign": 27}).status_code == 200
    assert (shop.balance(), shop.points()) == (9_750, {"27": 3})
    assert shop.admin("POST", "spend", {"card": "77", "amount": 1}).status_code == 404
    counters = shop.pos.counters()
    assert (counters["others"], counters["effects"]) == (2, {})


def test_others_come_after_so_many_requests(open_shop: Any) -> None:
    shop = open_shop(rules={"others": (Others(card=CARD, every=2, amounts=(-100,), count=2),)})
    balances = []
    for _ in range(6):
        shop.read("getProducts")
        balances.append(shop.balance())
    assert balances == [10_000, 9_900, 9_900, 9_800, 9_800, 9_800]


def test_what_is_set_while_others_are_at_work_is_not_what_is_read(open_shop: Any) -> None:
    """Between a look and an overwriting deposit, somebody spends: that is lost, as on the real server."""
    shop = open_shop(rules={"others": (Others(card=CARD, every=1, count=1),)})
    seen = shop.read(f"getCard/{CARD}")[0]["balance"]
    assert (seen, shop.balance()) == ("100,00", 9_900)
    shop.deposit("105", overwrite_balance="true")
    assert shop.balance() == 10_500


def test_others_are_drawn_by_the_seed(open_shop: Any) -> None:
    def run(seed: int) -> list[int]:
        other = Others(card=CARD, every=1, amounts=tuple(range(-50, 0)))
        shop = open_shop(rules={"others": (other,)}, seed=seed)
        for _ in range(8):
            shop.read("getProducts")
        return [each.amount for each in shop.pos.store.movements(CARD)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert len(set(run(1))) > 1


def test_others_that_have_no_card_do_nothing(open_shop: Any) -> None:
    shop = open_shop(rules={"others": (Others(card="77", every=1), Others(card=CARD, every=1, campaign=27))})
    shop.read("getProducts")
    assert (shop.balance(), shop.points(), shop.pos.counters()["others"]) == (10_000, {"27": -100}, 1)


def test_what_comes_at_once_is_booked_one_after_the_other(shop: Shop) -> None:
    voucher = {"voucherno": "0042", "campaignid": "27", "start_date": "20250101", "end_date": "20260101"}
    order = "name voucherno campaignid start_date end_date"

    def both(_: int) -> bool:
        shop.deposit("1")
        return b"<cardnumber>" in shop.hashed("createVoucher", order, voucher).content

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(both, range(24)))
    assert (shop.balance(), made.count(True)) == (12_400, 1)
    assert shop.pos.counters()["references"]["voucher"] == {"0042": 1}


# -- faults, counters, testers -------------------------------------------------------------------------


def test_a_lost_answer_took_effect_and_is_counted(shop: Shop) -> None:
    shop.pos.faults.set(Fault(kind="drop", after=True, count=1, path="/external/makeorder"))
    with pytest.raises(httpx.RemoteProtocolError):
        shop.order(displayOrderNo="K1")
    assert shop.order(displayOrderNo="K1").json()["ordernumber"] == "1001"
    counters = shop.admin("GET", "counters").json()
    assert counters["references"]["displayOrderNo"] == {"K1": 2}
    assert (counters["effects"], counters["faults"]) == ({"makeorder": 2}, 1)
    assert counters["requests"] == {"POST /onlinepos/api/external/makeorder": 2}
    assert len(shop.admin("GET", "orders").json()["orders"]) == 2


def test_a_request_that_never_arrived_took_none(shop: Shop) -> None:
    asked = {"faults": [{"kind": "status", "status": 500, "count": 1}]}
    assert shop.admin("PUT", "faults", asked).status_code == 200
    values = {"cardnumber": CARD, "amount": "1"}
    assert shop.hashed("deposit", "cardnumber amount", values).status_code == 500
    assert shop.balance() == 10_000
    assert shop.deposit("1") == "status: New balance: 101.00"
    (effect,) = shop.admin("GET", "effects").json()["effects"]
    assert (effect["call"], effect["refs"], effect["amount"]) == ("deposit", {"card": CARD}, 100)


def test_rules_are_changed_by_name(shop: Shop) -> None:
    answer = shop.admin("PUT", "rules", {"amount_checksum": "pieces", "others": [{"card": CARD, "every": 1}]})
    assert (answer.status_code, answer.json()["price_checksum"]) == (200, "cart")
    assert shop.order().json()["status"] == "ERROR"
    assert shop.balance() == 9_900
    for wrong in ({"nonsense": 1}, {"forbidden": "html"}, {"others": [{"card": CARD, "every": 0}]}):
        assert shop.admin("PUT", "rules", wrong).status_code == 400


def test_a_tester_tells_what_is_to_be_known(shop: Shop) -> None:
    seed = {
        "groups": [{"id": 11, "name": "Brød"}],
        "products": [{"id": 9, "name": "Bolle", "price": 1200, "group": 11}],
        "cards": [{"number": "0007", "rfid": "CAFE", "balance": 500}],
    }
    assert shop.admin("POST", "seed", seed).status_code == 200
    assert shop.read("getCard/0007")[0]["balance"] == "5,00"
    assert [each["ID"] for each in shop.read("getProducts")] == [1, 2, 3, 9]
    assert shop.admin("POST", "seed", {"cards": [{"nummer": "7"}]}).status_code == 400
    cards = shop.admin("GET", "cards").json()["cards"]
    assert [each["rfid"] for each in cards] == [CHIP, "", "CAFE"]


def test_a_reset_forgets_all(shop: Shop) -> None:
    shop.order()
    shop.sandbox.reset()
    assert (shop.pos.orders(), shop.pos.cards(), shop.pos.effects()) == ([], [], [])
    assert shop("GET", "getProducts").status_code == 403, "the company, too"


def test_its_state_outlives_it(tmp_path: Path) -> None:
    first = Shop(database=tmp_path / "sandbox.db")
    first.order()
    first.deposit("1")
    first.close()
    second = Shop(database=tmp_path / "sandbox.db")
    try:
        assert second.order().json()["ordernumber"] == "1001"
        assert second.pos.counters()["effects"] == {"deposit": 1, "makeorder": 2}
        assert len(second.read(f"getCardHistory/{CARD}")) == 1
    finally:
        second.close()


def test_it_stands_beside_the_others_on_one_port(shop: Shop) -> None:
    assert shop.sandbox.url_for("onlinepos", "old") == shop.sandbox.onlinepos_url
    assert shop("GET", "nothing").status_code == 404
    assert shop("POST", "getProducts").status_code == 405
