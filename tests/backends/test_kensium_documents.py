"""Documents: each is what a server of the sheet's schema takes, and a value never becomes anything else."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from graphql import FieldNode, OperationDefinitionNode, StringValueNode, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.purchase import Purchase, PurchaseLine, decimal, moment
from terminal.backends.kensium.sheet import CHANGES, QUERIES, Part, Shape
from terminal.backends.kensium.writing import Unsupported, literal
from tests.backends.kensium_making import SCHEMA

LINE = PurchaseLine(
    number=1, sku="AAC1", unit_price=199, ext_price=199, quantity=Decimal("1.5"), uom="EA", item_discount=12
)
PURCHASE = Purchase(
    transaction_id="kiosk-1-7",
    store_code="MAIN",
    purchased_on=datetime(2026, 5, 1, 14, 30, tzinfo=timezone(timedelta(hours=2))),
    pay_amount=199,
    sub_total=199,
    lines=(LINE, LINE),
    channel="KIOSK",
    member_id="000010049",
)

OPERATIONS: dict[str, Callable[[Documents], Any]] = {
    "environment": lambda it: it.environment(),
    "customer": lambda it: it.customer(id_="02499497793190625396", member_id="000010049", first=5, skip=10),
    "giftcard": lambda it: it.giftcard("98761234"),
    "item": lambda it: it.item(first=50, skip=0, warehouse="MAIN", since=""),
    "itemSerialLot": lambda it: it.item_serial_lot(first=50, skip=50, since="x"),
    "itemWarehouse": lambda it: it.item_warehouse(first=50, skip=50, warehouse="MAIN", since="x"),
    "location": lambda it: it.location(first=50, skip=50),
    "product": lambda it: it.product(first=50, skip=50),
    "productBanner": lambda it: it.product_banner(),
    "productGroup": lambda it: it.product_group(),
    "productNotice": lambda it: it.product_notice(),
    "productSection": lambda it: it.product_section(),
    "productSortOption": lambda it: it.product_sort_option(),
    "sale": lambda it: it.sale(
        id_="1", customer_id="2", from_date="2026-05-01", to_date="2026-05-02", first=5, skip=5, since=""
    ),
    "giftcardAdd": lambda it: it.giftcard_add(
        "98761234", "4711", member_id="1", external_code="e", add_personal_code=True
    ),
    "giftcardEdit": lambda it: it.giftcard_edit(
        "30004", add_personal_code=False, revoke_physical_code=True, member_id="1"
    ),
    "giftcardTransAdd": lambda it: it.giftcard_trans_add(
        "98761234", -649, "USE", source_id="kiosk-1", ref_no="kiosk-1-7", pin="4711", authorize_only=True
    ),
    "giftcardTransCapture": lambda it: it.giftcard_trans_capture("1", cancel=True),
    "purchaseAdd": lambda it: it.purchase_add(PURCHASE),
    "terminalPayment.start": lambda it: it.payment_start(199, source_id="kiosk-1", ref_no="kiosk-1-8"),
    "terminalPayment.continue": lambda it: it.payment_continue("1"),
    "terminalPayment.capture": lambda it: it.payment_capture("1"),
}


def field_of(document: str) -> FieldNode:
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    (field,) = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    return field


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_is_what_a_server_of_this_schema_takes(name: str) -> None:
    call = OPERATIONS[name](Documents())
    assert validate(SCHEMA, parse(call.document)) == []
    assert ".".join(call.path) == name
    assert call.changes == (name.partition(".")[0] in {part.name for part in CHANGES})
    assert call.document.startswith(f"{'mutation' if call.changes else 'query'} {call.name} {{ ")


def test_there_is_one_for_each_thing_of_the_sheet() -> None:
    payment = CHANGES[-1]
    names = {part.name for part in (*QUERIES, *CHANGES[:-1])} | {
        f"{payment.name}.{it.name}" for it in payment.parts
    }
    assert names == set(OPERATIONS)
    assert (len(QUERIES), len(CHANGES)) == (14, 5 + 1), "as many as the pages list, and payments at terminals"
    public = [name for name, _ in inspect.getmembers(Documents, inspect.isfunction) if name[0] != "_"]
    assert len(public) == len(OPERATIONS)


def test_every_argument_of_the_sheet_can_be_given() -> None:
    """Those of since and dates, of the customer too: a value for each is in one of the documents."""

    def names(part: Part) -> set[str]:
        return {part.name}.union(*map(names, part.parts)) if part.parts else {part.name}

    given_all = {"since"}
    for part in (*QUERIES, *CHANGES[:-1]):
        document = OPERATIONS[part.name](Documents()).document
        wanted = set().union(*map(names, part.args)) - given_all if part.args else set()
        optional = {"orderType", "payMethod", "customerId", "email"} if part.name == "purchaseAdd" else set()
        if part.name.startswith("product"):
            optional = {"first", "skip"}
        assert {name for name in wanted if f"{name}:" not in document} <= optional, part.name


def test_a_movement_of_funds_to_the_letter() -> None:
    call = Documents().giftcard_trans_add("98761234", -649, "USE", source_id="kiosk-1", ref_no="kiosk-1-7")
    assert call.document == (
        'mutation GiftcardTransAdd { giftcardTransAdd(trans: {codeType: PHYSICAL, code: "98761234", '
        'transType: USE, amount: "-6.49", sourceId: "kiosk-1", refNo: "kiosk-1-7"}) '
        "{ id balance giftcardId status } }"
    )


def test_a_purchase_says_its_time_in_utc_and_its_amounts_as_texts() -> None:
    document = Documents().purchase_add(PURCHASE).document
    assert 'purchasedOn: "2026-05-01T12:30:00"' in document
    assert 'payAmount: "1.99"' in document
    assert 'saleDiscountAmount: "0.00"' in document
    assert 'lineNumber: 1, sku: "AAC1", isRefund: false' in document
    assert 'quantity: "1.5"' in document


def test_blank_is_sent_and_none_is_not() -> None:
    assert 'since: ""' in Documents().item(since="").document
    assert "since" not in Documents().item().document.partition("{")[2].partition("{")[0]
    assert "codeType" not in Documents().giftcard().document.partition(" { ")[2].partition(" { ")[0]


@pytest.mark.parametrize(
    ("cents", "kind"), [(0, "ADD"), (-1, "ADD"), (1, "USE"), (0, "USE"), (0, "ADJUST"), (5, "GIVE"), (5, "add")]
)
def test_what_cannot_be_meant_is_not_written(cents: int, kind: str) -> None:
    with pytest.raises(Unsupported, match=r"expected (another sign|one of ADD, USE)"):
        Documents().giftcard_trans_add("1", cents, kind, source_id="s", ref_no="r")


@pytest.mark.parametrize("date", ["2026-5-1", "", "2026-05-01T00:00:00", "01.05.2026"])
def test_a_date_is_one(date: str) -> None:
    with pytest.raises(Unsupported, match="YYYY-MM-DD"):
        Documents().sale(from_date=date)


def test_a_time_without_a_zone_is_none() -> None:
    assert moment(datetime(2026, 5, 1, 12, 30, 59, 999_999, tzinfo=UTC)) == "2026-05-01T12:30:59"
    with pytest.raises(Unsupported, match="without a zone"):
        moment(datetime(2026, 5, 1))  # noqa: DTZ001 - what is refused


# -- what a server calls otherwise ---------------------------------------------------------------------


def test_another_name_is_written_under_an_alias_and_without_one_in_arguments() -> None:
    names = {
        "giftcardTransAdd": "addGiftcardTrans",
        "giftcardTransAdd.balance": "availableBalance",
        "giftcardTransAdd.status": "",
        "giftcardTransAdd(trans)": "input",
        "giftcardTransAdd(trans.refNo)": "reference",
        "giftcardTransAdd(trans.transType).USE": "SPEND",
    }
    call = Documents(names).giftcard_trans_add("9", -1, "USE", source_id="s", ref_no="r")
    assert call.document == (
        'mutation GiftcardTransAdd { giftcardTransAdd: addGiftcardTrans(input: {codeType: PHYSICAL, code: "9", '
        'transType: SPEND, amount: "-0.01", sourceId: "s", reference: "r"}) '
        "{ id balance: availableBalance giftcardId } }"
    )
    assert call.path == ("giftcardTransAdd",)


def test_what_is_within_another_is_renamed_where_it_stands() -> None:
    names = {
        "terminalPayment": "payments",
        "terminalPayment.continue": "goOn",
        "terminalPayment.continue(id)": "n",
    }
    document = Documents(names).payment_continue("1").document
    assert 'terminalPayment: payments { continue: goOn(n: "1") { payment {' in document


def test_what_the_server_does_not_have_is_never_left_out_in_silence() -> None:
    """An authorisation without its flag would be a charge."""
    documents = Documents({"giftcardTransAdd(trans.authorizeOnly)": "", "environment": ""})
    documents.giftcard_trans_add("9", -1, "USE", source_id="s", ref_no="r")
    with pytest.raises(Unsupported, match="authorizeOnly"):
        documents.giftcard_trans_add("9", -1, "USE", source_id="s", ref_no="r", authorize_only=True)
    with pytest.raises(Unsupported, match="environment"):
        documents.environment()


def test_of_an_object_without_any_field_its_types_name_is_asked_for() -> None:
    assert Documents().product().document.endswith("results { __typename } } }")
    names = {f"environment.{name}": "" for name in ("version", "utcNow", "currency")}
    assert Documents(names).environment().document == "query Environment { environment { __typename } }"


# -- values --------------------------------------------------------------------------------------------


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_text_is_always_itself_and_nothing_else(text: str) -> None:
    field = field_of(Documents().giftcard(text).document)
    (code, kind) = field.arguments
    assert isinstance(code.value, StringValueNode)
    assert (code.value.value, kind.name.value) == (text, "codeType")


@given(st.integers(-(10**12), 10**12))
def test_cents_become_an_amount_and_are_the_same(cents: int) -> None:
    written = literal(Shape.AMOUNT, "x", decimal(cents))
    assert written[0] == written[-1] == '"'
    whole, point, rest = written.strip('"-').partition(".")
    assert (point, len(rest)) == (".", 2)
    assert (int(whole) * 100 + int(rest)) * (-1 if "-" in written else 1) == cents


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (Shape.TEXT, "\ud800"),
        (Shape.TEXT, 5),
        (Shape.WHOLE, 2**31),
        (Shape.WHOLE, True),
        (Shape.WHOLE, "1"),
        (Shape.FLAG, 1),
        (Shape.AMOUNT, 1.5),
        (Shape.AMOUNT, 1),
        (Shape.AMOUNT, "1"),
        (Shape.AMOUNT, Decimal("NaN")),
        (Shape.AMOUNT, Decimal("-Infinity")),
        (Shape.MOMENT, datetime(2026, 5, 1, tzinfo=UTC)),
    ],
)
def test_a_value_of_another_kind_is_refused(shape: Shape, value: Any) -> None:
    with pytest.raises(Unsupported, match=r"giftcard\(x\)"):
        literal(shape, "giftcard(x)", value)


def test_amounts_are_never_written_with_an_exponent() -> None:
    assert literal(Shape.AMOUNT, "x", Decimal("1E+3")) == '"1000"'
    assert literal(Shape.AMOUNT, "x", Decimal("1E-7")) == '"0.0000001"'


def test_a_call_shows_neither_code_nor_pin() -> None:
    call = Documents().giftcard_add("98761234", "4711")
    assert repr(call) == "Call('GiftcardAdd')"
    assert call.secrets == {"98761234": "…1234", "4711": "[secret]"}
