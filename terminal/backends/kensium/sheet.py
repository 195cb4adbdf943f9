"""What is known of Kensium POS's GraphQL: every field, argument and word that is used, and how sure it is.

The names of types are nowhere told, so that only their shapes stand here. A thing's path is how it is written
in the options and by the schema check: ``giftcard.results.balance``, ``giftcardTransAdd(trans.amount)``,
``giftcardTransAdd(trans.transType).USE``.
"""

from __future__ import annotations

from enum import Enum

from terminal.core.value import Value


class Mark(Enum):
    """How sure a name is."""

    TOLD = "C"  # the vendor's pages say so
    INFERRED = "I"  # the platform that it is built on does it so
    ASSUMED = "A"  # nobody said so; the likeliest


class Shape(Enum):
    """What a thing is on the wire."""

    TEXT = "a text"
    AMOUNT = "a decimal number, quoted"
    WHOLE = "a whole number"
    FLAG = "true or false"
    MOMENT = "a time"
    WORD = "a word of an enumeration"
    OBJECT = "an object"


class Part(Value, frozen=True):
    """A field, an argument, a member of an input, or a word.

    Attributes:
        name: As the pages call it.
        shape: What it is.
        mark: How sure that is.
        many: Whether it is a list of those.
        args: The arguments of a field.
        parts: The fields of an object, or the members of an input.
        words: Of an enumeration.
    """

    name: str
    shape: Shape = Shape.TEXT
    mark: Mark = Mark.TOLD
    many: bool = False
    args: tuple[Part, ...] = ()
    parts: tuple[Part, ...] = ()
    words: tuple[Part, ...] = ()


_C, _A = Mark.TOLD, Mark.ASSUMED
_Parts = tuple[Part, ...]


def _text(names: str, mark: Mark = _C, shape: Shape = Shape.TEXT) -> _Parts:
    return tuple(Part(name, shape, mark) for name in names.split())


def _amounts(names: str, mark: Mark = _C) -> _Parts:
    return _text(names, mark, Shape.AMOUNT)


def _whole(names: str, mark: Mark = _C) -> _Parts:
    return _text(names, mark, Shape.WHOLE)


def _flags(names: str, mark: Mark = _C) -> _Parts:
    return _text(names, mark, Shape.FLAG)


def _moments(names: str, mark: Mark = _C) -> _Parts:
    return _text(names, mark, Shape.MOMENT)


def _words(name: str, told: str, assumed: str = "", mark: Mark = _C) -> Part:
    return Part(name, Shape.WORD, mark, words=_text(told) + _text(assumed, _A))


def _object(name: str, *parts: _Parts, mark: Mark = _C, many: bool = False, args: _Parts = ()) -> Part:
    return Part(name, Shape.OBJECT, mark, many, args, parts=tuple(each for some in parts for each in some))


def _page(name: str, args: _Parts, about: _Parts, *rows: _Parts, mark: Mark = _C) -> Part:
    """Return a list query: *about* stands beside its rows."""
    results = _object("results", *rows, mark=mark, many=True)
    return _object(name, about, (results,), args=args)


_PAGED = _whole("first skip")
_PAGED_A = _whole("first skip", _A)
_SINCE, _UNTIL = _text("since"), _text("until")
_MORE, _LIMITED = _flags("hasMoreResults"), _flags("limitedByPermission")
_MORE_A = _flags("hasMoreResults", _A)

_CODE_TYPE = _words("codeType", "PHYSICAL", "PERSONAL EXTERNAL")
_TRANS_TYPE = _words("transType", "ADD USE ADJUST EXTERNAL IMPORT")
_STATUS = _words("status", "", "AUTHORIZED CANCELLED COMPLETED", _A)
_PAYMENT_TYPE = _words("transType", "SALE", "REFUND AUTHORIZE", _A)

_CODE = ((_CODE_TYPE,), _text("code"), _moments("expiresOn"))
_STOCK = (_text("warehouseCode sku"), _amounts("basePrice quantityAvailable"))

QUERIES: _Parts = (
    _object("environment", _text("version", _A), _moments("utcNow", _A), _text("currency", _A)),
    _page(
        "customer",
        _PAGED + _text("id memberId") + _text("since", _A),
        _MORE + _LIMITED,
        _text("id memberId status fullName"),
        (_object("phone", _text("raw")),),
    ),
    _page(
        "giftcard",
        (*_text("code"), _CODE_TYPE),
        _LIMITED,
        _text("id memberId"),
        _amounts("balance"),
        (_object("codes", _text("id"), *_CODE, _flags("isMasked"), many=True),),
    ),
    _page(
        "item",
        _PAGED + _text("warehouseCode") + _SINCE,
        _MORE + _UNTIL,
        _text("sku name longName saleUom stockUom"),
        (_object("warehouses", *_STOCK, many=True),),
    ),
    _page(
        "itemSerialLot",
        _PAGED_A + _SINCE,
        _MORE_A + _UNTIL,
        _text("warehouseCode sku serialLotNbr", _A),
        mark=_A,
    ),
    _page(
        "itemWarehouse",
        _PAGED_A + _text("warehouseCode", _A) + _SINCE,
        _MORE_A + _UNTIL,
        _text("warehouseCode sku", _A),
        _amounts("basePrice quantityAvailable", _A),
        mark=_A,
    ),
    _page("location", _PAGED_A, _MORE_A, _text("code name", _A), mark=_A),
    *(
        _page(name, _PAGED_A, _MORE_A, mark=_A)
        for name in (
            "product",
            "productBanner",
            "productGroup",
            "productNotice",
            "productSection",
            "productSortOption",
        )
    ),
    _page(
        "sale",
        _text("id", _A) + _text("customerId fromDate toDate") + _PAGED + _SINCE,
        _MORE + _UNTIL,
        _text("id registerCode tranNo customerId"),
        _moments("saleDate"),
    ),
)
"""What may be asked."""

_LINE = (
    _whole("lineNumber"),
    _text("sku uom"),
    _flags("isRefund"),
    _amounts("unitPrice extPrice itemDiscountAmount saleDiscountAmount quantity"),
)
_PURCHASE = (
    _text("transactionId storeCode"),
    _moments("purchasedOn"),
    _amounts("payAmount saleDiscountAmount itemDiscountAmount subTotal refundAmount taxAmount"),
    _text("channel memberId orderType payMethod"),
    _text("customerId email", _A),
    (_object("lineItems", *_LINE, many=True),),
)
_NEW_CARD = (
    _text("physicalCode physicalPin"),
    _flags("addPersonalCode", _A),
    _text("memberId externalCode", _A),
)
_NEW_TRANS = (
    (_CODE_TYPE,),
    _text("code pin"),
    (_TRANS_TYPE,),
    _amounts("amount"),
    _text("sourceId refNo"),
    _flags("authorizeOnly", _A),
)
_TRANS = (_text("id"), _amounts("balance"), _text("giftcardId"), (_STATUS,))
_CARD = (_text("id"), (_object("codes", *_CODE, many=True),))
_STEP = (
    (_object("payment", _text("id", _A), _text("status", _A), _amounts("amount", _A), mark=_A),),
    (_object("error", _text("code message", _A), mark=_A),),
    (_object("continuation", _text("id", _A), _whole("waitMilliseconds", _A), mark=_A),),
)
_PAYMENT = ((_PAYMENT_TYPE,), _amounts("amount", _A), _text("sourceId refNo", _A))

CHANGES: _Parts = (
    _object("giftcardAdd", *_CARD, args=(_object("giftcard", *_NEW_CARD),)),
    _object(
        "giftcardEdit",
        _text("id memberId"),
        (_object("codes", *_CODE, many=True),),
        args=(
            _object("giftcard", _text("id"), _flags("addPersonalCode revokePhysicalCode"), _text("memberId")),
        ),
    ),
    _object("giftcardTransAdd", *_TRANS, args=(_object("trans", *_NEW_TRANS),)),
    _object(
        "giftcardTransCapture",
        *_TRANS,
        args=(_object("trans", _text("id", _A), _flags("cancel", _A), mark=_A),),
    ),
    _object("purchaseAdd", _text("id"), args=(_object("add", *_PURCHASE),)),
    _object(
        "terminalPayment",
        (
            _object("start", *_STEP, args=(_object("payment", *_PAYMENT, mark=_A),)),
            _object("continue", *_STEP, args=_text("id", _A)),
            _object("capture", *_STEP, args=_text("id", _A)),
        ),
    ),
)
"""What may be changed. That ``terminalPayment`` holds its three fields is assumed from its dots."""


def named(parts: _Parts, name: str) -> Part:
    """Return the one of *parts* that is called so.

    Raises:
        KeyError: None is.
    """
    for part in parts:
        if part.name == name:
            return part
    raise KeyError(name)


def within(path: str, name: str) -> str:
    """Return the path of a field within *path*; empty: that of a query or change."""
    return f"{path}.{name}" if path else name


def member(path: str, name: str) -> str:
    """Return the path of an argument of the field *path*, or of what is within an argument."""
    return f"{path[:-1]}.{name})" if path.endswith(")") else f"{path}({name})"


def word(path: str, name: str) -> str:
    """Return the path of a word of the enumeration at *path*."""
    return f"{path}.{name}"
