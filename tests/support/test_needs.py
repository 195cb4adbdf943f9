"""A proof is left out with a sentence, or not at all."""

import sys

import pytest

from tests.support import needs

NOWHERE = "surely-no-such-program"


def test_a_missing_program_leaves_the_proof_out_and_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TERMINAL_TEST_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"^{needs.PREFIX}.*{NOWHERE}.*apt-get install things"):
        needs.program(NOWHERE, "things")


def test_where_all_must_run_what_is_missing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERMINAL_TEST_ALL", "1")
    for ask in (
        lambda: needs.program(NOWHERE),
        lambda: needs.file("/surely/no/such*", "things"),
        lambda: needs.module("surely_no_such_module", "things"),
    ):
        with pytest.raises(pytest.fail.Exception, match="nothing may be left out"):
            ask()


def test_what_is_there_is_found() -> None:
    assert needs.program("sh").endswith("/sh")
    assert needs.file(sys.executable[:-1] + "*", "python3").startswith(sys.executable[:-1])
    needs.module("pytest", "dev")
