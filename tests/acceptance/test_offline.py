"""Without a server: a clear screen where nothing is known, sales within the limits where something is."""

from pathlib import Path

import pytest

from terminal.core.policy import Reason
from terminal.core.token import mask
from tests.acceptance.conftest import OTHER, UID
from tests.support.machine import PANEL, READER, Machine, SandboxProcess

RELAY = {"name": "machine", "role": "release", "driver": "simulated"}
STRANGER, THIRD = "04998877665544", "DE12AB34"
QUICK = {
    "sync": {"first_retry_s": 1, "longest_retry_s": 2, "breaker_probe_s": 1, "timeout_s": 1},
    "reading": {"same_card_ms": 0},
}


def machine(folder: Path, sandbox: SandboxProcess, **sections: object) -> Machine:
    rules = {**QUICK, "vending": {"show_s": 1}, **sections}
    return Machine(folder, sandbox.url, sandbox.token_file, [READER, PANEL, RELAY], sections=rules)


def see(coffee: Machine, sandbox: SandboxProcess, *uids: str) -> None:
    """Let the terminal see wallets and products while there is a server, then take the server away."""
    coffee.start()
    coffee.wait_works()
    for uid in uids:
        coffee.do("tap", uid=uid)
        coffee.wait("the wallet", screen__balance_age_ms=0, screen__token=mask(uid))
        coffee.do("untap")
        coffee.do("button", name="cancel")
    assert coffee.stop() == 0
    sandbox.stop()


def sell(coffee: Machine, uid: str, product: str = "espresso") -> tuple[str, str]:
    """Let a customer choose a product and tap; return what the screen says then."""
    assert coffee.do("button", name=product).is_success
    coffee.wait("a token is asked for", phase="waiting for a token")
    coffee.do("tap", uid=uid)
    shown = coffee.wait("the result", phase="showing the result")["screen"]
    coffee.do("untap")
    return shown["notice"], shown["words"]


def test_an_empty_cache_is_a_clear_screen_and_every_tap_is_answered(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    sandbox.stop()
    with machine(tmp_path, sandbox) as coffee:
        words = "No products are known yet: the server was never reached. It is tried again and again."
        status = coffee.wait(
            "a clear screen", phase="ready", screen__notice="out of order", screen__words=words
        )
        assert status["queue"]["queued"] == 0
        shown = coffee.ctl("status")
        assert shown.returncode == 1, shown.stdout
        assert words in shown.stdout
        coffee.do("tap", uid=UID)
        coffee.wait("an answer to the tap", phase="showing the result", screen__words=words)
        coffee.do("untap")
        coffee.wait("the end of that", phase="ready", screen__words=words)
        # The server comes, and nobody has to do anything.
        sandbox.start()
        coffee.wait_works()
        assert coffee.ctl("status").returncode == 0
        assert sell(coffee, UID) == ("confirmed", "")
        coffee.wait("the debit", queue__delivered=1)
    assert [each["amount"] for each in sandbox.booked()] == [-25]


@pytest.mark.parametrize(
    ("limits", "sales"),
    [
        (
            {"max_sale": 30, "max_per_token": 60},
            [
                (UID, "cappuccino", Reason.OFFLINE_SALE),
                (UID, "espresso", None),
                (UID, "espresso", None),
                (UID, "espresso", Reason.OFFLINE_TOKEN),
                (STRANGER, "espresso", Reason.OFFLINE_UNKNOWN),
                (OTHER, "espresso", Reason.INSUFFICIENT),
                (THIRD, "espresso", None),
                (THIRD, "espresso", Reason.INSUFFICIENT),  # 40 cents, of which 25 are spent already
            ],
        ),
        (
            {"max_total": 80},
            [
                (UID, "espresso", None),
                (UID, "cappuccino", None),
                (UID, "espresso", Reason.OFFLINE_TERMINAL),
                (THIRD, "espresso", Reason.OFFLINE_TERMINAL),
            ],
        ),
        (
            {"max_count": 2, "unknown_tokens": True, "deny": [UID]},
            [
                (STRANGER, "espresso", None),
                (UID, "espresso", Reason.DENIED_TOKEN),
                (THIRD, "espresso", None),
                (STRANGER, "espresso", Reason.OFFLINE_TERMINAL),
            ],
        ),
    ],
    ids=["token", "total", "count"],
)
def test_a_filled_cache_sells_within_each_limit_and_no_further(
    tmp_path: Path,
    sandbox: SandboxProcess,
    limits: dict[str, object],
    sales: list[tuple[str, str, Reason | None]],
) -> None:
    sandbox.admin(
        "POST", "seed", {"wallets": [{"token": THIRD, "balance": 40}, {"token": STRANGER, "balance": 500}]}
    )
    coffee = machine(tmp_path, sandbox, offline=limits)
    see(coffee, sandbox, UID, OTHER, THIRD)
    taken = [(uid, product) for uid, product, refusal in sales if refusal is None]
    with coffee:  # a boot without a network
        coffee.wait_works()
        for uid, product, refusal in sales:
            expected = ("refused", refusal.value) if refusal else ("accepted offline", "")
            assert sell(coffee, uid, product) == expected
        queue = coffee.status()["queue"]
        assert queue["queued"] + queue["sending"] == len(taken)
        assert queue["delivered"] == 0
        sandbox.start()
        assert coffee.ctl("sync", "now").returncode == 0
        coffee.wait("an empty queue", queue__delivered=len(taken), queue__queued=0)
        assert coffee.ctl("status").returncode == 0
        assert sell(coffee, STRANGER)[0] == "confirmed"
        coffee.wait("the next debit", queue__delivered=len(taken) + 1)
    prices = {"espresso": 25, "cappuccino": 50}
    booked = [(each["token"].upper(), -each["amount"]) for each in sandbox.booked()[:-1]]
    assert sorted(booked) == sorted((uid, prices[product]) for uid, product in taken)
    with coffee.reader() as journal:
        assert {each["key"] for each in sandbox.booked()} == {entry.key for entry in journal.entries()}


@pytest.mark.parametrize("authorize", ["balance", "charge"])
def test_a_server_that_hangs_keeps_no_customer_waiting(
    tmp_path: Path, sandbox: SandboxProcess, authorize: str
) -> None:
    coffee = machine(tmp_path, sandbox, vending={"show_s": 1, "authorize": authorize, "deadline_ms": 300})
    see(coffee, sandbox, UID)
    sandbox.start()
    sandbox.faults({"kind": "hang"})
    with coffee:
        coffee.wait_works()
        assert sell(coffee, UID) == ("accepted offline", "")
        assert sell(coffee, UID) == ("accepted offline", "")
        # Nothing has come back from the server until here: it hangs still.
        assert sandbox.booked() == []
        assert coffee.status()["queue"]["delivered"] == 0
        sandbox.faults()
        coffee.ctl("sync", "now")
        coffee.wait("an empty queue", queue__delivered=2, queue__queued=0)
    assert [each["amount"] for each in sandbox.booked()] == [-25, -25]


def test_an_answer_that_is_lost_while_it_is_waited_for_books_once(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    """Style `charge`: booked, the answer lost; the piece goes out on trust, and the repeat books nothing."""
    coffee = machine(tmp_path, sandbox, vending={"show_s": 1, "authorize": "charge"})
    see(coffee, sandbox, UID)
    sandbox.start()
    with coffee:
        coffee.wait_works()
        sandbox.faults({"kind": "hang", "after": True, "method": "POST", "count": 1})
        assert sell(coffee, UID) == ("accepted offline", "")
        assert len(sandbox.booked()) == 1
        coffee.wait("the end of it", queue__delivered=1)
    assert [each["amount"] for each in sandbox.booked()] == [-25]
    assert sandbox.admin("GET", "counters")["repeats"] == 1
