"""The calls of Satellite that the tests of its adapter speak of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.backends.making import UID
from tests.backends.satellite_making import STAFF, Server

OLD_SALE, SALE = "POST /ticket/transaction", "POST /tx/new"

OLD_CHECK_IN, CHECK_IN = "POST /device/log/check-in", "POST /interaction/new/check-in"

STAFF_CALL, GUEST_CALL = f"GET /delegate/rfid:{STAFF}", f"GET /delegate/rfid:{UID}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.says(SALE, 200, {"id": 1})
    server.says(CHECK_IN, 200, {"id": 2})
    server.says(GUEST_CALL, 200, {"id": 789, "firstName": "Erika", "lastName": "Mustermann"})
    server.says(STAFF_CALL, 200, {"id": 12, "name": "Staff"})
    yield server
    assert server.wrong == []


@pytest.fixture
def old() -> Iterator[Server]:
    server = Server("old")
    server.says(OLD_SALE, 200, {"id": 1})
    server.says(OLD_CHECK_IN, 200, {"id": 2})
    server.says(GUEST_CALL, 200, {"id": 789, "name": "Erika"})
    yield server
    assert server.wrong == []
