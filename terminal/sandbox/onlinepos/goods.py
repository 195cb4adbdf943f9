"""What is sold: products with choices and parts, as three calls tell it, and offers."""

from __future__ import annotations

from typing import Any

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import Call
from terminal.sandbox.onlinepos.print import dot, element, fields, is_day, number, text
from terminal.sandbox.onlinepos.things import Company, Offer, Page, Product, ProductGroup

_DEEPEST = 8
_OPENS, _CLOSES = 10, 22


def get_products(call: Call) -> Response:
    """GET /getProducts."""
    names = {each.id: each.name for each in call.store.things(ProductGroup)}
    products = call.store.things(Product)

    def markup() -> str:
        return element("list", *(_product_in_xml(each, names.get(each.group, "")) for each in products))

    return call.answer([_product(each, names.get(each.group, "")) for each in products], markup)


def _prices(product: Product) -> dict[str, str]:
    """Return the five prices; the first is the product's, those of price groups follow."""
    others = {each.number: each.price for each in product.price_groups}
    return {f"price_{n}": dot(product.price if n == 1 else others.get(n, 0)) for n in range(1, 6)}


def _product(product: Product, group: str) -> dict[str, Any]:
    more = {
        str(each.number): {"price": dot(each.price), "name": each.name}
        for each in product.price_groups
        if each.number > 5  # noqa: PLR2004 - the first five have fields of their own
    }
    return {
        "ID": product.id,
        "name": product.name,
        "groupid": str(product.group),
        "groupname": group,
        **_prices(product),
        "cost_price": dot(product.cost),
        "standard_price": dot(product.price),
        "categories": [
            {"category_id": str(each.id), "category_name": each.name} for each in product.categories
        ],
        "additional_price_groups": more or [],
        "description": product.description,
    }


def _product_in_xml(product: Product, group: str) -> str:
    more = [
        element("price_group", id=each.number, price=dot(each.price), name=each.name)
        for each in product.price_groups
        if each.number > 5  # noqa: PLR2004 - the first five have fields of their own
    ]
    return element(
        "products",
        text("product", product.name).replace("<product>", f'<product id="{product.id}">', 1),
        text("product_group", group).replace("<product_group>", f'<product_group id="{product.group}">', 1),
        element("price", **_prices(product)),
        text("indkbspris", dot(product.cost)),
        element(
            "categories", *(element("category", id=each.id, name=each.name) for each in product.categories)
        ),
        element("additional_price_groups", *more),
        text("normalpris", dot(product.price)),
        text("description", product.description),
    )


# -- with choices and parts --------------------------------------------------------------------------------


def get_structure(call: Call) -> Response:
    """GET /getProductStructure, JSON only."""
    products = call.store.things(Product)
    groups = [
        {
            "ProductGroupID": group.id,
            "ProductGroupName": group.name,
            "ProductGroupDescription": group.description,
            "Products": [_structured(each) for each in products if each.group == group.id],
        }
        for group in call.store.things(ProductGroup)
    ]
    return Response.json(
        {"ProductGroups": groups, "MSGPages": [_page(each) for each in call.store.things(Page)]}
    )


def _structured(product: Product) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ProductID": product.id,
        "ProductName": product.name,
        "ProductPrice": number(product.price),
        "ProductDescription": product.description,
        "ProductCostPrice": number(product.cost),
        "ProductCategories": [
            {"CategoryID": each.id, "CategoryName": each.name} for each in product.categories
        ],
        "EAN_1": product.ean(1),
        "EAN_2": product.ean(2),
        "MasterID": product.master,
        "AdditionalPriceGroups": [
            {
                "PriceGroupNumber": str(each.number),
                "PriceGroupName": each.name,
                "PriceGroupValue": number(each.price),
            }
            for each in product.price_groups
        ],
    }
    if product.split:
        shown["ProductSplit"] = [
            {"ProductID": each.product, "Amount": each.amount, "Price": number(each.price)}
            for each in product.split
        ]
    if product.page is not None:
        shown["ProductMSG"] = product.page
    return shown


def _page(page: Page) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "MSG_ID": page.id,
        "MSG_Name": page.name,
        "MSG_Min": page.min,
        "MSG_Max": str(page.max),
    }
    if page.price is not None:
        shown["MSG_Price"] = number(page.price)
    if page.default:
        shown["MSG_Default"] = ":".join(map(str, page.default))
    return shown | {"MSG_Options": list(page.options)}


# -- take away ---------------------------------------------------------------------------------------------


def taw_products(call: Call) -> Response:
    """GET /taw/products, JSON only: the one list that says what is sold out."""
    products = {each.id: each for each in call.store.things(Product)}
    pages = {each.id: each for each in call.store.things(Page)}

    def shown(product: Product, depth: int = 0) -> dict[str, Any]:
        page = pages.get(product.page or 0)
        inner = (
            [] if page is None or depth >= _DEEPEST else [products[i] for i in page.options if i in products]
        )
        chosen = page.default if page else ()
        return {
            "id": product.id,
            "name": product.name,
            "price": dot(product.price),
            "soldout": int(product.soldout),
            "multi": int(bool(product.split)),
            "description": product.description,
            "type": "product",
            "max": page.max if page else 0,
            "min": page.min if page else 0,
            "options": [shown(each, depth + 1) | {"default": int(each.id in chosen)} for each in inner],
        }

    groups = [
        {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "products": [shown(each) for each in products.values() if each.group == group.id],
        }
        for group in call.store.things(ProductGroup)
    ]
    return Response.json({"groups": groups})


def taw_shops(call: Call) -> Response:
    """GET /taw/shops, JSON only."""
    shops = [
        {"id": each.firmaid, "name": each.name, "address": "", "postcode": "", "city": ""}
        for each in call.store.things(Company)
    ]
    return Response.json({"shops": shops})


def taw_timeslots(call: Call) -> Response:
    """GET /taw/timeslots/{date}, JSON only: each quarter of an hour."""
    date = call.params["date"]
    if not is_day(date):
        return Response.json({"error": "Input fail!"})
    slots = [f"{hour:02d}:{minute:02d}" for hour in range(_OPENS, _CLOSES) for minute in (0, 15, 30, 45)]
    return Response.json({"date": date, "timeslots": slots})


# -- offers ------------------------------------------------------------------------------------------------


def offers(call: Call) -> Response:
    """GET /offer: discount families."""
    shown: list[dict[str, Any]] = [
        {
            "ID": each.id,
            "days": each.days,
            "pricegroup": each.pricegroup,
            "prio": each.prio,
            "name": each.name,
            "dayfrom": each.dayfrom,
            "dayto": each.dayto,
            "timefrom": each.timefrom,
            "timeto": each.timeto,
            "content": [
                {"pid": it.pid, "gid": it.gid, "amount": it.amount, "pris": number(it.price)}
                for it in each.content
            ],
        }
        for each in call.store.things(Offer)
    ]

    def markup() -> str:
        return element("list", *(_offer_in_xml(each) for each in shown))

    return call.answer(shown, markup)


def _offer_in_xml(shown: dict[str, Any]) -> str:
    plain = {name: value for name, value in shown.items() if name != "content"}
    content = "".join(fields("content", each) for each in shown["content"])
    return element("offer", *(text(name, value) for name, value in plain.items()), content)
