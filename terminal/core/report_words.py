"""The words of X and Z reports, in each language."""

from __future__ import annotations

from terminal.core.value import Value


class ReportWords(Value, frozen=True):
    """All that can stand on them beside what every receipt has, in one language.

    *z* holds a place for ``{number}``, *vat_rate* for ``{rate}``, *emptied* for ``{device}``, *paid_out* too.
    """

    x: str
    z: str
    reads: str
    since: str
    until: str
    by: str
    schedule: str
    sales: str
    returns: str
    total: str
    topups: str
    groups: str
    other: str
    discount: str
    vats: str
    vat_rate: str
    no_rate: str
    net: str
    vat: str
    methods: str
    cash: str
    wallet: str
    card: str
    rounding: str
    money: str
    taken: str
    held_before: str
    held_after: str
    spent: str
    kept: str
    credited: str
    returned: str
    unclaimed: str
    written_off: str
    paid_out: str
    uncertain: str
    emptied: str
    expected: str
    counted: str
    not_counted: str
    mismatch: str
    boxes: str
    fills: str
    unsettled: str
    offline: str
    unknown: str
    parked: str
    grand: str


_ENGLISH = ReportWords(
    x="X report",
    z="Z report no. {number}",
    reads="This report closes nothing.",
    since="From",
    until="To",
    by="By",
    schedule="schedule",
    sales="Sales",
    returns="Returns",
    total="Total",
    topups="Top-ups",
    groups="Sales by group",
    other="Other",
    discount="Discounts",
    vats="VAT",
    vat_rate="VAT {rate} %",
    no_rate="VAT rate not known",
    net="Net",
    vat="VAT amount",
    methods="Payments",
    cash="Cash",
    wallet="Wallet",
    card="Card",
    rounding="Rounding",
    money="Cash in the machine",
    taken="Taken",
    held_before="Held before",
    held_after="Held now",
    spent="Spent",
    kept="Of it overpaid",
    credited="Credited",
    returned="Paid back",
    unclaimed="Unclaimed",
    written_off="Of it settled",
    paid_out="Paid out by {device}",
    uncertain="Uncertain",
    emptied="Emptied: {device}",
    expected="Expected",
    counted="Counted",
    not_counted="not counted",
    mismatch="Difference",
    boxes="In the cash boxes",
    fills="In hoppers and tubes",
    unsettled="Not settled",
    offline="Offline",
    unknown="Unknown",
    parked="Parked",
    grand="Since the first sale",
)
_GERMAN = ReportWords(
    x="X-Bericht",
    z="Z-Bericht Nr. {number}",
    reads="Dieser Bericht schließt nichts ab.",
    since="Von",
    until="Bis",
    by="Durch",
    schedule="Zeitplan",
    sales="Verkäufe",
    returns="Rücknahmen",
    total="Summe",
    topups="Aufladungen",
    groups="Verkäufe je Gruppe",
    other="Sonstiges",
    discount="Nachlässe",
    vats="Mehrwertsteuer",
    vat_rate="MwSt. {rate} %",
    no_rate="MwSt.-Satz unbekannt",
    net="Netto",
    vat="Steuerbetrag",
    methods="Zahlungen",
    cash="Bar",
    wallet="Guthaben",
    card="Karte",
    rounding="Rundung",
    money="Bargeld im Automaten",
    taken="Eingenommen",
    held_before="Vorher offen",
    held_after="Jetzt offen",
    spent="Ausgegeben",
    kept="Davon überzahlt",
    credited="Gutgeschrieben",
    returned="Zurückgezahlt",
    unclaimed="Nicht abgeholt",
    written_off="Davon erledigt",
    paid_out="Ausgezahlt von {device}",
    uncertain="Ungewiss",
    emptied="Geleert: {device}",
    expected="Erwartet",
    counted="Gezählt",
    not_counted="nicht gezählt",
    mismatch="Unterschied",
    boxes="In den Kassen",
    fills="In Hoppern und Röhren",
    unsettled="Nicht verbucht",
    offline="Noch zu senden",
    unknown="Unbekannt",
    parked="Zu klären",
    grand="Seit dem ersten Verkauf",
)
_DANISH = ReportWords(
    x="X-rapport",
    z="Z-rapport nr. {number}",
    reads="Denne rapport afslutter intet.",
    since="Fra",
    until="Til",
    by="Af",
    schedule="tidsplan",
    sales="Salg",
    returns="Returneringer",
    total="I alt",
    topups="Optankninger",
    groups="Salg pr. gruppe",
    other="Andet",
    discount="Rabatter",
    vats="Moms",
    vat_rate="Moms {rate} %",
    no_rate="Momssats ukendt",
    net="Uden moms",
    vat="Momsbeløb",
    methods="Betalinger",
    cash="Kontant",
    wallet="Saldo",
    card="Kort",
    rounding="Afrunding",
    money="Kontanter i automaten",
    taken="Modtaget",
    held_before="Åbent før",
    held_after="Åbent nu",
    spent="Brugt",
    kept="Heraf overbetalt",
    credited="Indsat",
    returned="Tilbagebetalt",
    unclaimed="Ikke afhentet",
    written_off="Heraf afsluttet",
    paid_out="Udbetalt af {device}",
    uncertain="Uvist",
    emptied="Tømt: {device}",
    expected="Forventet",
    counted="Optalt",
    not_counted="ikke optalt",
    mismatch="Difference",
    boxes="I kasserne",
    fills="I hoppere og rør",
    unsettled="Ikke bogført",
    offline="Ikke sendt endnu",
    unknown="Ukendt",
    parked="Skal afklares",
    grand="Siden første salg",
)
_SWEDISH = ReportWords(
    x="X-rapport",
    z="Z-rapport nr {number}",
    reads="Den här rapporten avslutar inget.",
    since="Från",
    until="Till",
    by="Av",
    schedule="schema",
    sales="Försäljning",
    returns="Återköp",
    total="Summa",
    topups="Laddningar",
    groups="Försäljning per grupp",
    other="Övrigt",
    discount="Rabatter",
    vats="Moms",
    vat_rate="Moms {rate} %",
    no_rate="Okänd momssats",
    net="Exkl. moms",
    vat="Momsbelopp",
    methods="Betalningar",
    cash="Kontanter",
    wallet="Konto",
    card="Kort",
    rounding="Öresavrundning",
    money="Kontanter i maskinen",
    taken="Mottaget",
    held_before="Öppet före",
    held_after="Öppet nu",
    spent="Använt",
    kept="Därav för mycket",
    credited="Insatt",
    returned="Återbetalt",
    unclaimed="Ej hämtat",
    written_off="Därav avslutat",
    paid_out="Utbetalt av {device}",
    uncertain="Ovisst",
    emptied="Tömd: {device}",
    expected="Förväntat",
    counted="Räknat",
    not_counted="ej räknat",
    mismatch="Skillnad",
    boxes="I kassorna",
    fills="I hoppers och rör",
    unsettled="Ej bokfört",
    offline="Ej skickat ännu",
    unknown="Okänt",
    parked="Att reda ut",
    grand="Sedan första köpet",
)
_LANGUAGES = {"de": _GERMAN, "da": _DANISH, "sv": _SWEDISH}


def report_words_of(locale: str) -> ReportWords:
    """Return the words for a locale such as ``de_DE``; English, where its language is not known."""
    return _LANGUAGES.get(locale.partition("_")[0].lower(), _ENGLISH)
