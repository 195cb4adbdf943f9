"""Nothing on the servers' pages is forgotten, and the page that says so is true."""

import pytest

from tests.contracts.document import PATH, document
from tests.contracts.sheets import SERVERS, everything, unknown_symbols


@pytest.mark.parametrize("server", SERVERS)
def test_every_call_is_in_the_program_and_somebody_makes_it(server: str) -> None:
    sheet, calls = everything(server)
    assert calls
    assert not unknown_symbols(sheet)
    for found in calls:
        assert bool(found.users) != bool(found.call.why), f"{found.call.name}: either used, or why not"


@pytest.mark.parametrize("server", SERVERS)
def test_every_name_is_used_or_has_a_reason(server: str) -> None:
    sheet, calls = everything(server)
    given = set()
    for found in calls:
        for name in found.missing:
            reason = sheet.why_not(found.call, name)
            assert reason or found.call.why, f"{found.call.name}: {name} is not used, and no reason is given"
            given |= {name, f"{found.call.name}: {name}"}
    idle = {name for names in sheet.unused.values() for name in names} - given
    assert not idle, "a reason is given for what is used"


def test_the_page_is_what_the_program_says() -> None:
    assert PATH.read_text("utf-8") == document(), "run `make contracts`"
