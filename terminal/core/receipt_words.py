"""The words of receipts, in each language."""

from __future__ import annotations

from terminal.core.value import Value


class Words(Value, frozen=True):
    """All that can stand on a receipt, in one language."""

    title: str
    payout: str
    terminal: str
    time: str
    clock: str
    card: str
    inserted: str
    returned: str
    credited: str
    balance: str
    balance_then: str
    later: str
    unclaimed: str
    kept: str
    unknown: str
    look: str
    reference: str
    copy: str


_ENGLISH = Words(
    title="Top-up",
    payout="Money returned",
    terminal="Terminal",
    time="Time",
    clock="The clock was not set: the time may be wrong.",
    card="Card",
    inserted="Inserted",
    returned="Returned",
    credited="Credited",
    balance="New balance",
    balance_then="Balance then",
    later="Your account is credited as soon as the server is reached. Keep this receipt until then.",
    unclaimed="Not returned",
    kept="This money is kept for you. Please show this receipt to the staff.",
    unknown="Uncertain",
    look="The machine cannot tell whether this money came out. Please show this receipt to the staff.",
    reference="Reference",
    copy="COPY",
)
_GERMAN = Words(
    title="Aufladung",
    payout="Rückgabe",
    terminal="Terminal",
    time="Zeit",
    clock="Die Uhr war nicht gestellt: die Zeit kann falsch sein.",
    card="Karte",
    inserted="Eingeworfen",
    returned="Zurückgegeben",
    credited="Gutgeschrieben",
    balance="Neues Guthaben",
    balance_then="Guthaben danach",
    later="Ihr Konto wird aufgeladen, sobald der Server erreicht ist. Bewahren Sie den Beleg bis dahin auf.",
    unclaimed="Nicht zurückgegeben",
    kept="Dieses Geld wird für Sie aufbewahrt. Bitte zeigen Sie diesen Beleg dem Personal.",
    unknown="Ungewiss",
    look="Ob dieses Geld herauskam, weiß der Automat nicht. Bitte zeigen Sie diesen Beleg dem Personal.",
    reference="Beleg",
    copy="KOPIE",
)
_DANISH = Words(
    title="Optankning",
    payout="Returnering",
    terminal="Terminal",
    time="Tid",
    clock="Uret var ikke stillet: tiden kan være forkert.",
    card="Kort",
    inserted="Indbetalt",
    returned="Returneret",
    credited="Indsat på kontoen",
    balance="Ny saldo",
    balance_then="Saldo derefter",
    later="Beløbet indsættes på din konto, så snart serveren kan nås. Gem kvitteringen så længe.",
    unclaimed="Ikke returneret",
    kept="Disse penge opbevares til dig. Vis venligst kvitteringen til personalet.",
    unknown="Uvist",
    look="Automaten ved ikke, om disse penge kom ud. Vis venligst kvitteringen til personalet.",
    reference="Bilag",
    copy="KOPI",
)
_SWEDISH = Words(
    title="Laddning",
    payout="Återbetalning",
    terminal="Terminal",
    time="Tid",
    clock="Klockan var inte ställd: tiden kan vara fel.",
    card="Kort",
    inserted="Inbetalt",
    returned="Återbetalt",
    credited="Insatt på kontot",
    balance="Nytt saldo",
    balance_then="Saldo därefter",
    later="Beloppet sätts in på ditt konto så snart servern kan nås. Spara kvittot tills dess.",
    unclaimed="Inte återbetalt",
    kept="Pengarna förvaras åt dig. Visa kvittot för personalen.",
    unknown="Ovisst",
    look="Automaten vet inte om pengarna kom ut. Visa kvittot för personalen.",
    reference="Referens",
    copy="KOPIA",
)
_LANGUAGES = {"de": _GERMAN, "da": _DANISH, "sv": _SWEDISH}


def words_of(locale: str) -> Words:
    """Return the words for a locale such as ``de_DE``; English, where its language is not known."""
    return _LANGUAGES.get(locale.partition("_")[0].lower(), _ENGLISH)
