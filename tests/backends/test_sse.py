"""Server-sent events: however they are cut into pieces, the same events come out of them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from terminal.backends.sse import Message, Overlong, Parser

ENDS = st.sampled_from(["\n", "\r", "\r\n"])
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)
LINES = st.one_of(
    st.just(""),
    st.sampled_from(["data", "data:", "data: ", "data:  two", ":", ": note", "event", "id", "id: a\0b"]),
    st.builds("{}:{}{}".format, st.sampled_from(["data", "event", "id", "retry", "", "Data", " data", "new"]),
              st.sampled_from(["", " ", "  "]), WORDS),
    st.integers(0, 10**10).map("retry: {}".format),
    WORDS,
)  # fmt: skip


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Lines with ends of every kind, maybe with a mark before them, and with one that is cut off."""
    lines = "".join(line + draw(ENDS) for line in draw(st.lists(LINES, max_size=20)))
    return (draw(st.sampled_from(["", "\ufeff", "\ufeff\ufeff"])) + lines + draw(LINES)).encode()


def plainly(stream: bytes) -> tuple[list[Message], int | None]:
    """The same, of the whole stream at once, written down as the standard says it."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    *lines, _ = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found, data, event, last, retry = [], "", "", "", None
    for line in lines:
        name, _, value = line.partition(":")
        value = value[1:] if value[:1] == " " else value
        if not line:
            if data:
                found.append(Message(data[:-1], event or "message", last))
            data = event = ""
        elif name == "data":
            data += value + "\n"
        elif name == "event":
            event = value
        elif name == "id" and "\0" not in value:
            last = value
        elif name == "retry" and value and set(value) <= set("0123456789"):
            retry = int(value[:9])
    return found, retry


def fed(stream: bytes, cuts: list[int], most: int = 10**6) -> tuple[list[Message], int | None]:
    parser = Parser(most)
    edges = [0, *sorted({cut % (len(stream) + 1) for cut in cuts}), len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]
    return [message for piece in pieces for message in parser.feed(piece)], parser.retry_ms


@given(streams(), st.lists(st.integers(0, 2000), max_size=12))
@example(b"data: a\r\n\r\ndata: b\r\r", [8, 9, 10, 11])
@example("\ufeffdata: é\n\n".encode(), [1, 2, 10])
def test_it_does_not_matter_where_a_stream_is_cut(stream: bytes, cuts: list[int]) -> None:
    told = plainly(stream)
    assert fed(stream, cuts) == told
    assert fed(stream, list(range(len(stream)))) == told, "byte by byte"


def test_an_event_is_what_its_fields_say() -> None:
    stream = (
        b"\xef\xbb\xbf: hello\r\nretry: 1500\r\nid: 7\revent: change\ndata: {\ndata:  1}\r\n\r\n"
        b"data\n\nevent: nothing\n\nid\ndata:x\n\ndata: cut off\n"
    )
    assert fed(stream, []) == (
        [Message("{\n 1}", "change", "7"), Message("", "message", "7"), Message("x")],
        1500,
    )


def test_what_is_no_text_is_replaced_and_harms_no_other_event() -> None:
    assert fed(b"data: \xff\xfe\n\ndata: b\n\n", [8]) == ([Message("��"), Message("b")], None)


@pytest.mark.parametrize("ended", [b"", b"\n\n"])
def test_a_line_that_is_too_long_is_an_error_whether_it_ends_or_not(ended: bytes) -> None:
    stream = b"data: a\n\ndata: " + 26 * b"b" + ended
    assert [each.data for each in fed(stream, [], most=32)[0]] == ["a", 26 * "b"][: 1 + bool(ended)]
    for cuts in ([], list(range(60))):
        with pytest.raises(Overlong, match="a line of the event stream is longer than 31 bytes"):
            fed(stream, cuts, most=31)


def test_an_event_of_many_lines_is_bounded_too_and_its_end_frees_the_room() -> None:
    line = b"data: 123456789\n"
    assert len(fed((3 * line + b"\n") * 5, [7, 40], most=30)[0]) == 5
    with pytest.raises(Overlong, match="an event of the event stream is longer than 30 bytes") as caught:
        fed(4 * line, [], most=30)
    assert "1234" not in str(caught.value)


def test_what_came_before_an_error_was_given() -> None:
    messages = Parser(20).feed(b"data: a\n\n" + 30 * b"x")
    assert next(messages) == Message("a")
    with pytest.raises(Overlong):
        next(messages)


def test_comments_alone_are_no_events_and_grow_nothing() -> None:
    parser = Parser(100)
    for _ in range(1000):
        assert list(parser.feed(b": keep-alive\n\n")) == []
