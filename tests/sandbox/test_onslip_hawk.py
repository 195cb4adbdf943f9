"""Who is let in at the Onslip server: signatures, read by its own code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from terminal.backends import hawk
from tests.sandbox.realm import ID, SECRET, Realm, b64, payload, signature

OpenRealm = Callable[..., Realm]
TILL = "/tills/7"
VECTOR_TS = 1_767_225_600
VECTORS = [
    (
        "PATCH",
        "/v1/~demo.example/tills/7",
        b'{"client-version":"1.2.3"}',
        (
            'hash="Fz5UTQAhbmE53AJYuESw2AVUDAKz14/qZS2iGPqPVgE=", '
            'mac="0P5tVYzdsFv+dosNjs10QGAsXzsOKDPuEZTWOmhJLrE="'
        ),
    ),
    (
        "GET",
        "/v1/~demo.example/products/?q=updated%3E%222026-01-01T00%3A00%3A00.000Z%22;s=name;o=0;c=1000;d=t",
        b"",
        'mac="X/OFYDifVdIG6kiUxqZn7crXQrG1XXZ0TIoSpepr0x0="',
    ),
]


def challenge(realm: Realm, **sign: Any) -> str:
    answer = realm("GET", TILL, **sign)
    assert answer.error == (401, "unauthorized")
    return answer.headers["www-authenticate"]


@pytest.mark.parametrize(("method", "target", "body", "proof"), VECTORS)
def test_the_published_vectors_are_let_in_and_once_only(
    realm: Realm, method: str, target: str, body: bytes, proof: str
) -> None:
    realm.clock.ms = VECTOR_TS * 1000
    headers = {
        "Host": "test.onslip360.com",
        "Authorization": f'Hawk id="{ID}", ts="{VECTOR_TS}", nonce="Ab3dE6", {proof}',
    }
    headers |= {"Content-Type": "application/json"} if body else {}
    assert realm.send(method, target, body, **headers).status == 200
    again = realm.send(method, target, body, **headers)
    assert again.headers["www-authenticate"] == 'Hawk error="Invalid nonce"'


def test_the_terminals_own_signer_is_let_in(realm: Realm) -> None:
    target = hawk.Target("GET", "/v1/~demo.example/tills/7", realm.host, realm.port)
    key = hawk.Key(ID, SECRET)
    signed = hawk.header(key, target, ts=realm.clock.ms // 1000, nonce="own")
    assert realm.send("GET", target.path, Authorization=signed).status == 200


def test_a_nonce_is_refused_for_as_long_as_its_time_is_accepted(realm: Realm) -> None:
    sign = {"ts": realm.clock.ms // 1000, "nonce": "same"}
    assert realm("GET", TILL, **sign).status == 200
    realm.clock.pass_s(60)
    assert challenge(realm, **sign) == 'Hawk error="Invalid nonce"'
    realm.clock.pass_s(1)
    assert 'error="Stale timestamp"' in challenge(realm, **sign)


def test_a_nonce_belongs_to_a_key_and_a_time(realm: Realm) -> None:
    realm.key("key:other@demo.example", b"2", "show-tills")
    now = realm.clock.ms // 1000
    assert realm("GET", TILL, ts=now, nonce="same").status == 200
    assert realm("GET", TILL, ts=now + 1, nonce="same").status == 200
    other = {"id_": "key:other@demo.example", "secret": b"2"}
    assert realm("GET", TILL, ts=now, nonce="same", **other).status == 200


@pytest.mark.parametrize("off", [-61, 61])
def test_a_stale_time_is_answered_by_the_proven_time_of_the_server(realm: Realm, off: int) -> None:
    now = realm.clock.ms // 1000
    assert realm("GET", TILL, ts=now + (60 if off > 0 else -60)).status == 200
    told = challenge(realm, ts=now + off)
    assert re.fullmatch(r'Hawk ts="\d+", tsm="[^"]+", error="Stale timestamp"', told)
    assert hawk.server_time(hawk.Key(ID, SECRET), told) == now


def test_the_servers_clock_and_its_proof_can_be_wrong(realm: Realm) -> None:
    now = realm.clock.ms // 1000
    assert realm.admin("PUT", "rules", {"clock_s": 500}).status == 200
    assert hawk.server_time(hawk.Key(ID, SECRET), challenge(realm)) == now + 500
    assert realm("GET", TILL, ts=now + 500).status == 200
    realm.admin("PUT", "rules", {"proof": "wrong"})
    told = challenge(realm)
    assert 'ts="' in told
    assert hawk.server_time(hawk.Key(ID, SECRET), told) is None
    realm.admin("PUT", "rules", {"proof": "none"})
    assert challenge(realm) == 'Hawk error="Stale timestamp"'


def test_wrong_keys_and_tampered_requests_are_refused(realm: Realm) -> None:
    assert challenge(realm, id_="key:nobody@demo.example") == 'Hawk error="Unknown credentials"'
    assert challenge(realm, secret=b64(SECRET).encode()) == 'Hawk error="Bad mac"'
    target = "/v1/~demo.example/tills/7"
    signed = realm.authorization("GET", target, b"")
    for method, path, host in [
        ("HEAD", "/v1/~demo.example/tills/", None),
        ("GET", target + "?c=1", None),
        ("GET", "/v1/~demo.example/tills/8", None),
        ("GET", target, f"elsewhere:{realm.port}"),
        ("GET", target, realm.host),
    ]:
        headers = {"Authorization": signed} | ({"Host": host} if host else {})
        answer = realm.send(method, path, **headers)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Hawk error="Bad mac"')
    assert realm.send("GET", target, Authorization=signed).status == 200
    assert realm.admin("POST", "revoke", {"id": ID}).status == 200
    assert challenge(realm) == 'Hawk error="Unknown credentials"'


def test_what_is_signed_is_the_target_as_it_was_sent(realm: Realm) -> None:
    target = "/v1/~demo.example/products/?q=name%3A%22Tea%22"
    signed = realm.authorization("GET", target, b"")
    assert realm.send("GET", target.replace("%3A", ":"), Authorization=signed).status == 401
    assert realm.send("GET", target, Authorization=signed).json()[0]["name"] == "Tea"


def test_a_body_is_hashed_with_its_type(realm: Realm) -> None:
    target, body = "/v1/~demo.example/tills/7", b'{"description":"x"}'

    def change(kind: str, hashed_as: str) -> tuple[int, str | None]:
        signed = realm.authorization("PATCH", target, body, kind=hashed_as)
        answer = realm.send("PATCH", target, body, Authorization=signed, **{"Content-Type": kind})
        return answer.status, answer.headers.get("www-authenticate")

    json, bad = "application/json", (401, 'Hawk error="Bad payload hash"')
    assert change(json, json) == (200, None)
    assert change("Application/JSON; charset=utf-8", json) == (200, None)
    assert change(json, "text/plain") == bad
    assert change(json, "") == bad
    realm.admin("PUT", "rules", {"payload_hash": "empty-type"})
    assert change(json, "") == (200, None)
    assert change(json, "text/plain") == bad
    realm.admin("PUT", "rules", {"payload_hash": "unchecked"})
    assert change(json, "text/plain") == (200, None)


def test_a_body_without_a_hash_and_another_body_are_refused(realm: Realm) -> None:
    target, body = "/v1/~demo.example/tills/7", b'{"description":"x"}'
    unhashed = realm.authorization("PATCH", target, b"")
    kind = {"Content-Type": "application/json"}
    answer = realm.send("PATCH", target, body, Authorization=unhashed, **kind)
    assert answer.headers["www-authenticate"] == 'Hawk error="Missing required payload hash"'
    signed = realm.authorization("PATCH", target, body)
    answer = realm.send("PATCH", target, body.replace(b"x", b"y"), Authorization=signed, **kind)
    assert answer.headers["www-authenticate"] == 'Hawk error="Bad payload hash"'
    assert "description" not in realm.onslip.entities("tills")[0]


def test_a_key_acts_for_those_only_whom_it_may_act_for(realm: Realm) -> None:
    realm.only("edit-tills", "show-tills", acts_for=frozenset({"boss"}))
    own = realm("PATCH", TILL, {"description": "a"}).json()
    assert own["updated-by"] == 1
    as_boss = realm("PATCH", TILL, {"description": "b"}, id_=f"{ID} usr:boss@demo.example")
    assert as_boss.json()["updated-by"] == 2
    for other in ("usr:chef@demo.example", "usr:boss@other.example", "boss@demo.example", "usr:boss"):
        assert challenge(realm, id_=f"{ID} {other}") == 'Hawk error="Unknown credentials"'


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Bearer abc", 401),
        ("Hawk", 400),
        ('Hawk id="a", ts="1", nonce="n"', 400),
        ('Hawk id="a", ts="x", nonce="n", mac="m"', 400),
        ('Hawk id="a", id="a", ts="1", nonce="n", mac="m"', 400),
        ('Hawk id="", ts="1", nonce="n", mac="m"', 400),
        ('Hawk id="a", ts="1", nonce="n", mac="m", foo="x"', 400),
        ('Hawk id="a", ts="1", nonce="n", mac="m",', 400),
        ('Hawk id="a" ts="1" nonce="n" mac="m"', 400),
        ('Hawk id="a", ts="1", nonce="' + "n" * 4096 + '", mac="m"', 400),
    ],
)
def test_a_header_that_is_none_is_refused(realm: Realm, header: str | None, status: int) -> None:
    more = {} if header is None else {"Authorization": header}
    answer = realm.send("GET", "/v1/~demo.example/tills/", **more)
    assert answer.error[0] == status
    assert (answer.headers.get("www-authenticate") == "Hawk") == (status == 401)


def test_a_key_is_good_for_its_own_realm(realm: Realm) -> None:
    assert realm("GET", "/tills/", realm="other.example").error == (403, "forbidden")


def test_a_bound_device_signs_with_its_own_key(open_realm: OpenRealm) -> None:
    rules = {"device_id": "dev:{device}@{realm}", "device_permissions": ["show-tills"]}
    realm = open_realm(rules=rules)
    device = {"id_": "dev:pi-1@demo.example", "secret": b"\x01" * 32}
    assert realm("GET", TILL, **device).status == 401
    binding = {"device-id": "pi-1", "device-key": b64(b"\x01" * 32)}
    assert realm("PATCH", TILL, binding).status == 200
    assert realm("GET", TILL, **device).json()["client-user-agent"] == "terminald/1.2.3"
    assert realm("GET", "", **device).json()["till"]["id"] == 7
    assert realm("PATCH", TILL, {"device-id": None, "device-key": None}).status == 200
    assert realm("GET", TILL, **device).status == 401
    assert realm.admin("PUT", "rules", {"device_id": "dev:{serial}"}).status == 400


def test_the_signer_of_these_tests_agrees_with_the_vectors() -> None:
    method, target, body, proof = VECTORS[0]
    hashed = payload("application/json", body)
    request = (method, target, "test.onslip360.com", 443)
    mac = signature(SECRET, request, ts=VECTOR_TS, nonce="Ab3dE6", hashed=hashed)
    assert proof == f'hash="{hashed}", mac="{mac}"'
