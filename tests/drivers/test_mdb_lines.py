"""The text lines of an MDB adapter: every line end, noise, torn and endless lines, and what no line may be."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mdb.lines import LONGEST, Line, LineSplitter, make, parse

TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=60)


def feed(*chunks):
    splitter = LineSplitter()
    return [line for chunk in chunks for line in splitter.feed(chunk)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r\n"])
def test_every_line_end_is_one(end):
    found = feed(b"c,STATUS,IDLE" + end + b"r,ACK" + end + b"c,VEND,SUCCESS" + end)
    assert [line.words for line in found] == [("c", "STATUS", "IDLE"), ("r", "ACK"), ("c", "VEND", "SUCCESS")]
    assert [line.noise for line in found] == [False, True, False]


@given(st.lists(TEXT, max_size=6), st.sampled_from([b"\r", b"\n", b"\r\n"]), st.integers(1, 9))
def test_lines_come_whole_however_they_are_cut(texts, end, size):
    raw = b"".join(text.encode() + end for text in texts)
    found = feed(*(raw[at : at + size] for at in range(0, len(raw), size)))
    assert [line.raw for line in found] == [text.encode() for text in texts]
    assert all(line.words for line in found)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"c,STATUS,VEND,1.00,5", ("c", "STATUS", "VEND", "1.00", "5")),
        (b'c,ERR,"cashless is on"', ("c", "ERR", "cashless is on")),
        (b'c,ERR,"START -3"', ("c", "ERR", "START -3")),
        (b"c,ERR,VEND 3", ("c", "ERR", "VEND 3")),
        (b'c,ERR,"a,b"', ("c", "ERR", "a,b")),
        (b'c,ERR,"half', ("c", "ERR", '"half')),
        (b'"a"b,c', ('"a"b', "c")),
        (b" v , 4.0 ", ("v", "4.0")),
        (b",,", ("", "", "")),
    ],
)
def test_words(raw, words):
    assert parse(raw).words == words


@pytest.mark.parametrize("raw", [b"c,ST\x00ATUS", b"\xff\xfe", b"c,\xc3\xa4", b"\x1b[0m", b"a" * (LONGEST + 1)])
def test_what_is_no_text_has_no_words(raw):
    line = parse(raw)
    assert line.words == ()
    assert not line.noise
    assert len(line.raw) <= LONGEST


def test_bytes_without_an_end_are_bounded_and_told_once():
    splitter = LineSplitter()
    found = [line for _ in range(1000) for line in splitter.feed(b"x" * 100)]
    assert found == [Line(b"x" * LONGEST, (), "bytes without an end")]
    assert splitter.feed(b"the rest\r\nc,1\r\n") == [parse(b"c,1")]
    assert len(splitter._rest) == 0


@given(
    st.lists(
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters=',"'), max_size=9)
    )
)
def test_what_is_made_is_read_again(words):
    line = ",".join(words)
    if not line:
        with pytest.raises(ValueError, match="no line"):
            make(*words)
        return
    assert feed(make(*words))[0].words == tuple(word.strip() for word in words)


@pytest.mark.parametrize("word", ["a\nb", "a\r", "\x00", "ä", "", "a" * 300])
def test_what_would_be_no_single_line_is_refused(word):
    with pytest.raises(ValueError, match="no line"):
        make(word)


def test_a_hundred_thousand_random_pieces_make_no_crash_and_no_long_line():
    chance = random.Random(4)
    splitter = LineSplitter()
    alphabet = bytes(range(256)) + b'cCrR,\r\n"0123456789' * 8
    for _ in range(100_000):
        for line in splitter.feed(bytes(chance.choices(alphabet, k=chance.randrange(12)))):
            assert len(line.raw) <= LONGEST
            assert not line.words or line.raw.isascii()
        assert len(splitter._rest) <= LONGEST
