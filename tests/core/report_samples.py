"""Reports for tests: a whole one, an empty one, and any."""

from __future__ import annotations

from hypothesis import strategies as st

from terminal.core.report import (
    Cash,
    Denomination,
    Emptied,
    Fill,
    Grand,
    GroupSum,
    MethodSum,
    PaidOut,
    Report,
    ReportKind,
    Sum,
    VatSum,
)
from terminal.core.stamp import Stamp
from terminal.core.value import replace

OPENED = Stamp(wall_ms=1_774_965_900_000, mono_ms=1, boot="a", synced=True)
CLOSED = Stamp(wall_ms=1_775_052_300_000, mono_ms=5, boot="b", synced=True)

EMPTY = Report(
    kind=ReportKind.Z,
    number=1,
    after=0,
    upto=3,
    opened=OPENED,
    closed=CLOSED,
    sales=Sum(),
    returns=Sum(),
    topups=Sum(),
    groups=(),
    vats=(),
    methods=(),
    cash=Cash(),
    offline=Sum(),
    unknown=Sum(),
    parked=Sum(),
    grand=Grand(),
)

WHOLE = replace(
    EMPTY,
    number=17,
    after=40,
    upto=95,
    sales=Sum(12, 3_150),
    returns=Sum(1, 250),
    topups=Sum(2, 2_500),
    groups=(GroupSum("Coffee", 1_900, 9, 2_380, 50), GroupSum("", None, 2, 520)),
    vats=(VatSum(None, 520, 520, 0), VatSum(1_900, 2_380, 2_000, 380)),
    methods=(MethodSum("cash", Sum(4, 980)), MethodSum("wallet", Sum(8, 2_150), Sum(1, 250))),
    cash=Cash(
        taken=4_000,
        held_before=200,
        held_after=100,
        spent=1_000,
        kept=20,
        credited=2_500,
        returned=300,
        unclaimed=300,
        written_off=150,
        denominations=(Denomination("slot", 100, 20), Denomination("slot", 200, 10)),
        paid_out=(PaidOut("hopper", Sum(2, 300), Sum(1, 50)),),
        emptied=(Emptied("slot", "Ada", CLOSED, 5_000, 4_900), Emptied("slot", "Bob", CLOSED, 700)),
        boxes=(("slot", Sum(7, 900)),),
    ),
    offline=Sum(3, 750),
    unknown=Sum(1, 250),
    parked=Sum(2, 400),
    grand=Grand(Sum(112, 33_150), Sum(4, 1_250)),
    by="Grace",
    rounding=Sum(2, -20),
    fills=(Fill("hopper", 100, words="it is nearly empty: fill it"), Fill("tubes", 50, 12)),
)

_AMOUNTS = st.integers(-(10**9), 10**9)
_SUMS = st.builds(Sum, st.integers(0, 10**6), _AMOUNTS)
_NAMES = st.text(max_size=120)
_RATES = st.none() | st.integers(0, 10_000)


def _some(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(strategy, max_size=3).map(tuple)


_CASH = st.builds(
    Cash,
    taken=_AMOUNTS,
    spent=_AMOUNTS,
    written_off=_AMOUNTS,
    denominations=_some(st.builds(Denomination, _NAMES, st.integers(1, 50_000), st.integers(1, 10**5))),
    paid_out=_some(st.builds(PaidOut, _NAMES, _SUMS, _SUMS)),
    emptied=_some(st.builds(Emptied, _NAMES, _NAMES, st.just(CLOSED), _AMOUNTS, st.none() | _AMOUNTS)),
    boxes=_some(st.tuples(_NAMES, _SUMS)),
)
ANY = st.builds(
    Report,
    kind=st.sampled_from(ReportKind),
    number=st.integers(1, 10**6),
    after=st.just(0),
    upto=st.just(9),
    opened=st.just(OPENED),
    closed=st.just(CLOSED),
    sales=_SUMS,
    returns=_SUMS,
    topups=_SUMS,
    groups=_some(st.builds(GroupSum, _NAMES, _RATES, st.integers(-9, 10**5), _AMOUNTS, _AMOUNTS)),
    vats=_some(st.builds(VatSum, _RATES, _AMOUNTS, _AMOUNTS, _AMOUNTS)),
    rounding=_SUMS,
    methods=_some(st.builds(MethodSum, st.sampled_from(["cash", "wallet", "card", "giro"]), _SUMS, _SUMS)),
    cash=_CASH,
    offline=_SUMS,
    unknown=_SUMS,
    parked=_SUMS,
    grand=st.builds(Grand, _SUMS, _SUMS),
    by=_NAMES,
    fills=_some(st.builds(Fill, _NAMES, st.integers(1, 50_000), st.none() | st.integers(0, 10**5), _NAMES)),
)
"""Any report, whether its sums agree or not: a paper must show it all the same."""
