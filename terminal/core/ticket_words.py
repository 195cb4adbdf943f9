"""The words of tickets, of the receipts of their sale, and of vouchers, in each language."""

from __future__ import annotations

from terminal.core.value import Value


class TicketWords(Value, frozen=True):
    """All that can stand on them beside what every receipt has, in one language.

    *numbered* and *part_of* hold places for ``{number}``, ``{of}`` and ``{product}``.
    """

    numbered: str
    part_of: str
    price: str
    receipt: str
    discount: str
    line: str
    total: str
    rounding: str
    cash: str
    change: str
    as_voucher: str
    kept: str
    wallet: str
    card: str
    approval: str
    purchase: str
    voucher: str
    show: str


_ENGLISH = TicketWords(
    numbered="Ticket {number} of {of}",
    part_of="part of {product}",
    price="Price",
    receipt="Receipt",
    discount="Discount",
    line="Subtotal",
    total="Total",
    rounding="Rounding",
    cash="Cash received",
    change="Change",
    as_voucher="Change as voucher",
    kept="Not given back",
    wallet="From your balance",
    card="By card",
    approval="Card reference",
    purchase="Purchase",
    voucher="Voucher",
    show="This money is kept for you. Please show this voucher to the staff.",
)
_GERMAN = TicketWords(
    numbered="Eintrittskarte {number} von {of}",
    part_of="Teil von {product}",
    price="Preis",
    receipt="Quittung",
    discount="Nachlass",
    line="Zwischensumme",
    total="Summe",
    rounding="Rundung",
    cash="Bar erhalten",
    change="Rückgeld",
    as_voucher="Rückgeld als Gutschein",
    kept="Nicht herausgegeben",
    wallet="Von Ihrem Guthaben",
    card="Mit Karte",
    approval="Kartenbeleg",
    purchase="Kauf",
    voucher="Gutschein",
    show="Dieses Geld wird für Sie aufbewahrt. Bitte zeigen Sie diesen Gutschein dem Personal.",
)
_DANISH = TicketWords(
    numbered="Billet {number} af {of}",
    part_of="del af {product}",
    price="Pris",
    receipt="Kvittering",
    discount="Rabat",
    line="Mellemsum",
    total="I alt",
    rounding="Afrunding",
    cash="Kontant modtaget",
    change="Byttepenge",
    as_voucher="Byttepenge som tilgodebevis",
    kept="Ikke givet tilbage",
    wallet="Fra din saldo",
    card="Med kort",
    approval="Kortbilag",
    purchase="Køb",
    voucher="Tilgodebevis",
    show="Disse penge opbevares til dig. Vis venligst tilgodebeviset til personalet.",
)
_SWEDISH = TicketWords(
    numbered="Biljett {number} av {of}",
    part_of="ingår i {product}",
    price="Biljettpris",
    receipt="Kvitto",
    discount="Avdrag",
    line="Delsumma",
    total="Totalt",
    rounding="Öresavrundning",
    cash="Kontant mottaget",
    change="Växel",
    as_voucher="Växel som tillgodokvitto",
    kept="Ej återlämnat",
    wallet="Från ditt saldo",
    card="Betalkort",
    approval="Kortreferens",
    purchase="Ert köp",
    voucher="Tillgodokvitto",
    show="Pengarna förvaras åt dig. Visa tillgodokvittot för personalen.",
)
_LANGUAGES = {"de": _GERMAN, "da": _DANISH, "sv": _SWEDISH}


def ticket_words_of(locale: str) -> TicketWords:
    """Return the words for a locale such as ``de_DE``; English, where its language is not known."""
    return _LANGUAGES.get(locale.partition("_")[0].lower(), _ENGLISH)
