"""What a printer's status bytes mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printers.status import Automatic, Decoder, Finished, Noise, RealTime, Status, ask, combine

WELL = {1: 0x12, 2: 0x12, 3: 0x12, 4: 0x12}


def test_questions_are_the_manual_s_bytes() -> None:
    assert [ask(n) for n in (1, 2, 3, 4)] == [
        b"\x10\x04\x01",
        b"\x10\x04\x02",
        b"\x10\x04\x03",
        b"\x10\x04\x04",
    ]


def test_a_printer_that_is_well_has_neither_problem_nor_warning() -> None:
    assert combine(WELL) == Status()
    assert (Status().problem(), Status().warning()) == ("", "")


@pytest.mark.parametrize(
    ("question", "byte", "status", "word"),
    [
        (1, 0x1A, Status(offline=True), "offline"),
        (2, 0x16, Status(cover_open=True), "cover"),
        (2, 0x1A, Status(feeding=True), "fed"),
        (2, 0x32, Status(paper_out=True), "paper is out"),
        (2, 0x52, Status(error=True), "error"),
        (3, 0x1A, Status(cutter=True), "cutter"),
        (3, 0x32, Status(broken=True), "service"),
        (3, 0x52, Status(error=True), "error"),
        (4, 0x72, Status(paper_out=True), "paper is out"),
    ],
)
def test_each_bit_that_stops_printing_has_its_sentence(question, byte, status, word) -> None:
    assert combine({**WELL, question: byte}) == status
    assert word in status.problem()


def test_near_end_is_a_warning_and_no_problem() -> None:
    status = combine({**WELL, 4: 0x1E})
    assert status == Status(paper_near_end=True)
    assert status.problem() == ""
    assert "near its end" in status.warning()


def test_the_cause_is_named_before_the_mere_fact_of_being_offline() -> None:
    assert "cover" in combine({1: 0x1A, 2: 0x16, 3: 0x12, 4: 0x12}).problem()
    assert "paper is out" in combine({1: 0x1A, 2: 0x32, 3: 0x12, 4: 0x7E}).problem()


def test_the_three_kinds_of_bytes_are_told_apart() -> None:
    decoder = Decoder()
    # Automatic status with a real-time answer in its middle, XON/XOFF noise, then GS r.
    stream = bytes((0x38, 0x00, 0x16, 0x0F, 0x0F, 0x11, 0x13, 0xFF, 0x00, 0x0C))
    assert decoder.feed(stream) == [
        RealTime(0x16),
        Automatic(Status(offline=True, cover_open=True, paper_out=True, paper_near_end=True)),
        Noise(),
        Finished(),
        Finished(),
    ]


def test_a_cut_off_automatic_status_does_not_swallow_the_next_one() -> None:
    decoder = Decoder()
    assert decoder.feed(bytes((0x10, 0x00))) == []
    assert decoder.feed(bytes((0x10, 0x08, 0x03, 0x00))) == [
        Automatic(Status(cutter=True, paper_near_end=True)),
    ]
    assert decoder.feed(b"\x00") == [Finished()]


@given(st.binary(max_size=60), st.data())
def test_pieces_make_no_difference(data, draw) -> None:
    cut = draw.draw(st.integers(0, len(data)))
    whole, parts = Decoder(), Decoder()
    assert whole.feed(data) == parts.feed(data[:cut]) + parts.feed(data[cut:])
