"""The chapters, in the order in which they are told. Each shows what journal and server hold of it."""

from collections.abc import Callable

from terminal.core.records import Entry
from tests.demo.books import end_of
from tests.demo.stage import BLUE, COFFEE, NAME, RECEPTOR, RED, Stage
from tests.support.waiting import wait_until


def a_purchase(stage: Stage) -> None:
    stage.say.chapter(
        "A card, a button, a coffee",
        "A coffee machine, and the server that holds the customers' wallets. The blue card buys an "
        "espresso; then the red card buys a cappuccino. Everything is written to the machine's journal "
        "before anything comes out, and delivered to the server.",
    )
    stage.show(stage.coffee.wait("products", screen__notice="ready"))
    for card, product in ((BLUE, "espresso"), (RED, "cappuccino")):
        entry = stage.buy(card, product, "confirmed")
        stage.settled(stage.coffee, entry.key)


def one_tap(stage: Stage) -> None:
    stage.say.chapter(
        "A card that stays is one tap",
        "The red card is forgotten on the reader after it has bought, and somebody even pulls the reader's "
        "plug and puts it in again. It must pay once.",
    )
    before = stage.coffee.status()["queue"]["delivered"]
    stage.choose(RED, "espresso")
    stage.show(stage.coffee.wait("the result", screen__notice="confirmed"))
    stage.do(stage.coffee, "unplug", "reader")
    wait_until(lambda: stage.health(stage.coffee, "reader") == "missing", what="the reader to be missed")
    stage.say.say("world", "The reader is unplugged, with the card on it: the machine says that it is missing.")
    stage.do(stage.coffee, "plug", "reader")
    wait_until(lambda: stage.health(stage.coffee, "reader") == "ok", what="the reader to be back")
    stage.do(stage.coffee, "untap")
    stage.say.say("world", "The reader is back by itself, the card still on it. Now it is taken away.")
    status = stage.coffee.status()
    assert status["phase"] in ("showing the result", "ready"), status["phase"]
    stage.show(status)
    stage.settled(stage.coffee, stage.newest(stage.coffee).key)
    assert stage.coffee.wait_delivered()["queue"]["delivered"] == before + 1


def coins(stage: Stage) -> None:
    stage.say.chapter(
        "Coins become money on a card",
        "A second machine takes coins, up to 5.00 EUR at a time. Two coins come before the blue card is "
        "shown, and at the end one coin more than the limit allows.",
    )
    receptor = stage.receptor
    stage.show(receptor.wait("an open slot", screen__notice="ready"))
    for coin, sum_ in ((200, 200), (100, 300)):
        stage.do(receptor, "coin", cents=coin)
        stage.show(receptor.wait("coins waiting", screen__notice="coins waiting", screen__amount=sum_))
    stage.do(receptor, "tap", uid=BLUE.uid)
    stage.show(receptor.wait("collecting", screen__notice="insert coins", screen__amount=300))
    stage.do(receptor, "coin", cents=200)
    stage.show(receptor.wait("a full session", screen__notice="insert coins", screen__amount=500))
    stage.say.say("world", f"One more coin of 0.50 EUR: {stage.refused(receptor, 'coin', cents=50)}.")
    _credited(stage, 500)
    stage.settled(receptor, stage.newest(receptor).key)


def _credited(stage: Stage, amount: int) -> None:
    receptor = stage.receptor
    papers = len(stage.record(RECEPTOR, "document"))
    stage.do(receptor, "button", name="confirm")
    stage.show(receptor.wait("the credit", screen__notice="credited", screen__amount=amount))
    wait_until(lambda: len(stage.record(RECEPTOR, "document")) == papers + 1, what="a receipt")
    stage.do(receptor, "untap")
    paper = stage.record(RECEPTOR, "document")[-1]["lines"]
    width = max(map(len, paper))
    stage.say.say("world", "The receipt:")
    stage.say.as_is(
        [f"+{'-' * (width + 2)}+", *(f"| {line:{width}} |" for line in paper), f"+{'-' * (width + 2)}+"]
    )


def server_away(stage: Stage) -> None:
    stage.say.chapter(
        "The server goes away, and the machine goes on",
        "The server is switched off. The blue card's balance is remembered, and the operator trusts every "
        "card with 3.00 EUR while the server does not answer: two espressi, and no third one.",
    )
    stage.server.stop()
    stage.say.say("server", "(switched off)")
    for _ in range(2):
        entry = stage.buy(BLUE, "espresso", "accepted offline")
        stage.tell_journal(stage.coffee, entry.key)
    stage.do(stage.coffee, "tap", uid=BLUE.uid)
    stage.show(stage.coffee.wait("the limit", screen__notice="refused"))
    stage.do(stage.coffee, "untap")


def power_cut_in_a_sale(stage: Stage) -> None:
    stage.say.chapter(
        "The power fails while the machine gives out",
        "Still without a server. The red card orders a soup, and while the kitchen is at work the power "
        "fails. After the start nobody can tell whether it came out: so it is neither charged nor forgotten "
        "nor made again, but kept for a person.",
    )
    before = len(stage.record(COFFEE, "piece"))
    stage.choose(RED, "soup")
    stage.show(stage.coffee.wait("the kitchen", phase="releasing"))
    stage.tell_journal(stage.coffee, stage.newest(stage.coffee).key)
    stage.cut_power(stage.coffee)
    assert len(stage.record(COFFEE, "piece")) == before
    stage.say.say("world", "No soup came out, but only the customer knows that.")
    stage.tell_journal(stage.coffee, stage.newest(stage.coffee).key)
    stage.say.say(
        "world",
        "The customer tries an espresso instead. It comes out; the power fails before the brewer has said so.",
    )
    stage.do(stage.coffee, "silent_next", "brewer")
    stage.coffee.wait("products", screen__notice="ready")
    stage.choose(RED, "espresso")
    wait_until(lambda: len(stage.record(COFFEE, "piece")) == before + 1, what="an espresso")
    stage.cut_power(stage.coffee)
    stage.tell_journal(stage.coffee, stage.newest(stage.coffee).key)
    stage.show(stage.coffee.wait("products", screen__notice="ready"))


def power_cut_between_coins(stage: Stage) -> None:
    stage.say.chapter(
        "The power fails between two coins",
        "At the coin receptor one coin is in, and no card was shown yet, when the power fails there too. "
        "The coin is on the books since the moment it fell: it waits for the next card.",
    )
    receptor = stage.receptor
    receptor.wait("an open slot", screen__notice="ready")
    stage.do(receptor, "coin", cents=100)
    stage.show(receptor.wait("a coin waiting", screen__notice="coins waiting", screen__amount=100))
    stage.cut_power(receptor)
    stage.show(receptor.wait("a coin still waiting", screen__notice="coins waiting", screen__amount=100))
    stage.do(receptor, "coin", cents=50)
    stage.show(receptor.wait("two coins", screen__notice="coins waiting", screen__amount=150))
    stage.do(receptor, "tap", uid=BLUE.uid)
    stage.show(receptor.wait("collecting", screen__notice="insert coins", screen__amount=150))
    _credited(stage, 150)
    stage.tell_journal(receptor, stage.newest(receptor).key)


def server_back(stage: Stage) -> None:
    stage.say.chapter(
        "The server is back, and everything is delivered",
        "The server is switched on again. Nobody has to do anything: both machines notice, and deliver what "
        "they have written down, each entry under the key it was born with.",
    )
    waiting = {
        machine: [entry.key for entry in _queued(stage, name)] for name, machine in stage.machines.items()
    }
    for name, machine in stage.machines.items():
        stage.say.say("journal", f"{name}: {len(waiting[machine])} waiting")
    stage.server.start()
    for machine, keys in waiting.items():
        for key in reversed(keys):
            stage.settled(machine, key)


def _queued(stage: Stage, name: str) -> list[Entry]:
    with stage.machines[name].reader() as journal:
        return [entry for entry in journal.entries() if entry.state.value in ("queued", "sending")]


def lost_answer(stage: Stage) -> None:
    stage.say.chapter(
        "An answer gets lost",
        "The blue card buys an espresso. The server books it, and the connection breaks before its answer "
        "arrives. The machine cannot know: it sends the same key again, and the server knows the key.",
    )
    repeats = stage.server.admin("GET", "counters")["repeats"]
    stage.server.faults({"kind": "drop", "after": True, "method": "POST", "count": 1})
    entry = stage.buy(BLUE, "espresso", "confirmed")
    stage.settled(stage.coffee, entry.key)
    with stage.coffee.reader() as journal:
        story = journal.story(entry.seq)
    assert story is not None
    tries = [event.how for event in story.events if event.what == "attempt" and event.how != "started"]
    repeated = stage.server.admin("GET", "counters")["repeats"] - repeats
    assert repeated >= 1, "the answer was not lost"
    stage.say.say("journal", f"tries of {end_of(entry.key)}: {', then '.join(tries)}")
    stage.say.say("server", f"{end_of(entry.key)} arrived {1 + repeated} times")


def a_person_decides(stage: Stage) -> None:
    stage.say.chapter(
        "A person decides what no machine can know",
        "The technician asks the customer, who has had the espresso, so it is charged, and never got the "
        "soup, so it is not. The name and the reason stay in the journal for ever.",
    )
    stage.terminalctl(stage.coffee, "journal", "list", "--state", "parked")
    with stage.coffee.reader() as journal:
        parked = {entry.pieces[0].id: entry for entry in journal.entries() if entry.state.value == "parked"}
    assert set(parked) == {"soup", "espresso"}, parked
    for product, action, reason in (
        ("espresso", "retry", "the customer has drunk it"),
        ("soup", "void", "it never came out"),
    ):
        number = str(parked[product].seq)
        stage.terminalctl(stage.coffee, "journal", action, number, "--by", NAME, "--reason", reason, "--yes")
    stage.settled(stage.coffee, parked["espresso"].key)
    stage.tell_journal(stage.coffee, parked["soup"].key)


def the_end(stage: Stage) -> None:
    stage.say.chapter(
        "The books",
        "Both machines are stopped, and their journals verified: no row was changed or removed. Then the "
        "books of both sides are laid beside each other, and beside what physically happened.",
    )
    for machine in stage.machines.values():
        assert machine.stop() == 0, machine.tail()
        stage.terminalctl(machine, "journal", "verify")


CHAPTERS: tuple[Callable[[Stage], None], ...] = (
    a_purchase,
    one_tap,
    coins,
    server_away,
    power_cut_in_a_sale,
    power_cut_between_coins,
    server_back,
    lost_answer,
    a_person_decides,
    the_end,
)
