"""CODE128 in code set B: what a printer draws that is told so, and what is drawn for one that cannot. Pure.

It is reckoned here, because python-barcode (0.16.1) drops the digits of a code that begins with ``99`` and goes
on with a letter: one barcode in a thousand would be another one.
"""

from __future__ import annotations

_WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 "
    "113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 "
    "212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 "
    "113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 "
    "241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 "
    "214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 "
    "211232 2331112"
)
"""Widths of bar, space, bar, ... for each value (ISO/IEC 15417); the last one ends the symbol."""

_PATTERNS = tuple(_WIDTHS.split())

_START_B, _STOP = 104, 106


def modules(text: str) -> str:
    """Return the modules of a symbol from left to right, ``1`` for a bar; no white beside it.

    Raises:
        ValueError: It is empty, or holds a sign that is none of printable ASCII.
    """
    if not text or not all(" " <= sign <= "~" for sign in text):
        raise ValueError("a CODE128 holds printable ASCII signs only, and at least one")
    values = [_START_B, *(ord(sign) - ord(" ") for sign in text)]
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    return "".join(_bars(value) for value in (*values, check, _STOP))


def _bars(value: int) -> str:
    return "".join("10"[at % 2] * int(width) for at, width in enumerate(_PATTERNS[value]))
