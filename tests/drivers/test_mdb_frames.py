"""A cashless device on the bus: every command in every state, lost answers, and noise."""

import pytest

from drivers.mdb.amounts import Scale
from drivers.mdb.blocks import from_hex
from drivers.mdb.cashless import (
    Approve,
    Asked,
    Begin,
    Deny,
    Doubtful,
    End,
    Grant,
    NotTaken,
    State,
    Status,
    Succeeded,
    Unreadable,
)
from drivers.mdb.cashless_frames import Config
from tests.drivers.mdb_vmc import (
    ASKED,
    COMPLETE,
    CONFIG,
    DISABLE,
    ENABLE,
    ID,
    LIMIT,
    OK_BYTES,
    OPTIONS,
    PRICES,
    READER_CANCEL,
    REQUEST,
    RESET,
    SETUP,
    SHEET,
    STATES,
    SUCCESS,
    Vmc,
    approved,
    asked,
    disabled,
    enabled,
    inactive,
    revalue,
    session,
)


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


def test_a_denial():
    vmc = asked()
    assert vmc.reader.order(Deny()) == []
    assert vmc.reader.order(Approve(ASKED)) == [NotTaken(start=False)]
    assert vmc.poll() == (b"\x06", [])
    assert vmc.poll() == OK_BYTES
    assert vmc.send(REQUEST) == (b"", [ASKED])


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


@pytest.mark.parametrize(
    ("text", "block"),
    [("1210", b"\x12\x10"), ("12 10", b"\x12\x10"), ("", None), ("1", None), ("xy", None), ("00" * 37, None)],
)
def test_hex(text, block):
    assert from_hex(text) == block
