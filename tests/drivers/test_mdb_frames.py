"""A cashless device on the bus: every command in every state, lost answers, and noise."""

import random

import pytest

from drivers.mdb.amounts import Scale
from drivers.mdb.blocks import ACK, NAK, RET, from_hex, opened, seal
from drivers.mdb.cashless import (
    Approve,
    Asked,
    Begin,
    Deny,
    Doubtful,
    End,
    Grant,
    NotDispensed,
    NotTaken,
    RevalueAsked,
    SoldForCash,
    State,
    Status,
    Succeeded,
    Unreadable,
    WasReset,
    Withdrawn,
)
from drivers.mdb.cashless_frames import Config, Peripheral

CONFIG = Config(revalue_limit=1000)
RESET, POLL, POLLED_ACK = "10", "12", (ACK, [])
REQUEST, CANCEL, SUCCESS, FAILURE, COMPLETE = "1300 0096 0005", "1301", "1302 0005", "1303", "1304"
CASH, DISABLE, ENABLE, READER_CANCEL = "1305 0050 0009", "1400", "1401", "1402"
SETUP, PRICES, ID, OPTIONS = "1100 03 10 02 00", "1101 FFFE 0000", "1700" + "20" * 29, "1704 00000020"
REVALUE, LIMIT = "1500 0064", "1501"
ASKED = Asked(150, "5")


class Vmc:
    """The master's end, without time."""

    def __init__(self, config=CONFIG):
        self.reader = Peripheral(config)

    def send(self, text, *, ack=True):
        """Send a block; return the data of its answer (empty: ACK) and what it meant."""
        answer, heard = self.reader.receive(seal(bytes.fromhex(text)))
        if answer == ACK:
            return b"", heard
        data = opened(answer)
        assert data is not None, answer
        if ack:
            assert self.reader.receive(ACK) == (b"", [])
        return data, heard

    def poll(self, **more):
        return self.send(POLL, **more)

    def set_up(self):
        assert self.poll()[0] == b"\x00"
        self.send(SETUP)
        self.send(ID)
        self.send(OPTIONS)
        self.send(PRICES)
        return self


def inactive():
    vmc = Vmc()
    vmc.poll()
    return vmc


def disabled():
    return Vmc().set_up()


def enabled():
    vmc = disabled()
    assert vmc.send(ENABLE) == (b"", [Status(State.ENABLED)])
    return vmc


def session():
    vmc = enabled()
    assert vmc.reader.order(Begin(1000)) == []
    assert vmc.poll() == (bytes.fromhex("03 03E8 FFFFFFFF 00 0000"), [Status(State.IDLE)])
    return vmc


def asked():
    vmc = session()
    assert vmc.send(REQUEST) == (b"", [ASKED])
    return vmc


def queued():
    vmc = asked()
    assert vmc.reader.order(Approve(ASKED)) == []
    return vmc


def approved():
    vmc = queued()
    assert vmc.poll() == (bytes.fromhex("05 0096"), [])
    return vmc


def revalue():
    vmc = session()
    assert vmc.send(REVALUE) == (b"", [RevalueAsked(100)])
    return vmc


STATES = {
    "inactive": (inactive, 1),
    "disabled": (disabled, 2),
    "enabled": (enabled, 3),
    "session": (session, 4),
    "asked": (asked, 5),
    "approved": (approved, 5),
    "revalue": (revalue, 6),
}
CONFIGURATION = "01 03 1978 01 02 3C 09"
IDENTITY = "09" + (b"TRM" + b"000000000001" + b"TERMINAL    ").hex() + "010000000020"
OK = ("", [])

SHEET = {
    RESET: {name: ("", [WasReset()]) for name in STATES},
    SETUP: {"inactive": (CONFIGURATION, []), "disabled": (CONFIGURATION, [])},
    PRICES: {"disabled": OK, "enabled": OK},
    ID: {"inactive": (IDENTITY[:60], []), "disabled": (IDENTITY, []), "enabled": (IDENTITY, [])},
    OPTIONS: {"disabled": OK},
    POLL: dict.fromkeys(STATES, OK),
    REQUEST: {"enabled": ("", [ASKED]), "session": ("", [ASKED])},
    CANCEL: {"asked": ("06", [Withdrawn()])},
    SUCCESS: {"approved": ("", [Succeeded("5")])},
    FAILURE: {"approved": ("", [NotDispensed()])},
    COMPLETE: {"session": ("07", [Status(State.ENABLED)])},
    CASH: dict.fromkeys(("disabled", "enabled", "session"), ("", [SoldForCash("9", 80)])),
    DISABLE: {
        **dict.fromkeys(("disabled", "session", "asked", "approved", "revalue"), OK),
        "enabled": ("", [Status(State.DISABLED)]),
    },
    ENABLE: {
        **dict.fromkeys(("enabled", "session", "asked", "approved", "revalue"), OK),
        "disabled": ("", [Status(State.ENABLED)]),
    },
    READER_CANCEL: {"enabled": ("08", [])},
    REVALUE: {"session": ("", [RevalueAsked(100)])},
    LIMIT: {"session": ("0F 03E8", [])},
    "1306 0096 0005": {},
    "1403": {},
    "1502": {},
    "1701": {},
    "17FF": {},
    "1102": {},
    "15": {},
    "1300 0096": {},
}
"""Command by state: what is answered, and what it means. What is not here is out of sequence."""


@pytest.mark.parametrize("command", SHEET)
@pytest.mark.parametrize("name", STATES)
def test_every_command_in_every_state(command, name):
    reach, number = STATES[name]
    vmc = reach()
    vmc.poll()  # so that it is no repetition
    data, heard = vmc.send(command)
    if name in SHEET[command]:
        answer, meaning = SHEET[command][name]
        assert data == bytes.fromhex(answer)
        assert heard == meaning
        return
    # Until the machine has said its level it is taken for the first, which knows no state here.
    assert data == (b"\x0b" if name == "inactive" else bytes((0x0B, number)))
    # A piece without an approval: out of sequence, and trouble.
    assert heard == ([Succeeded("5")] if command == SUCCESS else [])


@pytest.mark.parametrize("name", STATES)
def test_after_a_reset_it_is_set_up_anew(name):
    vmc = STATES[name][0]()
    vmc.send(RESET)
    assert vmc.reader.state is State.INACTIVE
    vmc.set_up()
    assert vmc.reader.state is State.DISABLED
    assert vmc.poll() == OK_BYTES


OK_BYTES = (b"", [])


def test_it_says_that_it_was_switched_on_until_that_is_acknowledged():
    vmc = Vmc()
    for _ in range(3):
        assert vmc.poll(ack=False) == (b"\x00", [])
    assert vmc.poll() == (b"\x00", [])
    assert vmc.poll() == OK_BYTES


def test_it_is_not_disabled_before_it_is_set_up():
    vmc = inactive()
    assert vmc.send(PRICES)[0] == b"\x0b"  # the level is not known either
    vmc.send(SETUP)
    assert vmc.send(PRICES) == (b"", [Status(State.DISABLED)])


def test_a_whole_sale_card_first_and_the_session_after_it():
    vmc = approved()
    assert vmc.send(SUCCESS) == (b"", [Succeeded("5")])
    assert vmc.send(COMPLETE) == (b"\x07", [Status(State.ENABLED)])
    assert vmc.reader.order(Begin(None)) == []
    assert vmc.poll()[0][:3] == b"\x03\xff\xff"


def test_selection_first_is_for_machines_that_switched_it_on():
    for config, options in ((CONFIG, "1704 00000000"), (Config(always_idle=False), OPTIONS), (CONFIG, "")):
        vmc = Vmc(config)
        vmc.poll()
        vmc.send(SETUP)
        if options:
            vmc.send(options)
        vmc.send(PRICES)
        vmc.send(ENABLE)
        assert vmc.send(REQUEST)[0] == b"\x0b\x03"
    features = Vmc(Config(always_idle=False))
    features.poll()
    features.send(SETUP)
    assert features.send(ID)[0][-4:] == bytes(4)


@pytest.mark.parametrize(("level", "begin", "identity"), [(1, 3, 30), (2, 10, 30), (3, 10, 34)])
def test_levels(level, begin, identity):
    vmc = Vmc()
    vmc.poll()
    assert vmc.send(f"1100 {level:02X} 10 02 00")[0][1] == level
    assert len(vmc.send(ID)[0]) == identity
    assert vmc.send(OPTIONS)[0] == (b"" if level == 3 else b"\x0b" if level == 1 else b"\x0b\x01")
    vmc.send(PRICES)
    vmc.send(ENABLE)
    vmc.reader.order(Begin(100))
    assert len(vmc.poll()[0]) == begin
    assert vmc.send(LIMIT)[0] == (b"\x0b" if level == 1 else b"\x0f\x03\xe8")


def test_a_lost_acknowledgement_repeats_the_data_and_means_nothing_new():
    vmc = enabled()
    vmc.reader.order(Begin(100))
    assert vmc.poll(ack=False)[1] == [Status(State.IDLE)]
    assert vmc.poll() == (bytes.fromhex("03 0064 FFFFFFFF 00 0000"), [])
    assert vmc.poll() == OK_BYTES


@pytest.mark.parametrize("again", [RET, NAK])
def test_retransmission(again):
    vmc = queued()
    block = seal(bytes.fromhex("05 0096"))
    assert vmc.reader.receive(seal(b"\x12")) == (block, [])
    assert vmc.reader.receive(again) == (block if again == RET else b"", [])
    assert vmc.poll() == (block[:-1], [])
    assert vmc.poll() == OK_BYTES


@pytest.mark.parametrize(
    ("reach", "command"),
    [
        *((session, REQUEST), (asked, CANCEL), (approved, SUCCESS), (approved, FAILURE), (session, COMPLETE)),
        *((enabled, CASH), (session, REVALUE), (enabled, DISABLE)),
    ],
)
def test_a_command_whose_answer_was_lost_is_answered_again_and_counts_once(reach, command):
    vmc = reach()
    first, heard = vmc.send(command, ack=False)
    assert heard
    for _ in range(3):
        assert vmc.send(command, ack=False) == (first, [])


def test_a_command_after_an_answer_that_came_is_another_one():
    vmc = session()
    assert vmc.send(COMPLETE)[0] == b"\x07"
    assert vmc.send(COMPLETE) == (b"\x0b\x03", [])


def test_the_same_cash_sale_twice_is_two_sales_if_the_machine_polled_between():
    vmc = enabled()
    assert vmc.send(CASH)[1] == vmc.send(CASH)[1] + [SoldForCash("9", 80)]
    vmc.poll()
    assert vmc.send(CASH)[1] == [SoldForCash("9", 80)]


def test_a_success_that_is_told_again_after_a_poll_is_the_same_one():
    vmc = approved()
    vmc.send(SUCCESS)
    vmc.poll()
    assert vmc.send(SUCCESS) == OK_BYTES


def test_a_cancel_before_the_approval_went_out_takes_it_back():
    vmc = queued()
    assert vmc.send(CANCEL) == (b"\x06", [Withdrawn()])
    assert vmc.poll() == OK_BYTES


@pytest.mark.parametrize("ack", [True, False])
def test_a_cancel_after_the_approval_went_out_is_out_of_sequence(ack):
    vmc = queued()
    assert vmc.poll(ack=ack)[0][0] == 5
    assert vmc.send(CANCEL) == (b"\x0b\x05", [])


def test_a_denial():
    vmc = asked()
    assert vmc.reader.order(Deny()) == []
    assert vmc.reader.order(Approve(ASKED)) == [NotTaken(start=False)]
    assert vmc.poll() == (b"\x06", [])
    assert vmc.poll() == OK_BYTES
    assert vmc.send(REQUEST) == (b"", [ASKED])


def test_a_cancel_and_a_denial_that_cross_are_one_denial():
    vmc = asked()
    vmc.reader.order(Deny())
    assert vmc.send(CANCEL) == (b"\x06", [])
    assert vmc.poll() == OK_BYTES


def test_a_denial_whose_acknowledgement_was_lost_denies_no_other_vend():
    vmc = asked()
    vmc.reader.order(Deny())
    vmc.poll(ack=False)
    vmc.send(REQUEST)
    assert vmc.poll() == OK_BYTES


def test_orders_out_of_place():
    assert disabled().reader.order(Begin(1)) == [NotTaken(start=True)]
    assert session().reader.order(Approve(ASKED)) == [NotTaken(start=False)]
    assert approved().reader.order(Approve(ASKED)) == [NotTaken(start=False)]
    for order in (Deny(), Grant(granted=True)):
        vmc = session()
        assert vmc.reader.order(order) == []
        assert vmc.poll() == OK_BYTES


def test_the_reader_asks_the_machine_to_end_the_session_once():
    vmc = session()
    vmc.reader.order(End())
    vmc.reader.order(End())
    assert vmc.poll()[0] == b"\x04"
    assert vmc.poll() == OK_BYTES
    assert vmc.send(COMPLETE)[0] == b"\x07"


def test_an_end_before_the_session_was_told_takes_it_back():
    vmc = enabled()
    vmc.reader.order(Begin(100))
    vmc.reader.order(End())
    assert vmc.poll() == OK_BYTES
    vmc.reader.order(Begin(100))
    assert vmc.send(READER_CANCEL) == (b"\x08", [NotTaken(start=True)])
    assert vmc.poll() == OK_BYTES
    vmc.reader.order(Begin(100))
    assert vmc.send(DISABLE) == (b"", [Status(State.DISABLED)])
    assert vmc.poll() == OK_BYTES


@pytest.mark.parametrize("reach", [session, asked, approved])
def test_a_reader_that_is_disabled_meanwhile_finishes_first(reach):
    vmc = reach()
    assert vmc.send(DISABLE) == OK_BYTES
    if reach is asked:
        vmc.reader.order(Approve(ASKED))
        vmc.poll()
    if reach is not session:
        assert vmc.send(SUCCESS) == (b"", [Succeeded("5")])
    assert vmc.send(COMPLETE) == (b"\x07", [Status(State.DISABLED)])
    assert vmc.send(REQUEST)[0] == b"\x0b\x02"


@pytest.mark.parametrize("granted", [True, False])
def test_a_revalue(granted):
    vmc = revalue()
    vmc.reader.order(Grant(granted))
    assert vmc.poll() == (b"\x0d" if granted else b"\x0e", [])
    assert vmc.send(COMPLETE)[0] == b"\x07"


def test_a_revalue_beyond_the_limit_or_of_nothing_is_denied_at_once():
    for amount in ("03E9", "0000", "FFFF"):
        assert session().send("1500" + amount) == (b"\x0e", [])


def test_prices_that_are_no_whole_cents_are_denied_and_never_rounded():
    vmc = Vmc(Config(scale=Scale(decimals=3)))
    vmc.set_up()
    vmc.send(ENABLE)
    (meaning,) = vmc.send("1300 0097 0005")[1]
    assert isinstance(meaning, Unreadable)
    vmc.reader.order(Deny())
    assert vmc.poll()[0] == b"\x06"
    vmc.send(COMPLETE)
    assert isinstance(vmc.send("1305 0001 0009")[1][0], Doubtful)
    assert isinstance(vmc.send("1300 FFFF 0005")[1][0], Unreadable)


def test_amounts_are_scaled_exactly():
    vmc = Vmc(Config(scale=Scale(factor=5)))
    vmc.set_up()
    vmc.send(ENABLE)
    assert vmc.send("1300 001E FFFF")[1] == [Asked(150, "")]
    vmc.reader.order(Approve(Asked(150, "")))
    assert vmc.poll()[0] == bytes.fromhex("05 001E")


def test_it_is_silent_where_it_is_not_meant_or_cannot_be_sure():
    vmc = enabled()
    for block in (b"\x12\x13", seal(b"\x0b"), seal(b"\x60"), b"\x12", b"", bytes(40), seal(b"\x10") + b"\x00"):
        assert vmc.reader.receive(block) == (b"", [])
    assert vmc.reader.state is State.ENABLED
    second = Vmc(Config(address=0x60))
    assert second.send("62")[0] == b"\x00"


@pytest.mark.parametrize(
    ("text", "block"),
    [("1210", b"\x12\x10"), ("12 10", b"\x12\x10"), ("", None), ("1", None), ("xy", None), ("00" * 37, None)],
)
def test_hex(text, block):
    assert from_hex(text) == block


def test_a_hundred_thousand_blocks_of_noise_change_nothing_but_by_their_checksum():
    """Random and mutated blocks: no crash, and no sale out of a block with a wrong checksum."""
    chance = random.Random(5)
    seeds = [bytes.fromhex(command) for command in SHEET]
    vmc = approved()
    for _ in range(100_000):
        raw = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(3)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        block = seal(bytes(raw)) if chance.random() < 0.5 else bytes((*raw, chance.randrange(256)))
        state = vmc.reader.state
        answer, heard = vmc.reader.receive(block)
        if opened(block) is None:
            assert heard == []
            assert vmc.reader.state is state
        assert answer in (b"", ACK) or opened(answer) is not None
        assert len(vmc.reader._queue) < 5
        if chance.random() < 0.3:
            vmc.reader.receive(chance.choice([ACK, NAK, RET]))
