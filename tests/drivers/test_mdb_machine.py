"""The MDB driver of a vending machine: what its adapters do wrong, and what is said on the wire."""

import random
from contextlib import closing

import msgspec
import pytest

from drivers.device import DeviceMissing
from drivers.machines.mdb import MdbMachine, MdbMachineOptions
from terminal.core.catalogue import Product
from terminal.core.events import DeviceChanged, Ended, Health, ReleaseEnded
from terminal.core.machine import MachineEnabled, SessionEnded, VendCancelled, VendRequested
from tests.drivers.machine_bench import NAME, PRICE
from tests.drivers.machine_benches import CentsBench, FastMdb, MdbBench, RawBench
from tests.support.waiting import wait_until


def opened(kind, **options):
    class Bench(kind):
        pass

    Bench.options = {**kind.options, **options}
    return closing(Bench())


@pytest.fixture
def bench():
    with opened(MdbBench) as bench:
        yield bench


@pytest.fixture
def raw():
    with opened(RawBench) as bench:
        yield bench


def heard(bench):
    """What the adapter heard of the host, without looks whether it is there."""
    return [line for line in bench.vmc("state")["heard"] if line != "V"]


def wait_health(bench, health, words=""):
    def is_so(_):
        changes = bench.inbox.of(DeviceChanged)
        return bool(changes) and changes[-1].health is health and words in changes[-1].words

    bench.inbox.wait(is_so, timeout=60, what=f"{health} {words}")
    return bench.inbox.of(DeviceChanged)[-1].words


# -- the adapter's text ----------------------------------------------------------------------------------


def test_the_wire_of_two_sales(bench):
    bench.start()
    assert bench.words().startswith("firmware 4.0.2.0 on /")
    bench.choose()
    bench.ended(bench.release())
    bench.free()
    bench.begin(1234)
    bench.choose(price=20)
    bench.device.deny()
    bench.until(bench.in_session, "the denial")
    bench.device.stop()
    lines = [line for line in heard(bench) if line != "C,1"]
    settings = ["mdb-addr=0x10", "mdb-currency-code=0x1978", "mdb-always-idle=1"]
    assert lines == [
        *("C,0", *(f"C,SETCONF,{setting}" for setting in settings)),
        *("C,VEND,1.50", "C,START,12.34", "C,VEND,-1", "C,STOP", "C,0"),
    ]


def test_the_second_reader_of_a_machine_in_another_currency():
    with opened(CentsBench, currency="1752", selection_first=False) as bench:
        bench.start()
        settings = bench.vmc("state")["settings"]
        assert settings == {"mdb-addr": "0x60", "mdb-currency-code": "0x1752", "mdb-always-idle": "0"}
        bench.begin(None)
        bench.choose()
        bench.ended(bench.release())
        lines = [line for line in heard(bench) if line.startswith(("C,START", "C,VEND"))]
        assert lines == ["C,START,65535", f"C,VEND,{PRICE}"]


def test_a_garbled_success_is_unknown_and_not_before_it_had_time(bench, monkeypatch):
    monkeypatch.setattr("drivers.machines.mdb.DOUBT_S", 0.05)
    bench.start()
    bench.by_hand()
    bench.choose()
    release = bench.release()
    bench.until(bench.approved, "the approval")
    bench.vmc("wire", garble=1)
    bench.hand("succeed")
    answer = bench.ended(release)
    assert answer.ended is Ended.UNKNOWN
    assert "without saying" in answer.words
    assert bench.given() == 1
    bench.free()
    bench.by_hand(yes=False)
    bench.choose()
    assert bench.ended(bench.release()).ended is Ended.DONE


def test_silence_after_the_approval_becomes_unknown_by_the_drivers_own_clock():
    with opened(MdbBench, vend_s=1.0) as bench:
        bench.start()
        bench.by_hand()
        bench.choose()
        release = bench.release()
        bench.until(bench.approved, "the approval")
        bench.hand("silent")
        answer = bench.ended(release)
        assert answer.ended is Ended.UNKNOWN
        assert "silent for 1 s" in answer.words
        assert bench.given() == 1


def test_a_success_that_comes_too_late_is_told_to_the_technician_and_is_no_second_sale():
    with opened(MdbBench, vend_s=1.0) as bench:
        bench.start()
        bench.by_hand()
        bench.choose()
        release = bench.release()
        bench.until(bench.approved, "the approval")
        assert bench.ended(release).ended is Ended.UNKNOWN
        bench.hand("succeed")
        assert "only later" in wait_health(bench, Health.DEGRADED)
        assert len(bench.inbox.of(ReleaseEnded)) == 1


def test_an_adapter_that_lost_its_power_is_set_up_anew(bench):
    bench.start()
    bench.vmc("power", on=False)
    bench.vmc("power", on=True)
    bench.expect(MachineEnabled(NAME, False))
    bench.expect(MachineEnabled(NAME, True), 2)
    assert bench.vmc("state")["settings"]["mdb-addr"] == "0x10"


def test_an_adapter_that_loses_its_power_after_an_approval_is_unknown(bench):
    bench.start()
    bench.by_hand()
    bench.choose()
    release = bench.release()
    bench.until(bench.approved, "the approval")
    bench.by_hand(yes=False)
    bench.vmc("power", on=False)  # and the piece comes out
    answer = bench.ended(release)
    assert answer.ended is Ended.UNKNOWN
    assert "does not answer" in answer.words
    wait_health(bench, Health.MISSING, "no MDB adapter answers")
    assert bench.given() == 1
    bench.vmc("power", on=True)
    bench.health(Health.OK)


def test_an_approval_that_crosses_the_machines_cancel_fails(bench):
    bench.start()
    bench.choose()
    bench.vmc("wire", hold=True)
    bench.hand("cancel")
    release = bench.release()
    bench.until(lambda: "C,VEND,1.50" in heard(bench), "the approval")
    bench.vmc("wire", release=1)
    assert bench.ended(release).ended is Ended.FAILED
    bench.free()
    assert bench.given() == 0


def test_a_price_that_cannot_be_read_is_denied_and_told(bench):
    bench.start()
    bench.hand("choose", item=5, price=PRICE, text="1.505")
    assert "'1.505'" in wait_health(bench, Health.DEGRADED)
    bench.free()
    assert heard(bench)[-1] == "C,VEND,-1"
    assert bench.inbox.of(VendRequested) == []


def test_a_choice_that_the_machine_changes_is_another_one(bench):
    bench.start()
    bench.choose(price=PRICE)
    bench.vmc("line", text="c,STATUS,VEND,2.00,6")
    bench.expect(VendRequested(NAME, "6", 200))
    assert bench.inbox.of(VendCancelled) == [VendCancelled(NAME)]
    assert bench.ended(bench.release(PRICE)).ended is Ended.FAILED
    bench.free()
    assert bench.given() == 0


def test_noise_between_the_lines_and_every_line_end(bench):
    bench.start()
    for end in ("\r", "\n", "\r\n"):
        bench.vmc("wire", end=end, noise=3)
        bench.choose()
        assert bench.ended(bench.release()).ended is Ended.DONE
        bench.free()


def test_what_is_no_adapter_is_told():
    with opened(MdbBench) as bench:
        bench.vmc("machine", powered=False)
        bench.device.start()
        assert "is it there, has it power" in wait_health(bench, Health.MISSING)


def test_an_adapter_that_refuses_a_setting_is_told():
    with opened(MdbBench, currency="2978") as bench:
        bench.device.start()
        words = wait_health(bench, Health.FAILED)
        assert "C,SETCONF,mdb-currency-code=0x2978" in words
        assert "c,SET,OK" in words


def test_an_order_while_it_is_lost_is_answered(bench):
    bench.device.start()
    bench.lose()
    bench.device.stop()
    bench.device.begin(100)
    bench.device.deny()
    bench.device.end()
    assert bench.inbox.of(SessionEnded)[-1] == SessionEnded(NAME)
    bench.bring_back()


def test_make_safe_switches_the_reader_off_without_the_device(bench):
    options = MdbMachineOptions(port=str(bench.vmc.link))
    MdbMachine.make_safe(options)
    wait_until(lambda: heard(bench) == ["C,STOP", "C,0"], what="the lines")
    with pytest.raises(DeviceMissing, match="there is no"):
        MdbMachine.make_safe(MdbMachineOptions(port="/dev/nowhere"))
    MdbMachine.make_safe(MdbMachineOptions(port="/dev/nowhere", adapter="raw"))


def test_a_technician_can_listen(bench):
    listened = []
    bench.device.listener = listened.append
    bench.start()
    bench.vmc("wire", garble=1)
    bench.hand("disable")
    bench.hand("enable")
    wait_until(lambda: any(each.way == "!" for each in listened), what="the garbled line")
    assert any(each.way == ">" and each.raw == b"C,1\r\n" and each.meaning == "C,1" for each in listened)
    assert any(each.way == "<" and each.meaning == "c,STATUS,ENABLED" for each in listened)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "port"),
        ({"port": "/dev/x", "adapter": "other"}, "adapter"),
        ({"port": "/dev/x", "currency": "EUR"}, "currency"),
        ({"port": "/dev/x", "scale_factor": 5, "revalue_limit": 3}, "revalue_limit cannot be told"),
        ({"port": "/dev/x", "decimal_places": 3, "scale_factor": 1}, "cannot be told that funds"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_sentence(options, words):
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(options, MdbMachineOptions)


def test_it_can_be_found():
    assert all((found.role, found.driver) == ("machine", "mdb") for found in FastMdb.scan())


# -- the blocks of the bus -------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lose_ack", "ask_again", "repeat", "corrupt"])
def test_faults_of_the_bus_do_no_harm(raw, fault):
    """Each in the midst of a sale: lost acknowledgements, data asked again, commands repeated, wrong sums."""
    raw.start()
    for number in range(1, 4):
        raw.begin()
        raw.vmc("machine", **{fault: 2})
        raw.choose(price=10 * number)
        assert raw.ended(raw.release(10 * number)).ended is Ended.DONE
        raw.free()
    assert raw.given() == 3
    assert len(raw.inbox.of(VendRequested)) == 3


@pytest.mark.parametrize("level", [1, 2])
def test_older_machines_sell_card_first(level):
    with opened(RawBench) as bench:
        bench.vmc("machine", level=level)
        bench.start()
        bench.begin(500)
        bench.choose()
        assert bench.ended(bench.release()).ended is Ended.DONE
        bench.free()


def test_a_machine_that_is_switched_off_after_an_approval_is_unknown(raw, monkeypatch):
    monkeypatch.setattr("drivers.machines.sides._SILENT_S", 0.5)
    raw.start()
    raw.by_hand()
    raw.choose()
    release = raw.release()
    raw.until(raw.approved, "the approval")
    raw.by_hand(yes=False)
    raw.vmc("power", on=False)
    answer = raw.ended(release)
    assert answer.ended is Ended.UNKNOWN
    assert "does not poll any more" in answer.words
    wait_health(raw, Health.MISSING)
    raw.vmc("power", on=True)
    raw.expect(MachineEnabled(NAME, True), 2)
    assert raw.given() == 1


@pytest.mark.parametrize("digits", ["1304", "1300", "130300", "17FF", "1500000A"])
def test_what_is_out_of_sequence_is_answered_so_and_the_machine_resets_its_reader(raw, digits):
    raw._unsettled = True
    raw.start()
    raw.vmc("block", digits=digits)
    raw.expect(MachineEnabled(NAME, False))
    raw.expect(MachineEnabled(NAME, True), 2)
    assert raw.vmc("state")["violations"] == ["out of sequence in ENABLED: 0b03"]


# -- conservation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [MdbBench, RawBench])
def test_by_chance_every_piece_is_accounted_for(kind, monkeypatch):
    """Faults of the wire and resets in the midst of sales: DONE <= pieces <= DONE + UNKNOWN, none without."""
    monkeypatch.setattr("drivers.machines.mdb.DOUBT_S", 0.05)
    chance = random.Random(3)
    with opened(kind, vend_s=5) as bench:
        bench.start()
        for number in range(25):
            before = bench.given()
            bench.by_hand(yes=chance.random() < 0.5)
            try:
                bench.hand("choose", item=1 + number, price=10 + number)
            except ValueError:
                bench.hand("reset")
                continue
            asked = VendRequested(NAME, str(1 + number), 10 + number)
            bench.expect(asked)
            release = f"r{number}"
            bench.device.release(release, Product("piece", "A piece", 10 + number))
            if chance.random() < 0.8:
                bench.until(lambda was=before: bench.approved() or bench.given() > was, "the approval")
            for verb in chance.choices(["succeed", "silent", "fail", "reset", "cancel"], k=2):
                try:
                    bench.hand(verb)
                except ValueError:
                    continue
            if chance.random() < 0.7:
                bench.until(lambda: not bench.vmc("state")["busy"], "what the machine has to say")
            bench.hand("reset")
            bench.ended(release)
            bench.free()
        ended = [event.ended for event in bench.inbox.of(ReleaseEnded)]
        pieces = bench.vmc.given()
    assert all(piece["approved"] for piece in pieces)
    assert ended.count(Ended.DONE) <= len(pieces) <= ended.count(Ended.DONE) + ended.count(Ended.UNKNOWN)
    assert len(pieces) > 5
    assert {Ended.DONE, Ended.UNKNOWN} <= set(ended)
