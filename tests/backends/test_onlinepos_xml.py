"""XML of OnlinePOS, and what somebody could send instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.onlinepos.values import Unreadable
from terminal.backends.onlinepos.xml import DEEPEST, LARGEST, MOST_ELEMENTS, read

LATIN = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n'
UTF_8 = b'<?xml version="1.0" encoding="UTF-8"?>\n'
BOMB = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))


def test_a_card_is_read_as_json_would_have_it() -> None:
    root = read(
        LATIN + b"<list>\n<card><id>1</id><name> S\xf8ren </name><cardnumber>0900</cardnumber>"
        b"<debtor></debtor></card><card><id>2</id></card></list>"
    )
    assert root.plain() == {
        "card": [{"id": "1", "name": "Søren", "cardnumber": "0900", "debtor": ""}, {"id": "2"}]
    }
    assert [each.child("name") is not None for each in root.all("card")] == [True, False]


def test_attributes_are_members_and_a_text_beside_them_too() -> None:
    root = read(b'<p><product id="7">Te</product><price price_1="10,00"/></p>')
    assert root.plain() == {"product": {"id": "7", "text": "Te"}, "price": {"price_1": "10,00"}}


@pytest.mark.parametrize("head", [UTF_8, b"", b"\n\n" + UTF_8, b"\xef\xbb\xbf" + UTF_8])
def test_utf_8_is_read_wherever_it_is_not_said_otherwise(head: bytes) -> None:
    assert read(head + "<fail> Grød </fail>".encode()).plain() == "Grød"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b"<!DOCTYPE a [" + b'<!ENTITY l0 "ha">' + BOMB + b"]><a>&l9;</a>", "document type"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]><a>&x;</a>', "document type"),
        (b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/"> %x;]><a/>', "document type"),
        (b"<a>&unknown;</a>", "no XML"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "utf-16"),
        ("<a/>".encode("utf-16"), "UTF-16"),
        ("<a/>".encode("utf-16-be"), "UTF-16"),
        (b'<?xml version="1.0" encoding="windows-1252"?><a/>', "windows-1252"),
        (b'<?xml version="1.0" encoding="utf-7"?><a>+ADw-</a>', "utf-7"),
        (LATIN + "<a>Grød</a>".encode(), "is UTF-8"),
        (b"\xef\xbb\xbf" + LATIN + b"<a/>", "is UTF-8"),
        (LATIN + b"<a>Gr\xf8d \x80 5</a>", "not the ISO-8859-1"),
        (UTF_8 + b"<a>Gr\xf8d</a>", "not the UTF-8"),
        (b"<a>\xff</a>", "not the UTF-8"),
        (b'<?xml version="1.0" encoding="us-ascii"?>' + "<a>ø</a>".encode(), "no XML"),
        (b"<a>", "no XML"),
        (b"<a></b>", "no XML"),
        (b"<a/><b/>", "no XML"),
        (b"<name>\0</name>", "no XML"),
        (b"", "no XML"),
        (b"Hash Not Matching!", "no XML"),
        (b"<a>" * (DEEPEST + 1), f"{DEEPEST} levels"),
        (b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>", f"{MOST_ELEMENTS} elements"),
        (b"<a>" + b" " * LARGEST + b"</a>", "bytes"),
    ],
)
def test_what_does_harm_or_is_none_is_refused_in_a_sentence(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match="found ") as told:
        read(body)
    assert words in str(told.value)
    assert len(str(told.value)) < 200


def test_the_deepest_document_is_still_read() -> None:
    assert read(b"<a>" * DEEPEST + b"5" + b"</a>" * DEEPEST).name == "a"


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    for head in (b"", LATIN, UTF_8):
        try:
            read(head + b"<a>" + body + b"</a>")
        except Unreadable:
            continue


@given(st.text(st.characters(codec="iso-8859-1", exclude_categories=["Cc"]), max_size=50))
def test_every_text_comes_through_in_iso_8859_1(text: str) -> None:
    body = LATIN + b"<a>" + text.replace("&", "&amp;").replace("<", "&lt;").encode("iso-8859-1") + b"</a>"
    try:
        found = read(body).plain()
    except Unreadable as error:
        assert "is UTF-8" in str(error)  # noqa: PT017 - what no Dane writes
        return
    assert found == text.strip()
