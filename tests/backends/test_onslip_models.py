"""Onslip's entities: nothing that was read is lost, what only the server sets is not sent, nothing crashes."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from terminal.backends.onslip import models_catalogue as onslip_models_catalogue
from terminal.backends.onslip import models_external as onslip_models_external
from terminal.backends.onslip import models_journal as onslip_models_journal
from terminal.backends.onslip import models_realm as onslip_models_realm
from terminal.backends.onslip import models_sale as onslip_models_sale
from terminal.backends.onslip import models_till as onslip_models_till
from terminal.backends.onslip.json import read_json
from terminal.backends.onslip.models import (
    SERVER_OWNED,
    Model,
    Patch,
    Unreadable,
    plainly,
    read,
    read_stored,
)
from terminal.backends.onslip.models_catalogue import Voucher
from terminal.backends.onslip.models_external import ExternalRecord
from terminal.backends.onslip.models_realm import ClientInfo, Event
from terminal.backends.onslip.models_sale import Item, Order
from terminal.backends.onslip.models_till import (
    CloudControlUnit,
    Summary,
    Till,
    TillConfigPatch,
    TillPatch,
)
from terminal.backends.onslip.models_values import Base64, Money, Number
from tests.backends.onslip_making import objects, wire

HOMES = (
    onslip_models_till, onslip_models_catalogue, onslip_models_sale, onslip_models_journal,
    onslip_models_external, onslip_models_realm,
)  # fmt: skip


def classes(base: type) -> list[Any]:
    return [
        each
        for home in HOMES
        for each in vars(home).values()
        if isinstance(each, type) and issubclass(each, base) and each.__module__ == home.__name__
    ]


MODELS = classes(Model)
patient = settings(deadline=None)
slow = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=10)

TILL = b"""{
  "name": "Kiosk", "type": "ordering-device", "description": "by the door", "location": 3,
  "config": {"peripheral-bindings": [{"name": "p", "address": "/dev/usb/lp0", "exclusive": true,
    "device-id": "1", "device-name": "p", "device-type": "printer", "device-model": "escpos",
    "device-version": "", "service-bindings": [{"functions": ["receipt-printer", "holograph"], "name": "p",
    "service-id": "1:p", "service-name": "p", "service-type": "printer", "service-hint": "serial"}]}],
    "auto-close-batch-schedules": ["15 9 * * *"], "button-map": 8, "_x-inner": "kept"},
  "account-config": {"payment-methods": [{"payment-method": 1, "method": "cash", "account": 1910,
    "clearing-account": 1910, "vat-account": 2611}], "product-groups": [{"product-group": 2, "account": 3001,
    "vat-account": 2611, "discount-account": 3001}], "rounding": 3740, "mismatches": 3741, "gratuities": 2820,
    "journal-series": "K", "cost-center": {"code": "1", "name": "Door"}},
  "logical-device-id": "l", "device-id": "hw", "device-key": "AAECAwQ=", "control-unit-id": "c",
  "client-version": "1.2.3", "client-user-agent": "terminald/1.0",
  "cloud-control-unit": {"type": "tax-cloud", "username": "u", "password": "pw-text", "uri": "https://x"},
  "id": 7, "created": "2017-02-02T13:01:35.120Z", "updated": "2017-02-02T14:01:35.120+01:00",
  "updated-by": 1, "updated-from": 7, "tags": ["a"], "labels": [5], "_x-demo-custom": "mine", "weight": 1.250
}"""


# -- a till, with every field --------------------------------------------------------------------------


def test_a_till_is_read_with_every_field() -> None:
    till = read_stored(Till, read_json(TILL))
    assert [name for name in till.__struct_fields__ if getattr(till, name) is None] == ["deleted"]
    assert (till.id, till.type, till.name) == (7, "ordering-device", "Kiosk")
    assert till.created == till.updated == datetime(2017, 2, 2, 13, 1, 35, 120_000, UTC)
    assert till.device_key is not None
    assert till.device_key.raw == bytes(range(5))
    assert till.extended("x") == {"demo-custom": "mine"}
    assert till.config is not None
    assert till.config.extended("x") == {"inner": "kept"}


def test_what_was_read_is_written_whole() -> None:
    raw = read_json(TILL)
    sent = read_json(wire(read_stored(Till, raw)))
    assert sent == raw | {"updated": "2017-02-02T13:01:35.120Z"}
    assert b'"weight":1.250' in wire(read_stored(Till, raw))


def test_unknown_words_are_unknown_and_carried() -> None:
    till = read(Till, read_json(TILL.replace(b"ordering-device", b"time-machine")))
    assert till.type is not None
    assert till.type.meaning == "unknown"
    assert read_json(wire(till))["type"] == "time-machine"
    assert till.config is not None
    assert till.config.peripheral_bindings is not None
    functions = till.config.peripheral_bindings[0].service_bindings[0].functions
    assert [each.meaning for each in functions] == ["receipt-printer", "unknown"]


def test_null_is_absent() -> None:
    assert read(Till, {"name": "a", "type": None, "config": None}) == Till(name="a")


def test_no_secret_is_in_a_repr() -> None:
    shown = repr(read(Till, read_json(TILL)))
    assert "AAECAwQ" not in shown
    assert "pw-text" not in shown
    assert "mine" not in shown
    assert "_x-demo-custom" in shown
    assert "04AABB" not in repr(read(Voucher, {"type": "payment", "identifiers": ["04AABBCC"]}))
    assert "AAEC" not in repr(TillPatch(device_key=Base64("AAEC")))
    told = read(Event, {"operation": "update", "resource": "tills", "payload": {"id": 7, "device-key": "AAEC"}})
    assert repr(told) == "Event('update', 'tills', id=7)"


# -- patches -------------------------------------------------------------------------------------------


def test_a_patch_leaves_clears_and_sets() -> None:
    change = TillPatch(description=None, device_id="hw", config=TillConfigPatch(button_map=None))
    assert read_json(wire(change)) == {"description": None, "device-id": "hw", "config": {"button-map": None}}
    assert wire(TillPatch()) == b"{}"


@pytest.mark.parametrize("patch", classes(Patch), ids=lambda it: it.__name__)
def test_a_patch_has_every_field_of_its_model_but_the_server_s(patch: Any) -> None:
    model = next(each for each in MODELS if each.__name__ == patch.__name__.removesuffix("Patch"))
    ours = {each.encode_name: each for each in msgspec.structs.fields(model)}
    theirs = {each.encode_name: each for each in msgspec.structs.fields(patch)}
    assert set(theirs) == set(ours) - SERVER_OWNED - {"(others)"}
    assert all(each.default is UNSET for each in theirs.values())
    clearable = {name for name, each in theirs.items() if type(None) in each.type.__args__}
    assert clearable == {name for name in theirs if not ours[name].required}


# -- all of them, at random ----------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS, ids=lambda it: it.__name__)
@slow
@given(data=st.data())
def test_what_is_read_survives_the_way_back_and_reads_the_same(model: type[Model], data: st.DataObject) -> None:
    raw = data.draw(objects(model, depth=1))
    value = read(model, raw)
    assert read(model, plainly(value)) == value
    sent = read_json(wire(value))
    assert sent == raw
    assert plainly(read(model, sent)) == sent


@pytest.mark.parametrize("model", [Till, Voucher, Order], ids=lambda it: it.__name__)
@slow
@given(data=st.data())
def test_what_nobody_knows_survives_at_any_depth(model: type[Model], data: st.DataObject) -> None:
    raw = data.draw(objects(model, depth=5 if model is Till else 2))
    assert read_json(wire(read(model, raw))) == raw


@slow
@given(
    data=st.data(),
    junk=st.none()
    | st.booleans()
    | st.text(max_size=4)
    | st.just([[]])
    | st.just({"a": 1})
    | st.just(Decimal("1e99")),
)
def test_a_field_that_is_something_else_is_read_or_a_sentence(data: st.DataObject, junk: Any) -> None:
    model = data.draw(st.sampled_from(MODELS))
    raw = data.draw(objects(model, depth=1))
    name = data.draw(st.sampled_from(model.__struct_encode_fields__))
    said = refusal(model, raw | {name: junk})
    assert said.startswith(f"found a {model.__name__} that cannot be read") or not said
    assert "\n" not in said


def refusal(model: type[Model], raw: Any) -> str:
    try:
        read(model, raw)
    except Unreadable as said:
        return str(said)
    return ""


@patient
@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_a_sentence(body: bytes) -> None:
    try:
        found = read_json(body)
    except ValueError:
        return
    for model in (Till, ClientInfo, Order):
        with pytest.raises(Unreadable):
            read(model, found)


def test_no_depth_of_nesting_ends_the_program() -> None:
    raw: dict[str, Any] = {"product-name": "a", "quantity": 1, "type": "goods"}
    for _ in range(5000):
        raw = {"product-name": "a", "quantity": 1, "type": "goods", "sub-items": [raw]}
    with pytest.raises(Unreadable, match="nested too deeply"):
        read(Item, raw)


# -- refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[]", "found a Till that cannot be read: Expected object, got array"),
        (b"{}", "found a Till that cannot be read: Object missing required field name"),
        (b'{"name":null}', "found a Till that cannot be read at name: Expected str, got null"),
        (b'{"name":"a","location":true}', "cannot be read at location: Expected int"),
        (b'{"name":"a","location":9223372036854775808}', "cannot be read at location: "),
        (b'{"name":"a","device-key":"%%%"}', "cannot be read at device-key: Expected base64"),
        (b'{"name":"a","device-key":7}', "cannot be read at device-key: Expected a text, got a number"),
        (b'{"name":"a","deleted":"2017-02-02T13:01:35"}', "at deleted: Expected datetime with a timezone"),
        (b'{"name":"a","deleted":"0001-01-01T00:00:00+23:00"}', "or has a date out of range"),
        (b'{"name":"a","account-config":{"rounding":2147483648}}', "at account-config.rounding: Expected int"),
        (b'{"name":"a","config":{"peripheral-bindings":[{}]}}', "at config.peripheral-bindings\\[0\\]: "),
    ],
)
def test_what_is_no_till_is_refused_in_a_sentence(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(Till, read_json(body))


@pytest.mark.parametrize("name", ["id", "created", "updated"])
def test_what_is_stored_says_when_and_as_what(name: str) -> None:
    raw = read_json(TILL)
    del raw[name]
    with pytest.raises(Unreadable, match=f"found a Till without {name}"):
        read_stored(Till, raw)


# -- money ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["19.50", "0.001", "-3", "1e3", "19.5000", "999999999999.999", "0.1"])
def test_money_is_exact_and_a_number(text: str) -> None:
    amount = read(Summary, read_json(f'{{"count":1,"amount":{text}}}'.encode())).amount
    assert amount == Decimal(text)
    assert read_json(wire(Summary(count=1, amount=amount)))["amount"] == Decimal(text)
    assert b'"amount":"' not in wire(Summary(count=1, amount=amount))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("19.5001", "at amount: Expected an amount with at most three decimals"),
        ("1e-400", "at amount: Expected an amount with at most three decimals"),
        ("1e900000000", "at amount: Expected a number below"),
        ("1000000000000", "at amount: Expected a number below"),
        ('"19.50"', "at amount: Expected a number, got a text"),
        ("true", "at amount: Expected a number, got true or false"),
        ("null", "at amount: "),
    ],
)
def test_what_is_no_money_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(Summary, read_json(f'{{"count":1,"amount":{text}}}'.encode()))


def test_a_float_is_never_money() -> None:
    with pytest.raises(ValueError, match="Expected a number"):
        Money.read(19.5)


@patient
@given(st.integers(-(10**11), 10**11))
def test_cents_there_and_back(cents: int) -> None:
    assert Money.of_cents(cents).cents == cents


def test_cents_are_never_rounded() -> None:
    with pytest.raises(ValueError, match=r"found the amount 0.005; expected whole cents"):
        _ = Money("0.005").cents


# -- the rest ------------------------------------------------------------------------------------------


def test_an_external_z_report_is_but_its_wish() -> None:
    at = datetime(2026, 1, 1, 21, 0, 0, 5000, UTC)
    record = {"date": "2026-01-01T21:00:00.005Z", "type": "report", "report": {"type": "z-report"}}
    value = read(ExternalRecord, record)
    assert value.date == at
    assert read_json(wire(value)) == record


def test_numbers_and_control_units_round_trip() -> None:
    assert Number.read(Decimal("0.3333333333")) == Decimal("0.3333333333")
    unit = read(CloudControlUnit, {"type": "green-gate", "username": "u", "password": "p"})
    assert plainly(unit) == {"type": "green-gate", "username": "u", "password": "p"}
