"""What events, facts, effects and states are: frozen values that compare by what they hold.

msgspec's structs, and not the standard library's dataclasses: making a class costs a fortieth, and there are
more than a hundred of them on the way to READY; making a value costs a fraction too.
"""

from __future__ import annotations

import msgspec


class Value(msgspec.Struct, frozen=True):
    """Base of every frozen value."""


replace = msgspec.structs.replace
"""Return a copy of a value with some of its fields changed."""
