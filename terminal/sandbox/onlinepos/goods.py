"""What is sold: products with choices and parts, as two calls tell it, and the call that makes one."""

from __future__ import annotations

from typing import Any

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import Call
from terminal.sandbox.onlinepos.print import dot, element, hundredths, number, said, text
from terminal.sandbox.onlinepos.things import Page, Product, ProductGroup


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


# -- new ones ----------------------------------------------------------------------------------------------


def add_product(call: Call) -> Response:
    """POST /addProduct, XML only: a repeat is another product; a group that there is none of is made."""
    call.needs_form_hash()
    name, group = call.form.get("productname", ""), call.form.get("productgroup", "")
    if not name:
        return said("fail", "No product name")
    if not group:
        return said("fail", "No product group")
    try:
        price, cost = (_whole_kroner(call, field) for field in ("price", "costprice"))
    except ValueError as error:
        return said("fail", str(error))
    id_ = 1 + max((each.id for each in call.store.things(Product)), default=0)
    call.store.keep(Product(id=id_, name=name, price=price, cost=cost, group=_group_of(call, group)))
    call.took_effect(None, product=str(id_))
    return said("status", f"Product {id_} created")


def _whole_kroner(call: Call, field: str) -> int:
    """Return the hundredths of a price, which the page calls an integer."""
    written = call.form.get(field, "0")
    try:
        found = hundredths(written)
    except ValueError:
        found = -1
    if found < 0 or ("." in written and call.rules.fractions == "refused"):
        raise ValueError(f"{field} is invalid!")
    return found // 100 * 100 if call.rules.fractions == "cut" else found


def _group_of(call: Call, name: str) -> int:
    """Return the id of the group of that name, which is made if there is none."""
    groups = call.store.things(ProductGroup)
    for group in groups:
        if group.name == name:
            return group.id
    made = ProductGroup(id=1 + max((each.id for each in groups), default=0), name=name)
    call.store.keep(made)
    return made.id
