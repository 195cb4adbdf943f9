"""Every finding of every check, on a Raspberry Pi made of a folder."""

from pathlib import Path

import pytest

from terminal.doctor import Disk, Ran, Status
from tests.doctor.pi import GIDS, MODEL, UID, FalsePi

PCSC = 'name = "front"\nrole = "reader"\ndriver = "pcsc"'
SERIAL = 'name = "badge"\nrole = "reader"\ndriver = "rdm6300"\nport = "{port}"'
PRINTER = 'name = "receipts"\nrole = "printer"\ndriver = "escpos"\nport = "{port}"'
RELAY = 'name = "relays"\nrole = "release"\ndriver = "relay"\nline = 22\npins = "{pins}"'
RELEASE = '[vending]\nrelease = "machine"'


@pytest.fixture
def pi(tmp_path: Path) -> FalsePi:
    return FalsePi(tmp_path)


# -- configuration and service -------------------------------------------------------------------------


def test_a_healthy_machine_is_well(pi: FalsePi) -> None:
    assert pi.wrong("configuration", "service", "disk", "clock", "power", "temperature", "SQLite") == []
    assert "runs, as terminal" in pi.one("service").words


def test_a_wrong_configuration(pi: FalsePi) -> None:
    pi.config.write_text(pi.config.read_text().replace('"vending"', '"selling"') + "\n[nonsense]\n")
    finding = pi.one("configuration")
    assert finding.status is Status.TROUBLE
    assert "2 mistakes" in finding.words
    assert finding.remedy == f"terminalctl config check {pi.config}"
    assert pi.look("devices", "disk", "servers", "journal") == [], "what needs the configuration is left out"


def test_no_configuration_at_all(pi: FalsePi) -> None:
    pi.config.unlink()
    assert "no such file" in pi.one("configuration").words


def test_a_unit_that_is_not_installed(pi: FalsePi) -> None:
    pi.path("/etc/systemd/system/terminald.service").unlink()
    finding = pi.one("service")
    assert finding.status is Status.WARNING
    assert "systemd/terminald.service" in finding.remedy


def test_a_unit_that_is_not_enabled(pi: FalsePi) -> None:
    pi.path("/etc/systemd/system/multi-user.target.wants/terminald.service").unlink()
    finding = pi.one("service")
    assert (finding.status, finding.remedy) == (Status.TROUBLE, "sudo systemctl enable --now terminald")


def test_a_unit_that_does_not_run(pi: FalsePi) -> None:
    pi.ran["systemctl is-active terminald.service"] = Ran(3, "failed")
    finding = pi.one("service")
    assert finding.status is Status.TROUBLE
    assert "(failed)" in finding.words


def test_a_system_that_does_not_say_whether_it_runs(pi: FalsePi) -> None:
    pi.ran.clear()
    assert pi.one("service").status is Status.NOT_CHECKED


def test_a_user_that_is_not_there(pi: FalsePi) -> None:
    pi.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
    (finding,) = pi.wrong("service")
    assert "'terminal', whom this machine does not know" in finding.words
    assert "systemd-sysusers" in finding.remedy


# -- device files --------------------------------------------------------------------------------------


def test_a_device_that_is_there_and_open(pi: FalsePi) -> None:
    path = "/dev/serial/by-id/usb-FTDI-port0"
    pi.configure(SERIAL.format(port=path), more=RELEASE)
    pi.device_file(path)
    finding = pi.one("devices")
    assert finding.status is Status.OK
    assert finding.check == "device badge"


def test_a_device_that_is_not_there(pi: FalsePi) -> None:
    pi.configure(SERIAL.format(port="/dev/serial/by-id/usb-A"), more=RELEASE)
    pi.device_file("/dev/serial/by-id/usb-B")
    finding = pi.one("devices")
    assert finding.status is Status.TROUBLE
    assert "there are: /dev/serial/by-id/usb-B" in finding.words
    assert finding.remedy == "terminalctl devices scan"


@pytest.mark.parametrize(
    ("port", "switch"),
    [
        ("i2c:///dev/i2c-1", "do_i2c 0"),
        ("spi:///dev/spidev0.0", "do_spi 0"),
        ("serial:///dev/serial0", "do_serial_hw 0"),
        ("/dev/ttyAMA0", "do_serial_hw 0"),
    ],
)
def test_a_bus_that_is_switched_off(pi: FalsePi, port: str, switch: str) -> None:
    pi.configure(f'name = "board"\nrole = "reader"\ndriver = "pn532"\nport = "{port}"')
    assert switch in pi.one("devices").remedy


def test_a_group_that_the_daemon_is_not_in(pi: FalsePi) -> None:
    pi.write(
        "/etc/systemd/system/terminald.service.d/site.conf",
        "[Service]\nSupplementaryGroups=\nSupplementaryGroups=gpio\n",
    )
    pi.configure(SERIAL.format(port="/dev/ttyUSB0"), more=RELEASE)
    pi.device_file("/dev/ttyUSB0")
    finding = pi.one("devices")
    assert finding.status is Status.TROUBLE
    assert "group dialout, mode 0660" in finding.words
    assert finding.remedy == "sudo usermod -aG dialout terminal && sudo systemctl restart terminald"
    pi.write(
        "/etc/group", pi.path("/etc/group").read_text().replace("dialout:x:20:", "dialout:x:20:pi,terminal")
    )
    assert pi.one("devices").status is Status.OK


def test_a_file_that_no_group_may_use(pi: FalsePi) -> None:
    pi.configure(PRINTER.format(port="file:///dev/usb/lp0"))
    pi.device_file("/dev/usb/lp0", "root", 0o600)
    finding = pi.one("devices")
    assert "a rule of udev" in finding.words
    assert "90-terminald.rules" in finding.remedy


def test_a_reader_that_types_is_only_read(pi: FalsePi) -> None:
    path = "/dev/input/by-id/usb-Reader-event-kbd"
    pi.configure(f'name = "wedge"\nrole = "reader"\ndriver = "hid"\ndevice = "{path}"')
    pi.device_file(path, "input", 0o640)
    assert pi.one("devices").status is Status.OK


@pytest.mark.parametrize("port", ["usb://04b8:0e15", "usb://04B8:0E15/J3"])
def test_usb_devices_are_found_by_their_ids(pi: FalsePi, port: str) -> None:
    pi.configure(PRINTER.format(port=port))
    assert "No USB device" in pi.one("devices").words
    pi.usb.plug("1-1.2", 0x04B8, 0x0E15, bus=1, address=5)
    pi.device_file("/dev/bus/usb/001/005", "lp", 0o664)
    assert pi.one("devices").status is Status.OK
    pi.own("/dev/bus/usb/001/005", 0o664, 0, GIDS["root"])
    assert "90-terminald.rules" in pi.one("devices").remedy


def test_pins_that_are_not_there_or_not_open(pi: FalsePi) -> None:
    pi.configure(RELAY.format(pins="gpiod"), more=RELEASE)
    assert "no GPIO pins" in pi.one("devices").words
    pi.device_file("/dev/gpiochip0", "root", 0o600)
    assert "90-terminald.rules" in pi.one("devices").remedy
    pi.own("/dev/gpiochip0", 0o660, 0, GIDS["gpio"])
    assert pi.one("devices").status is Status.OK


def test_what_may_not_be_looked_at_is_said(pi: FalsePi) -> None:
    pi.configure(SERIAL.format(port="/dev/ttyUSB0"), more=RELEASE)
    pi.hidden.add("/dev/ttyUSB0")
    finding = pi.one("devices")
    assert (finding.status, finding.remedy) == (Status.NOT_CHECKED, "sudo terminalctl doctor")


def test_without_a_unit_it_is_who_asks(pi: FalsePi) -> None:
    pi.path("/etc/systemd/system/terminald.service").unlink()
    pi.user = 1000
    pi.configure(SERIAL.format(port="/dev/ttyUSB0"), more=RELEASE)
    pi.device_file("/dev/ttyUSB0")
    assert "pi may not use /dev/ttyUSB0" in pi.one("devices").words


# -- the kernel ----------------------------------------------------------------------------------------


def test_modules_that_seize_readers(pi: FalsePi) -> None:
    assert pi.look("kernel modules") == [], "no reader is configured that they could seize"
    pi.configure(PCSC)
    assert pi.one("kernel modules").status is Status.OK
    pi.write("/lib/modules/6.12/kernel/drivers/nfc/pn533/pn533_usb.ko.xz", "")
    assert pi.one("kernel modules").status is Status.WARNING
    pi.write("/etc/modprobe.d/site.conf", "# ours\nblacklist   pn533_usb\n")
    assert pi.one("kernel modules").status is Status.OK
    pi.path("/sys/module/pn533_usb").mkdir(parents=True)
    finding = pi.one("kernel modules")
    assert finding.status is Status.TROUBLE
    assert "modprobe -r pn533_usb" in finding.remedy


@pytest.mark.parametrize("console", ["serial0,115200", "ttyAMA0,115200", "ttyAMA0"])
def test_a_console_on_the_line_of_a_device(pi: FalsePi, console: str) -> None:
    pi.device_file("/dev/ttyAMA0")
    pi.path("/dev/serial0").symlink_to("ttyAMA0")
    pi.configure(SERIAL.format(port="/dev/serial0"), more=RELEASE)
    assert pi.one("serial console").status is Status.OK
    pi.write("/proc/cmdline", f"console={console} console=tty1 root=PARTUUID=1")
    pi.write("/boot/firmware/cmdline.txt", "console=…")
    finding = pi.one("serial console")
    assert finding.status is Status.TROUBLE
    assert "ttyAMA0, which 'badge' uses" in finding.words
    assert "/boot/firmware/cmdline.txt" in finding.remedy


def test_a_console_elsewhere_harms_nobody(pi: FalsePi) -> None:
    pi.write("/proc/cmdline", "console=ttyS0,115200")
    assert pi.look("serial console") == []
    pi.device_file("/dev/ttyAMA0")
    pi.configure(SERIAL.format(port="/dev/ttyAMA0"), more=RELEASE)
    assert pi.one("serial console").status is Status.OK


def test_a_log_in_on_the_line_of_a_device(pi: FalsePi) -> None:
    pi.device_file("/dev/ttyS0")
    pi.configure(SERIAL.format(port="/dev/ttyS0"), more=RELEASE)
    pi.ran["systemctl is-active serial-getty@ttyS0.service"] = Ran(0, "active")
    finding = pi.one("serial console")
    assert "A log-in waits on ttyS0" in finding.words
    assert finding.remedy == "sudo systemctl mask --now serial-getty@ttyS0.service"
    pi.ran.clear()
    pi.write("/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service", "")
    assert pi.one("serial console").status is Status.TROUBLE


# -- libraries -----------------------------------------------------------------------------------------


def test_a_library_that_is_missing(pi: FalsePi) -> None:
    pi.configure(PCSC, SERIAL.format(port="/dev/ttyUSB0"), more=RELEASE)
    assert pi.one("libraries").status is Status.OK
    pi.missing_modules = {"smartcard", "serial"}
    findings = pi.look("libraries")
    assert [each.status for each in findings] == [Status.TROUBLE] * 2
    assert "'front' needs" in findings[0].words
    assert findings[0].remedy == "/opt/terminald/bin/python -m pip install 'terminald[pcsc]'"


@pytest.mark.parametrize(
    ("device", "module", "extra"),
    [
        (RELAY.format(pins="gpiod"), "gpiod", "gpiod"),
        (RELAY.format(pins="rpi"), "RPi", "rpi-gpio"),
        (PRINTER.format(port="tcp://10.0.0.1:9100"), "escpos", "printer"),
        ('name = "b"\nrole = "reader"\ndriver = "pn532"\nport = "i2c:///dev/i2c-1"', "smbus2", "pn532"),
        ('name = "b"\nrole = "reader"\ndriver = "pn532"\nport = "spi:///dev/spidev0.0"', "spidev", "pn532"),
        ('name = "b"\nrole = "reader"\ndriver = "pn532"\nport = "/dev/ttyAMA0"', "serial", "pn532"),
        (PCSC + "\ncheck_original = true", "ecdsa", "originality"),
    ],
)
def test_each_driver_names_the_extra_that_brings_its_library(
    pi: FalsePi, device: str, module: str, extra: str
) -> None:
    pi.configure(device, more=RELEASE)
    pi.missing_modules = {module}
    assert pi.one("libraries").remedy.endswith(f"pip install 'terminald[{extra}]'")


def test_signed_tickets_need_a_library_too(pi: FalsePi) -> None:
    pi.missing_modules = {"cryptography"}
    pi.configure(PCSC, more=RELEASE)
    assert pi.one("libraries").status is Status.OK, "nothing is signed"
    pi.configure(PCSC, more=f"{RELEASE}\n[codes]\nsign = true\nsign_credential = 'ticket-key'\n")
    finding = pi.one("libraries")
    assert finding.status is Status.TROUBLE
    assert finding.words == ("The Python library cryptography is not installed, which `sign` in [codes] needs.")
    assert finding.remedy.endswith("pip install 'terminald[signing]'")


def test_two_libraries_of_the_same_name(pi: FalsePi) -> None:
    assert pi.look("GPIO libraries") == []
    pi.packages = {"RPi.GPIO": "0.7.1", "rpi-lgpio": "0.6"}
    finding = pi.one("GPIO libraries")
    assert finding.status is Status.TROUBLE
    assert "uninstall -y RPi.GPIO rpi-lgpio && " in finding.remedy


def test_a_library_that_cannot_work_on_this_board(pi: FalsePi) -> None:
    pi.configure(RELAY.format(pins="rpi"), more=RELEASE)
    pi.packages = {"RPi.GPIO": "0.7.1"}
    assert pi.one("GPIO libraries").status is Status.WARNING
    pi.write("/proc/sys/kernel/osrelease", "6.1.21-v8+\n")
    assert pi.one("GPIO libraries").status is Status.OK
    pi.write("/proc/device-tree/model", MODEL.replace("4 Model", "5 Model") + "\0")
    assert pi.one("GPIO libraries").status is Status.TROUBLE
    pi.packages = {"rpi-lgpio": "0.6"}
    assert pi.one("GPIO libraries").status is Status.OK


# -- smart cards ---------------------------------------------------------------------------------------


def test_pcscd(pi: FalsePi) -> None:
    assert pi.look("pcscd") == []
    pi.configure(PCSC)
    assert pi.one("pcscd").remedy == "sudo apt-get install pcscd"
    pi.write("/usr/sbin/pcscd", "")
    assert pi.one("pcscd").remedy == "sudo systemctl enable --now pcscd.socket"
    pi.write("/run/pcscd/pcscd.comm", "")
    assert pi.one("pcscd").status is Status.TROUBLE
    pi.sockets.add("/run/pcscd/pcscd.comm")
    assert pi.one("pcscd").status is Status.OK


def test_polkit(pi: FalsePi) -> None:
    pi.configure(PCSC)
    assert pi.look("polkit") == [], "this pcscd asks nobody"
    pi.write("/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy", "")
    pi.write("/usr/share/polkit-1/rules.d/50-default.rules", "")
    assert "terminald-polkit.rules" in pi.one("polkit").remedy
    rules = Path(__file__).parents[2] / "systemd/terminald-polkit.rules"
    pi.write("/etc/polkit-1/rules.d/50-terminald.rules", rules.read_text())
    assert pi.one("polkit").status is Status.OK
    pi.hidden.add("/etc/polkit-1/rules.d/50-terminald.rules")
    assert pi.one("polkit").status is Status.NOT_CHECKED


def test_rules_that_may_not_be_listed(pi: FalsePi, monkeypatch: pytest.MonkeyPatch) -> None:
    pi.configure(PCSC)
    pi.write("/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy", "")
    pi.write("/etc/polkit-1/rules.d/50-terminald.rules", "")
    monkeypatch.setattr(pi, "may_list", lambda _: False)
    assert pi.one("polkit").remedy == "sudo terminalctl doctor"


# -- clock, power, disk --------------------------------------------------------------------------------


def test_the_clock(pi: FalsePi) -> None:
    pi.path("/run/systemd/timesync/synchronized").unlink()
    assert pi.one("clock").status is Status.NOT_CHECKED
    asked = "timedatectl show --property=NTPSynchronized --value"
    pi.ran[asked] = Ran(0, "yes")
    assert pi.one("clock").status is Status.OK
    pi.ran[asked] = Ran(0, "no")
    finding = pi.one("clock")
    assert (finding.status, finding.remedy) == (Status.WARNING, "sudo timedatectl set-ntp true")


@pytest.mark.parametrize(
    ("bits", "status", "words"),
    [
        ("0", Status.OK, "strong enough"),
        ("50005", Status.TROUBLE, "At this moment the voltage is too low, it is throttled"),
        ("0x50000", Status.WARNING, "Since the start, at times the voltage is too low"),
    ],
)
def test_power(pi: FalsePi, bits: str, status: Status, words: str) -> None:
    pi.write("/sys/devices/platform/soc/soc:firmware/get_throttled", bits + "\n")
    finding = pi.one("power")
    assert finding.status is status
    assert words in finding.words


def test_power_by_the_firmwares_program_or_not_at_all(pi: FalsePi) -> None:
    pi.path("/sys/devices/platform/soc/soc:firmware/get_throttled").unlink()
    assert pi.look("power") == []
    pi.ran["vcgencmd get_throttled"] = Ran(0, "throttled=0x1")
    assert pi.one("power").status is Status.TROUBLE
    pi.ran["vcgencmd get_throttled"] = Ran(1, "VCHI initialization failed")
    assert pi.look("power") == []


@pytest.mark.parametrize(
    ("milli", "status"), [("69999", Status.OK), ("70000", Status.WARNING), ("80000", Status.TROUBLE)]
)
def test_temperature(pi: FalsePi, milli: str, status: Status) -> None:
    pi.write("/sys/class/thermal/thermal_zone0/temp", milli + "\n")
    assert pi.one("temperature").status is status
    pi.path("/sys/class/thermal/thermal_zone0/temp").unlink()
    assert pi.look("temperature") == []


GIGA = 1_000_000_000


@pytest.mark.parametrize(
    ("room", "status", "words"),
    [
        (Disk(GIGA, 8 * GIGA, 0, 0, read_only=False), Status.OK, "1000 MB free"),
        (Disk(400_000_000, 8 * GIGA, 9_999, 99_999, read_only=False), Status.WARNING, "nearly full"),
        (Disk(40_000_000, 8 * GIGA, 9_999, 99_999, read_only=False), Status.TROUBLE, "is full"),
        (Disk(GIGA, 8 * GIGA, 999, 99_999, read_only=False), Status.TROUBLE, "999 files more"),
        (Disk(GIGA, 8 * GIGA, 9_999, 99_999, read_only=True), Status.TROUBLE, "read-only"),
    ],
)
def test_the_disk(pi: FalsePi, room: Disk, status: Status, words: str) -> None:
    pi.room = room
    finding = pi.one("disk")
    assert finding.status is status
    assert words in finding.words
    assert bool(finding.remedy) is (status is not Status.OK)


def test_sqlite(pi: FalsePi) -> None:
    pi.version = (3, 36, 0)
    finding = pi.one("SQLite")
    assert finding.status is Status.TROUBLE
    assert "3.37 is needed" in finding.words


def test_numbers_of_the_fake_are_those_of_the_unit(pi: FalsePi) -> None:
    """Otherwise the tests above would prove nothing of the unit that is shipped."""
    from terminal.doctor.case import Case  # noqa: PLC0415 - only here

    case = Case(pi, str(pi.config))
    assert (case.who.name, case.who.uid) == ("terminal", UID)
    assert {GIDS[name] for name in ("dialout", "gpio", "plugdev", "lp", "input", "terminal")} == case.who.gids
    assert case.unit.credentials == {"pos-token": "/etc/terminal/pos-token"}
