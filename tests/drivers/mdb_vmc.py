"""A machine controller that talks with a cashless device in frames, and the device in each of its states."""

from drivers.mdb.blocks import ACK, opened, seal
from drivers.mdb.cashless import (
    Approve,
    Asked,
    Begin,
    NotDispensed,
    RevalueAsked,
    SoldForCash,
    State,
    Status,
    Succeeded,
    WasReset,
    Withdrawn,
)
from drivers.mdb.cashless_frames import Config, Peripheral

CONFIG = Config(revalue_limit=1000)

RESET, POLL, POLLED_ACK = "10", "12", (ACK, [])

REQUEST, CANCEL, SUCCESS, FAILURE, COMPLETE = "1300 0096 0005", "1301", "1302 0005", "1303", "1304"

CASH, DISABLE, ENABLE, READER_CANCEL = "1305 0050 0009", "1400", "1401", "1402"

SETUP, PRICES, ID, OPTIONS = "1100 03 10 02 00", "1101 FFFE 0000", "1700" + "20" * 29, "1704 00000020"

REVALUE, LIMIT = "1500 0064", "1501"

ASKED = Asked(150, "5")


class Vmc:
    """The master's end, without time."""

    def __init__(self, config=CONFIG):
        self.reader = Peripheral(config)

    def send(self, text, *, ack=True):
        """Send a block; return the data of its answer (empty: ACK) and what it meant."""
        answer, heard = self.reader.receive(seal(bytes.fromhex(text)))
        if answer == ACK:
            return b"", heard
        data = opened(answer)
        assert data is not None, answer
        if ack:
            assert self.reader.receive(ACK) == (b"", [])
        return data, heard

    def poll(self, **more):
        return self.send(POLL, **more)

    def set_up(self):
        assert self.poll()[0] == b"\x00"
        self.send(SETUP)
        self.send(ID)
        self.send(OPTIONS)
        self.send(PRICES)
        return self


def inactive():
    vmc = Vmc()
    vmc.poll()
    return vmc


def disabled():
    return Vmc().set_up()


def enabled():
    vmc = disabled()
    assert vmc.send(ENABLE) == (b"", [Status(State.ENABLED)])
    return vmc


def session():
    vmc = enabled()
    assert vmc.reader.order(Begin(1000)) == []
    assert vmc.poll() == (bytes.fromhex("03 03E8 FFFFFFFF 00 0000"), [Status(State.IDLE)])
    return vmc


def asked():
    vmc = session()
    assert vmc.send(REQUEST) == (b"", [ASKED])
    return vmc


def queued():
    vmc = asked()
    assert vmc.reader.order(Approve(ASKED)) == []
    return vmc


def approved():
    vmc = queued()
    assert vmc.poll() == (bytes.fromhex("05 0096"), [])
    return vmc


def revalue():
    vmc = session()
    assert vmc.send(REVALUE) == (b"", [RevalueAsked(100)])
    return vmc


STATES = {
    "inactive": (inactive, 1),
    "disabled": (disabled, 2),
    "enabled": (enabled, 3),
    "session": (session, 4),
    "asked": (asked, 5),
    "approved": (approved, 5),
    "revalue": (revalue, 6),
}

CONFIGURATION = "01 03 1978 01 02 3C 09"

IDENTITY = "09" + (b"TRM" + b"000000000001" + b"TERMINAL    ").hex() + "010000000020"

OK = ("", [])


SHEET = {
    RESET: {name: ("", [WasReset()]) for name in STATES},
    SETUP: {"inactive": (CONFIGURATION, []), "disabled": (CONFIGURATION, [])},
    PRICES: {"disabled": OK, "enabled": OK},
    ID: {"inactive": (IDENTITY[:60], []), "disabled": (IDENTITY, []), "enabled": (IDENTITY, [])},
    OPTIONS: {"disabled": OK},
    POLL: dict.fromkeys(STATES, OK),
    REQUEST: {"enabled": ("", [ASKED]), "session": ("", [ASKED])},
    CANCEL: {"asked": ("06", [Withdrawn()])},
    SUCCESS: {"approved": ("", [Succeeded("5")])},
    FAILURE: {"approved": ("", [NotDispensed()])},
    COMPLETE: {"session": ("07", [Status(State.ENABLED)])},
    CASH: dict.fromkeys(("disabled", "enabled", "session"), ("", [SoldForCash("9", 80)])),
    DISABLE: {
        **dict.fromkeys(("disabled", "session", "asked", "approved", "revalue"), OK),
        "enabled": ("", [Status(State.DISABLED)]),
    },
    ENABLE: {
        **dict.fromkeys(("enabled", "session", "asked", "approved", "revalue"), OK),
        "disabled": ("", [Status(State.ENABLED)]),
    },
    READER_CANCEL: {"enabled": ("08", [])},
    REVALUE: {"session": ("", [RevalueAsked(100)])},
    LIMIT: {"session": ("0F 03E8", [])},
    "1306 0096 0005": {},
    "1403": {},
    "1502": {},
    "1701": {},
    "17FF": {},
    "1102": {},
    "15": {},
    "1300 0096": {},
}
"""Command by state: what is answered, and what it means. What is not here is out of sequence."""

OK_BYTES = (b"", [])
