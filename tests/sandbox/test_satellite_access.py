"""Who is let in at the Satellite server: discovery, its page, tokens and what calls itself what."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from terminal.sandbox.satellite import page as satellite_page
from tests.sandbox.office import CLIENT, PUBLISHED, Office
from tests.support.needs import program

OpenOffice = Callable[..., Office]
SECRET = "owsso0wssogksk4s8gwg4gksw4w0"
ASKED = {"code": "80POS", "secret": SECRET}
OLD, V5 = "/api/device-request/new", "/api/v5/device-request/new.json"
PAGE = "/satellite/devices"
HOSTILE = "<script>alert('x')</script>\"&<b>"


def agent(code: str) -> dict[str, str]:
    return {"User-Agent": f"Scanner/1.0.3/{code} (Linux; arm)"}


# -- discovery -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [OLD, V5])
def test_a_device_asks_until_staff_adds_it_and_then_sells(office: Office, path: str) -> None:
    assert office.plain("POST", path, json=ASKED).status_code == 404
    assert office.plain("GET", PAGE).status_code == 200
    first = office.plain("POST", path, json=ASKED).json()
    assert first == {
        "id": first["id"],
        "code": "80POS",
        "secret": SECRET,
        "agent": "terminald/1.0/80POS (Linux; kiosk-1)",
        "apiUrl": f"{office.sandbox.base}/api",
        "createdAt": "2023-11-14T22:13:20+00:00",
        "updatedAt": "2023-11-14T22:13:20+00:00",
    }
    office.clock.pass_s(5)
    again = office.plain("POST", path, json=ASKED).json()
    assert (again["id"], again["createdAt"]) == (first["id"], first["createdAt"])
    assert again["updatedAt"] == "2023-11-14T22:13:25+00:00"
    assert office.admin("POST", "approve", {"code": "80POS"}).status_code == 200
    cleared = office.plain("POST", path, json=ASKED).json()
    assert (cleared["id"], cleared["clearedStatus"]) == (first["id"], "added")
    assert cleared["clearedAt"] == "2023-11-14T22:13:25+00:00"
    assert cleared["clientId"].startswith(f"{first['id']}_")
    token = office.ask_token((cleared["clientId"], cleared["clientSecret"])).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert office.plain("POST", "/api/ticket/transaction", json=PUBLISHED, headers=headers).status_code == 200
    assert office.satellite.sales()[0]["client"] == cleared["clientId"]


def test_credentials_are_told_for_some_minutes_after_the_first_acceptance(office: Office) -> None:
    office.satellite.open_discovery()
    office.plain("POST", OLD, json=ASKED)
    office.satellite.approve("80POS")
    office.clock.pass_s(599)
    office.satellite.open_discovery()
    told = office.plain("POST", OLD, json=ASKED).json()
    office.satellite.approve("80POS")  # a second acceptance is none
    assert office.plain("POST", OLD, json=ASKED).json()["clientId"] == told["clientId"]
    office.clock.pass_s(1)
    late = office.plain("POST", OLD, json=ASKED).json()
    assert (late["clearedStatus"], late["clearedAt"]) == ("added", told["clearedAt"])
    assert not {"clientId", "clientSecret"} & late.keys()


def test_each_look_at_the_page_keeps_devices_welcome_for_some_minutes(office: Office) -> None:
    office.plain("GET", PAGE)
    office.clock.pass_s(200)
    office.plain("GET", PAGE)
    office.clock.pass_s(299)
    assert office.plain("POST", OLD, json=ASKED).status_code == 200
    office.clock.pass_s(1)
    assert office.plain("POST", OLD, json=ASKED).status_code == 404


def test_a_code_in_use_is_refused_to_another_secret(office: Office) -> None:
    office.satellite.open_discovery()
    mine = office.plain("POST", OLD, json=ASKED).json()
    office.satellite.approve("80POS")
    thief = office.plain("POST", OLD, json={**ASKED, "secret": "another-secret-altogether"})
    assert thief.status_code == 409
    assert "in use" in thief.json()["message"]
    assert SECRET not in thief.text
    assert "clientId" not in thief.text
    assert office.plain("POST", OLD, json=ASKED).json()["id"] == mine["id"]


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        (OLD, {"code": None}, "code"),
        (OLD, {"code": 83}, "code"),
        (OLD, {"code": ""}, "code"),
        (OLD, {"code": HOSTILE}, "code"),
        (OLD, {"code": "x" * 33}, "code"),
        (OLD, {"secret": None}, "secret"),
        (OLD, {"secret": "short"}, "secret"),
        (OLD, {"secret": "x" * 201}, "secret"),
        (OLD, {"preferredType": "upload"}, "preferredType"),
        (V5, {"preferredType": 3}, "preferredType"),
        (V5, {"preferedType": "upload"}, "preferedType"),
    ],
)
def test_strict_discovery_refuses_what_is_no_request(
    office: Office, path: str, change: dict[str, Any], field: str
) -> None:
    office.satellite.open_discovery()
    answer = office.plain("POST", path, json={**ASKED, **change})
    assert (answer.status_code, answer.json()["errors"].keys()) == (400, {field})
    assert office.satellite.devices() == []


def test_a_device_of_v5_may_say_what_it_is(office: Office) -> None:
    office.satellite.open_discovery()
    answer = office.plain("POST", V5, json={**ASKED, "preferredType": "checkin"})
    assert answer.json()["preferredType"] == "checkin"
    assert office.admin("GET", "devices").json()["devices"] == [
        {"id": 1, "code": "80POS", "agent": "terminald/1.0/80POS (Linux; kiosk-1)", "preferred_type": "checkin",
         "added": False}
    ]  # fmt: skip


def test_only_so_many_devices_may_wait(open_office: OpenOffice) -> None:
    office = open_office(rules={"mode": "trusting"})
    office.satellite.open_discovery()
    statuses = [office.plain("POST", OLD, json={**ASKED, "code": f"{n}"}).status_code for n in range(101)]
    assert statuses == [200] * 100 + [429]
    assert office.plain("POST", OLD, json={**ASKED, "code": "5"}).status_code == 200


# -- the page ------------------------------------------------------------------------------------------


class _Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_what_a_hostile_device_says_stays_words(open_office: OpenOffice) -> None:
    office = open_office(rules={"mode": "trusting"})
    office.satellite.open_discovery()
    body = {"code": HOSTILE, "secret": SECRET, "preferredType": HOSTILE}
    assert office.plain("POST", V5, json=body, headers={"User-Agent": HOSTILE}).status_code == 200
    page = office.plain("GET", PAGE)
    seen = _Seen(page.text)
    assert seen.words.count(HOSTILE) == 3
    assert not {"script", "b"} & set(seen.tags)
    assert SECRET not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert page.headers["Cache-Control"] == "no-store"


def test_the_page_adds_a_device_by_its_form(office: Office) -> None:
    office.plain("GET", PAGE)
    id_ = office.plain("POST", OLD, json=ASKED).json()["id"]
    page = office.plain("GET", PAGE).text
    assert f'action="{PAGE}/add"><button name="id" value="{id_}">Add' in page
    headers = {"Origin": office.sandbox.base}
    done = office.plain("POST", f"{PAGE}/add", data={"id": str(id_)}, headers=headers)
    assert (done.status_code, done.headers["Location"]) == (303, PAGE)
    assert "clientId" in office.plain("POST", OLD, json=ASKED).json()
    after = office.plain("GET", PAGE).text
    assert "<button" not in after
    assert "added 2023-11-14T22:13:20" in after
    assert office.plain("POST", f"{PAGE}/add", data={"id": "77"}, headers=headers).status_code == 404


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1"]
)
def test_a_form_of_another_page_adds_nothing(office: Office, origin: str | None) -> None:
    office.satellite.open_discovery()
    id_ = office.plain("POST", OLD, json=ASKED).json()["id"]
    answer = office.plain("POST", f"{PAGE}/add", data={"id": str(id_)}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert office.satellite.devices()[0]["added"] is False


@pytest.mark.parametrize(("host", "status"), [("evil.example", 403), ("a b", 400), ("<b>", 400)])
def test_a_name_that_somebody_else_gave_this_machine_opens_no_page(
    office: Office, host: str, status: int
) -> None:
    """What a page elsewhere could reach by letting its own name point here."""
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert office.plain("GET", PAGE, headers=headers).status_code == status
    assert office.plain("POST", f"{PAGE}/add", data={"id": "1"}, headers=headers).status_code == status
    assert office.plain("POST", OLD, json=ASKED).status_code == 404


def test_the_qr_codes_hold_the_address_of_the_method(office: Office, tmp_path: Path) -> None:
    from PIL import Image, ImageDraw  # noqa: PLC0415 - for this proof only

    pytest.importorskip("qrcode")
    zbarimg = program("zbarimg")
    page = office.plain("GET", PAGE).text
    found = re.findall(r'viewBox="0 0 (\d+) \1".*?<path d="([^"]+)"', page)
    read = []
    for number, (size, path) in enumerate(found):
        picture = Image.new("1", (int(size) * 6, int(size) * 6), 1)
        drawing = ImageDraw.Draw(picture)
        for x, y in re.findall(r"M(\d+),(\d+)h1v1h-1z", path):
            drawing.rectangle([int(x) * 6, int(y) * 6, int(x) * 6 + 5, int(y) * 6 + 5], fill=0)
        picture.save(tmp_path / f"{number}.png")
        done = subprocess.run(
            [zbarimg, "--quiet", "--raw", tmp_path / f"{number}.png"],
            capture_output=True,
            text=True,
            check=True,
        )
        read.append(done.stdout.strip())
    assert read == [office.sandbox.base + OLD, office.sandbox.base + V5]


def test_without_the_library_the_address_stands_there_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "qrcode", None)
    shown = satellite_page.page(["http://pi.local/<api>"], [], 300).body.decode()
    assert "<svg" not in shown
    assert "<code>http://pi.local/&lt;api&gt;</code>" in shown


# -- tokens --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/oauth/v2/token", "/api/oauth/v2/token"])
@pytest.mark.parametrize("form", [True, False])
def test_a_token_is_given_for_json_and_for_a_form(office: Office, path: str, form: bool) -> None:  # noqa: FBT001 - both
    body = {"grant_type": "client_credentials", "client_id": CLIENT[0], "client_secret": CLIENT[1]}
    answer = office.plain("POST", path, **({"data": body} if form else {"json": body}))
    granted = answer.json()
    assert len(granted.pop("access_token")) >= 32
    assert granted == {"expires_in": 3600, "token_type": "bearer", "scope": None}


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("client", [("1_known", "wrong"), ("2_nobody", "kn0wn-s3cret"), ("", "")])
def test_wrong_credentials_are_told_as_the_vendors_library_does(
    open_office: OpenOffice, status: int, client: tuple[str, str]
) -> None:
    office = open_office(rules={"client_status": status})
    answer = office.ask_token(client)
    assert (answer.status_code, answer.json()) == (
        status,
        {"error": "invalid_client", "error_description": "The client credentials are invalid"},
    )


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "magic"}, "invalid_request"),
        ({"grant_type": "password", "username": "x", "password": "y"}, "unauthorized_client"),
        ({"client_id": 5}, "invalid_client"),
        ({"client_secret": ["x"]}, "invalid_client"),
    ],
)
def test_other_wishes_are_refused(office: Office, change: dict[str, Any], error: str) -> None:
    answer = office.ask_token(**change)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"'])
def test_a_token_is_asked_for_by_an_object(office: Office, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = office.plain("POST", "/oauth/v2/token", content=body, headers=headers)
    assert answer.json()["error"] == "invalid_request"


def test_a_token_ends_with_its_life(open_office: OpenOffice) -> None:
    office = open_office(rules={"token_s": 60})
    assert office.ask_token().json()["expires_in"] == 60
    assert office.sell(PUBLISHED).status_code == 200
    office.clock.pass_s(59)
    assert office.sell(PUBLISHED).status_code == 200
    office.clock.pass_s(1)
    ended = office.sell(PUBLISHED)
    assert (ended.status_code, ended.json()) == (
        401,
        {"error": "invalid_grant", "error_description": "The access token provided has expired."},
    )
    assert 'error="invalid_grant"' in ended.headers["WWW-Authenticate"]
    assert ended.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (None, "access_denied"),
        ("Basic abc", "access_denied"),
        ("Bearer", "access_denied"),
        ("Bearer x", "invalid_grant"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/ticket/transaction"),
        ("POST", "/api/v5/tx/new.json"),
        ("GET", "/api/product/list"),
        ("GET", "/api/v5/delegate/id:789.json"),
        ("POST", "/api/v5/device/ping.json"),
        ("POST", "/api/session/check-in"),
    ],
)
def test_nobody_gets_in_without_a_token(
    office: Office, method: str, path: str, header: str | None, error: str
) -> None:
    answer = office.plain(method, path, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, error)


def test_all_tokens_can_be_made_to_expire_and_credentials_stay(office: Office) -> None:
    assert office.sell(PUBLISHED).status_code == 200
    assert office.admin("POST", "expire", {}).status_code == 200
    assert office.sell(PUBLISHED).status_code == 401
    token = office.ask_token().json()["access_token"]
    assert office.sell(PUBLISHED, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_device_that_is_revoked_is_nobody_and_may_ask_anew(office: Office) -> None:
    office.satellite.open_discovery()
    office.plain("POST", OLD, json=ASKED)
    office.satellite.approve("80POS")
    told = office.plain("POST", OLD, json=ASKED).json()
    client = (told["clientId"], told["clientSecret"])
    headers = {"Authorization": f"Bearer {office.ask_token(client).json()['access_token']}"}
    assert office.admin("POST", "revoke", {"code": "80POS"}).status_code == 200
    assert office.admin("POST", "revoke", {"code": "80POS"}).status_code == 404
    assert office.sell(PUBLISHED, headers=headers).json()["error"] == "invalid_grant"
    assert office.ask_token(client).json()["error"] == "invalid_client"
    anew = office.plain("POST", OLD, json={**ASKED, "secret": "another-secret-altogether"}).json()
    assert anew["id"] != told["id"]
    assert "clientId" not in anew


# -- what calls itself what ----------------------------------------------------------------------------

WRONG = ["", "python-httpx/0.28", "Scanner/80POS (Linux)", "Scanner/1.0.3/80POS", "Scanner/1.0.3/80POS ()"]


@pytest.mark.parametrize("name", WRONG)
def test_strict_wants_the_convention_of_user_agents_on_every_call(office: Office, name: str) -> None:
    assert office.token
    office.satellite.open_discovery()
    headers = {"User-Agent": name}
    for answer in (
        office.sell(PUBLISHED, headers=headers),
        office.sell(PUBLISHED, "v5", headers=headers),
        office("GET", "/api/product/list", headers=headers),
        office.plain("POST", OLD, json=ASKED, headers=headers),
        office.plain("POST", "/oauth/v2/token", json={}, headers=headers),
    ):
        assert (answer.status_code, "User-Agent" in answer.json()["message"]) == (400, True)
    assert (office.satellite.sales(), office.satellite.devices()) == ([], [])


def test_trusting_does_not_ask_for_names(open_office: OpenOffice) -> None:
    office = open_office(rules={"mode": "trusting"})
    assert office.sell(PUBLISHED, headers={"User-Agent": WRONG[1]}).status_code == 200


def test_a_device_calls_itself_by_its_own_code(office: Office) -> None:
    office.satellite.open_discovery()
    assert office.plain("POST", OLD, json=ASKED, headers=agent("81POS")).status_code == 400
    office.plain("POST", OLD, json=ASKED)
    office.satellite.approve("80POS")
    told = office.plain("POST", OLD, json=ASKED).json()
    token = office.ask_token((told["clientId"], told["clientSecret"])).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert office.sell(PUBLISHED, headers={**headers, **agent("81POS")}).status_code == 403
    assert office.sell(PUBLISHED, headers={**headers, **agent("80POS")}).status_code == 200


def test_testers_are_served_on_this_machine_only(open_office: OpenOffice) -> None:
    office = open_office(listen=("0.0.0.0", 0))  # noqa: S104 - that is the point
    port = httpx.URL(office.sandbox.base).port
    for path in ("sales", "counters", "devices", "rules"):
        answer = httpx.get(f"http://127.0.0.1:{port}/sandbox/satellite/{path}", trust_env=False)
        assert answer.status_code == 404
