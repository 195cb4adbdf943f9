"""A cashless device on the bus: lost answers, orders that cross, and noise."""

import random

import pytest

from drivers.mdb.blocks import ACK, NAK, RET, opened, seal
from drivers.mdb.cashless import Begin, Deny, SoldForCash, State, Status, Withdrawn
from drivers.mdb.cashless_frames import Config
from tests.drivers.mdb_vmc import (
    CANCEL,
    CASH,
    COMPLETE,
    DISABLE,
    FAILURE,
    OK_BYTES,
    REQUEST,
    REVALUE,
    SHEET,
    SUCCESS,
    Vmc,
    approved,
    asked,
    enabled,
    queued,
    session,
)


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


def test_it_is_silent_where_it_is_not_meant_or_cannot_be_sure():
    vmc = enabled()
    for block in (b"\x12\x13", seal(b"\x0b"), seal(b"\x60"), b"\x12", b"", bytes(40), seal(b"\x10") + b"\x00"):
        assert vmc.reader.receive(block) == (b"", [])
    assert vmc.reader.state is State.ENABLED
    second = Vmc(Config(address=0x60))
    assert second.send("62")[0] == b"\x00"


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
