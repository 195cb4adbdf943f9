"""The table of adapters."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from terminal import backends
from terminal.backends.replies import hide


@pytest.mark.parametrize("kind", backends.BACKENDS)
def test_each_adapter_is_found_and_explains_every_option(kind: str) -> None:
    found = backends.find(kind)
    fields = msgspec.structs.fields(found.Options)
    assert "url" in {field.name for field in fields}
    schema = msgspec.json.schema(found.Options)["$defs"][found.Options.__name__]["properties"]
    for name, option in schema.items():
        alternatives = [option, *option.get("anyOf", ())]
        assert any(each.get("description") for each in alternatives), name


def test_a_type_that_is_none_is_a_sentence_with_a_guess() -> None:
    known = r"known: kensium, onlinepos, onslip, pointofsale, satellite \(did you mean 'pointofsale'\?\)"
    with pytest.raises(LookupError, match=known):
        backends.find("point-of-sale")


def test_finding_an_adapter_loads_no_http_library() -> None:
    code = (
        "import sys; from terminal import backends; [backends.find(kind) for kind in backends.BACKENDS]; "
        "print({'httpx', 'httpcore', 'ssl'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("04a1b2c3 and 04A1B2C3", "… and …"),
        ("04a1b2c304a1b2c3", "……"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_hide(text: str, shown: str) -> None:
    assert hide(text, {"04a1b2c3": "…", "": "never"}) == shown
