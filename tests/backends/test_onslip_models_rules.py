"""What follows from Onslip's entities: who may bind, what is newer, which settings hold, products, bookings."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings

from terminal.backends.onslip.models import plainly, read
from terminal.backends.onslip.models_catalogue import ButtonMap, Location, LocationConfig
from terminal.backends.onslip.models_realm import NEEDS, ClientInfo, missing, usable
from terminal.backends.onslip.models_rules import (
    Refused,
    binding,
    bound_to_us,
    button_map_of,
    newer,
    peripherals,
    products_of,
    schedules_of,
    spending,
)
from terminal.backends.onslip.models_till import Till, TillConfig
from terminal.backends.onslip.models_values import Base64
from terminal.core.till import Attached
from terminal.core.value import replace

KEY = bytes(range(32))
patient = settings(deadline=None)

# -- binding -------------------------------------------------------------------------------------------


def test_a_free_till_is_bound_by_id_and_key() -> None:
    sent = plainly(binding(Till(id=7, name="Door"), "hw-1", KEY))
    assert sent == {"device-id": "hw-1", "device-key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}


@pytest.mark.parametrize(
    ("till", "words"),
    [
        (
            Till(id=7, name="Door", device_id="hw-2", device_key=Base64.of(b"secret")),
            "bound to the device 'hw-2'",
        ),
        (Till(id=7, name="Door", device_id="hw-2"), "bound to the device 'hw-2'"),
        (Till(id=7, name="Door", device_id="hw-1"), "bound to the device 'hw-1'"),
        (Till(id=7, name="Door", device_key=Base64.of(b"secret")), "bound to a key without a device id"),
        (Till(id=7, name="Door", deleted=datetime(2026, 1, 1, tzinfo=UTC)), "is deleted; choose another"),
    ],
)
def test_a_till_that_is_not_free_is_refused_without_its_key(till: Till, words: str) -> None:
    with pytest.raises(Refused, match=words) as said:
        binding(till, "hw-1", KEY)
    assert "the till 7 'Door' is" in str(said.value)
    assert Base64.of(b"secret") not in str(said.value)


@pytest.mark.parametrize(("device", "key"), [("", KEY), ("hw", b""), ("hw", KEY + b"x")])
def test_nothing_is_bound_by_a_poor_key(device: str, key: bytes) -> None:
    with pytest.raises(ValueError, match="a key of 32 bytes"):
        binding(Till(id=7, name="Door"), device, key)


def test_whose_a_till_is() -> None:
    ours = Till(name="a", device_id="hw", device_key=Base64.of(KEY))
    assert bound_to_us(ours, "hw", KEY) is True
    assert bound_to_us(ours, "hw", bytes(32)) is False
    assert bound_to_us(ours, "other", KEY) is False
    assert bound_to_us(Till(name="a"), "hw", KEY) is False
    assert bound_to_us(Till(name="a", device_id="hw"), "hw", KEY) is None


# -- versions and settings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "running", "expected"),
    [
        ("1.2.4", "1.2.3", True),
        ("1.10", "1.9", True),
        ("1.9", "1.10", False),
        ("2", "1.99.99", True),
        ("1.2.0", "1.2", False),
        ("1.2", "1.2.0", False),
        ("1.2.0.1", "1.2", True),
        ("1.2.3", "1.2.3", False),
        (None, "1.2.3", False),
        ("", "1.2.3", False),
        ("v2", "1.0", False),
        ("2.0-beta", "1.0", False),
        ("2..0", "1.0", False),
        ("٢", "1.0", False),
        ("9" * 5000, "1.0", False),
        ("2.0", "unknown", False),
    ],
)
def test_a_version_is_newer_by_its_numbers_only(offered: str | None, running: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    assert newer(offered, running) is expected


def till(**config: Any) -> Till:
    return Till(name="a", config=TillConfig(**config))


def location(**config: Any) -> Location:
    return Location(name="b", config=LocationConfig(**config))


def test_the_till_s_button_map_precedes_the_location_s_and_that_the_default() -> None:
    assert button_map_of(till(button_map=1), location(button_map=2), 3) == 1
    assert button_map_of(till(), location(button_map=2), 3) == 2
    assert button_map_of(till(), location(button_map=2), 3, use_location=False) == 3
    assert button_map_of(till(), location(), 3) == 3
    assert button_map_of(Till(name="a"), Location(name="b"), 3) == 3
    assert button_map_of(None, None) is None
    assert button_map_of(till(button_map=0), location(button_map=2), 3) == 0


def test_the_till_s_schedules_precede_and_an_empty_list_never_fires() -> None:
    own, there = ("1 1 * * *",), ("2 2 * * *",)
    at = location(auto_close_batch_schedules=there)
    assert schedules_of(till(auto_close_batch_schedules=own), at) == own
    assert schedules_of(till(), at) == there
    assert schedules_of(till(auto_close_batch_schedules=()), at) == ()
    assert schedules_of(till(), at, use_location=False) is None
    assert schedules_of(None, None) is None


# -- the products of a screen --------------------------------------------------------------------------


def button_map(kind: str, *buttons: tuple[int, int, str, int | None, int | None]) -> ButtonMap:
    raw: list[dict[str, Any]] = [
        {"x": x, "y": y, "action": action, "product": product, "button-map": to}
        for x, y, action, product, to in buttons
    ]
    return read(ButtonMap, {"name": "m", "type": kind, "width": 4, "height": 4, "buttons": raw})


ADD, SHOW = "add-product-item", "display-button-map"


def test_products_stand_line_by_line_and_what_is_no_product_is_passed_over() -> None:
    grid = button_map(
        "tablet-buttons",
        (1, 1, ADD, 14, None), (0, 1, ADD, 13, None), (1, 0, ADD, 12, None), (0, 0, ADD, 11, None),
        (2, 0, "open-uri", 99, None), (2, 1, "launch-rocket", 98, None), (3, 0, ADD, None, None),
        (3, 1, ADD, 11, None), (3, 2, SHOW, None, None), (3, 3, SHOW, None, 77),
    )  # fmt: skip
    assert products_of(1, {1: grid}) == (11, 12, 13, 14)
    assert products_of(2, {1: grid}) == ()


def test_a_menu_goes_through_its_sections_from_left_to_right() -> None:
    maps = {
        1: button_map("menu", (1, 0, SHOW, None, 3), (0, 5, SHOW, None, 2)),
        2: button_map("menu-section", (0, 1, ADD, 22, None), (0, 0, ADD, 21, None)),
        3: button_map("menu-section", (0, 0, ADD, 31, None)),
    }
    assert products_of(1, maps) == (21, 22, 31)
    deleted = replace(maps[2], deleted=datetime(2026, 1, 1, tzinfo=UTC))
    assert products_of(1, maps | {2: deleted}) == (31,)


def test_circles_end() -> None:
    maps = {
        1: button_map("tablet-groups", (0, 0, SHOW, None, 2), (1, 0, ADD, 11, None), (2, 0, SHOW, None, 1)),
        2: button_map("tablet-groups", (0, 0, ADD, 21, None), (1, 0, SHOW, None, 1), (2, 0, SHOW, None, 2)),
    }
    assert products_of(1, maps) == products_of(1, maps, deepest=10**6) == (21, 11)


def test_depth_and_number_are_bounded() -> None:
    maps = {n: button_map("menu", (0, 0, ADD, n, None), (1, 0, SHOW, None, n + 1)) for n in range(1, 2000)}
    assert products_of(1, maps) == (1, 2, 3, 4)
    assert products_of(1, maps, deepest=1) == (1,)
    assert products_of(1, maps, deepest=9, most=6) == (1, 2, 3, 4, 5, 6)


# -- bookings ------------------------------------------------------------------------------------------


def test_what_is_spent_has_the_sign_that_was_found_out() -> None:
    assert plainly(spending(1950)) == {"amount": Decimal("-19.50")}
    assert plainly(spending(1950, sign=1)) == {"amount": Decimal("19.50")}
    with pytest.raises(ValueError, match="found 0 cents to spend"):
        spending(0)


# -- peripherals ---------------------------------------------------------------------------------------

PRINTER = Attached("paper", "printer", "escpos", "/dev/usb/lp0", "p-1", "1.4")
READER = Attached("tags", "reader", "pcsc", "", "r-1")
ACCEPTOR = Attached("coins", "coin_acceptor", "cctalk", "/dev/ttyUSB0", "a-1")


def test_all_devices_are_reported_and_only_the_printer_has_a_function() -> None:
    found = peripherals([PRINTER, READER, ACCEPTOR])
    assert [each.device_id for each in found] == ["a-1", "p-1", "r-1"]
    assert plainly(found[1]) == {
        "name": "paper", "address": "/dev/usb/lp0", "exclusive": True, "device-id": "p-1",
        "device-name": "paper", "device-type": "printer", "device-model": "escpos", "device-version": "1.4",
        "service-bindings": [{"functions": ["receipt-printer"], "name": "paper", "service-id": "p-1:printer",
                              "service-name": "paper", "service-type": "printer"}],
    }  # fmt: skip
    assert [each.service_bindings[0].functions for each in (found[0], found[2])] == [(), ()]
    required = {
        "name",
        "exclusive",
        "device-id",
        "device-name",
        "device-type",
        "device-model",
        "device-version",
    }
    assert required <= set(plainly(found[2]))
    assert "address" not in plainly(found[2])


def test_a_name_given_in_the_back_office_is_kept_and_what_is_gone_is_not() -> None:
    (now,) = peripherals([PRINTER])
    renamed = replace(now, name="Bar printer", others={"_x-a": "b"})
    gone = replace(now, device_id="p-0")
    assert peripherals([PRINTER], [gone, renamed]) == (renamed,)
    (moved,) = peripherals([replace(PRINTER, name="roll", address="/dev/usb/lp1")], [renamed])
    assert (moved.name, moved.device_name, moved.address) == ("Bar printer", "roll", "/dev/usb/lp1")
    (follows,) = peripherals([replace(PRINTER, name="roll")], [now])
    assert follows.name == follows.service_bindings[0].name == "roll"


def test_peripherals_that_cannot_be_told_apart_are_refused() -> None:
    for devices in ([PRINTER, replace(READER, id="p-1")], [replace(PRINTER, id="")]):
        with pytest.raises(ValueError, match="expected one of its own for each"):
            peripherals(devices)


def test_only_known_functions_are_sent() -> None:
    (drawer,) = peripherals([PRINTER], functions={"printer": ("receipt-printer", "cash-drawer")})
    assert drawer.service_bindings[0].functions == ("receipt-printer", "cash-drawer")
    with pytest.raises(ValueError, match=r"found the functions \['nfc-reader'\]; expected some of"):
        peripherals([READER], functions={"reader": ("nfc-reader",)})


# -- permissions ---------------------------------------------------------------------------------------


def info(permissions: list[str], features: list[str]) -> ClientInfo:
    merchant = {"vat-rates": [25, 12], "available-features": features, "required-features": []}
    company = {"name": "c", "alias": "demo.example"}
    return read(
        ClientInfo,
        {"company": company, "permissions": permissions, "merchant-params": merchant, "service-endpoints": []},
    )


def test_parts_are_switched_by_permissions_and_features() -> None:
    assert usable(info([], [])) == frozenset()
    everything = sorted({each for needed, _ in NEEDS.values() for each in needed})
    assert usable(info(everything, ["external-journal", "payment-vouchers", "auto-close-batch"])) == set(NEEDS)
    assert "vouchers" not in usable(info(everything, []))
    assert "binding" not in usable(info(["bind-tills"], []))
    assert usable(info(["show-tills", "bind-tills"], [])) == {"configuration", "binding"}


def test_what_is_missing_is_named() -> None:
    assert missing("vouchers", info(["show-vouchers"], [])) == (
        "the permission use-vouchers",
        "the feature payment-vouchers of the account",
    )
    assert missing("orders", info(["show-orders", "edit-orders"], [])) == ()
