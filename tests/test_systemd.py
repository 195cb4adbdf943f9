"""The unit and the files beside it, as systemd's own programs read them, and as the daemon needs them."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from terminal.daemon.main import _parser
from terminal.settings import sections
from tests.support import needs

ROOT = Path(__file__).parent.parent
SYSTEMD = ROOT / "systemd"
UNIT = (SYSTEMD / "terminald.service").read_text()


def settings_of(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def setting(key: str) -> str:
    (value,) = settings_of(key)
    return value


def rules_of(name: str) -> list[str]:
    lines = (SYSTEMD / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_EMOJI": "0"}
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environ,
        timeout=120,
        check=False,
    )


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program that is there in the place of the one that an installation brings."""
    copy = tmp_path / "terminald.service"
    program = "/opt/terminald/bin/terminald"
    assert [UNIT.count(f"{key}={program} ") for key in ("ExecStart", "ExecStopPost")] == [1, 1]
    copy.write_text(UNIT.replace(f"={program} ", f"={sys.executable} "))
    return copy


# -- the unit ------------------------------------------------------------------------------------------


def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path) -> None:
    found = run(needs.program("systemd-analyze"), "verify", "--recursive-errors=yes", str(unit))
    assert (found.returncode, found.stdout) == (0, "")


def test_the_check_above_sees_a_misspelt_setting(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("KillMode=", "KilMode="))
    found = run(needs.program("systemd-analyze"), "verify", "--recursive-errors=yes", str(unit))
    assert found.returncode != 0
    assert "KilMode" in found.stdout


def test_the_daemon_may_do_little_else_than_its_work(unit: Path) -> None:
    found = run(
        needs.program("systemd-analyze"),
        "security",
        "--offline=true",
        "--threshold=20",
        "--no-pager",
        str(unit),
    )
    assert found.returncode == 0, found.stdout
    assert "Overall exposure level" in found.stdout


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("WatchdogSec", "30"),
        ("Restart", "always"),
        ("StartLimitIntervalSec", "0"),
        ("KillMode", "mixed"),
        ("User", "terminal"),
        ("LimitCORE", "0"),
        ("UMask", "0077"),
        ("DevicePolicy", "closed"),
        ("PrivateDevices", "no"),
        ("StateDirectoryMode", "0700"),
        ("CapabilityBoundingSet", ""),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("MemoryDenyWriteExecute", "yes"),
    ],
)
def test_what_the_terminal_relies_on(key: str, value: str) -> None:
    assert setting(key) == value


def test_systemd_waits_long_enough_for_a_clean_stop_and_a_slow_start() -> None:
    assert int(setting("TimeoutStopSec")) >= 20
    assert int(setting("TimeoutStartSec")) >= 90


def test_nothing_waits_for_the_network() -> None:
    """Except in the comment that says so."""
    assert not [line for line in UNIT.splitlines() if "network" in line and not line.startswith("#")]


def test_it_starts_a_program_that_the_project_has() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    program, _, arguments = setting("ExecStart").partition(" ")
    assert Path(program).name in scripts
    assert arguments == "--config /etc/terminal/terminal.toml"


def test_whatever_ends_it_the_outputs_are_made_safe() -> None:
    """The command of the start, and what the daemon's own command line knows."""
    start, after = setting("ExecStart"), setting("ExecStopPost")
    assert after == f"{start} --make-safe"
    assert _parser().parse_args(after.split()[1:]).make_safe


def test_the_default_paths_of_the_configuration_are_those_that_the_unit_opens() -> None:
    defaults = {
        field.name: field.default
        for section in (sections.JournalSection, sections.ControlSection)
        for field in msgspec.structs.fields(section)
    }
    assert Path(defaults["path"]).parent == Path("/var/lib") / setting("StateDirectory")
    assert Path(defaults["socket"]).parent == Path("/run") / setting("RuntimeDirectory")
    assert setting("WorkingDirectory") == f"/run/{setting('RuntimeDirectory')}"


@pytest.mark.parametrize(
    "config", ["coffee-machine.toml", "coin-receptor.toml", "cash-receptor.toml", "vending-mdb.toml"]
)
def test_the_unit_hands_over_the_credentials_that_the_shipped_configurations_name(config: str) -> None:
    given = {entry.partition(":")[0] for entry in settings_of("LoadCredential")}
    backends = tomllib.loads((ROOT / "config" / config).read_text())["backends"].values()
    named = {backend["credential"] for backend in backends if "credential" in backend}
    assert named <= given


def test_the_filter_lets_the_daemon_ask_whether_the_clock_is_synchronised() -> None:
    """The last list counts: @privileged, which is taken away before it, holds these calls."""
    lists = settings_of("SystemCallFilter")
    assert lists[-1].split()[:2] == ["adjtimex", "clock_adjtime"]
    assert "~@privileged" in lists[-2]
    assert not settings_of("ProtectClock")


@pytest.mark.parametrize("major", [4, 204, 188, 166, 180, 189, 13])
def test_devices_that_come_later_are_allowed_by_number(major: int) -> None:
    """By name (char-ttyUSB) only what the kernel has loaded when the daemon starts would be allowed."""
    assert f"char-{major}" in {entry.split()[0] for entry in settings_of("DeviceAllow")}


def test_pins_are_allowed_by_name_for_their_number_changes() -> None:
    assert {"char-gpiochip rw", "/dev/gpiomem rw"} <= set(settings_of("DeviceAllow"))


# -- the files beside it -------------------------------------------------------------------------------


def test_the_user_and_every_group_of_the_unit_come_into_being(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    made = run(
        needs.program("systemd-sysusers", "systemd"), f"--root={tmp_path}", str(SYSTEMD / "terminald.sysusers")
    )
    assert made.returncode == 0, made.stdout
    users = {line.split(":")[0]: line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {
        line.split(":")[0]: line.split(":")[3] for line in (tmp_path / "etc/group").read_text().splitlines()
    }
    daemon = users[setting("User")]
    assert daemon[5] == f"/var/lib/{setting('StateDirectory')}"
    assert daemon[6].endswith("nologin")
    assert setting("Group") in groups
    for group in setting("SupplementaryGroups").split():
        assert groups[group] == setting("User")


def test_the_secret_is_for_root_alone(tmp_path: Path) -> None:
    lines = (SYSTEMD / "terminald.tmpfiles").read_text()
    name, _, secret = setting("LoadCredential").partition(":")
    assert re.search(rf"^z {secret} +0400 root root -$", lines, re.MULTILINE)
    assert Path(secret).name == name

    mine = tmp_path / "terminald.conf"  # whoever runs the tests may not give files to root
    mine.write_text(lines.replace("root root", f"{os.getuid()} {os.getgid()}"))
    place = tmp_path / "root" / secret.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text("open to all")
    place.chmod(0o644)
    made = run(
        needs.program("systemd-tmpfiles", "systemd"), f"--root={tmp_path / 'root'}", "--create", str(mine)
    )
    assert made.returncode == 0, made.stdout
    assert place.stat().st_mode & 0o777 == 0o400
    assert place.parent.stat().st_mode & 0o777 == 0o755


_CLAUSE = re.compile(
    r"(ACTION|SUBSYSTEM|KERNEL|TEST|GROUP|MODE|ENV\{\w+\}|ATTR\{[\w/]+\})(==|=)"
    r'"[^"]+"'
)


def test_udev_rules_are_well_formed_and_name_groups_that_exist() -> None:
    groups = {line.split()[1] for line in rules_of("terminald.sysusers") if line.startswith("g ")}
    rules = rules_of("90-terminald.rules")
    assert rules
    for rule in rules:
        for clause in rule.split(", "):
            assert _CLAUSE.fullmatch(clause), clause
        assert set(re.findall(r'GROUP="(\w+)"', rule)) <= groups
        assert re.search(r'(?<!=)="', rule), f"this rule does nothing: {rule}"


def test_the_kernels_nfc_drivers_leave_the_readers_alone() -> None:
    lines = rules_of("terminald-modprobe.conf")
    assert {"blacklist pn533", "blacklist pn533_usb"} <= set(lines)
    assert all(re.fullmatch(r"blacklist [a-z0-9_]+", line) for line in lines)


def test_polkit_lets_the_daemon_and_nobody_else_use_the_reader() -> None:
    """Ids of pcsc-lite's org.debian.pcsc-lite.policy, as in Debian 13."""
    rule = (SYSTEMD / "terminald-polkit.rules").read_text()
    assert set(re.findall(r'"(org\.[\w.-]+)"', rule)) == {
        "org.debian.pcsc-lite.access_pcsc",
        "org.debian.pcsc-lite.access_card",
    }
    assert re.findall(r'subject\.(\w+) == "(\w+)"', rule) == [("user", setting("User"))]
    assert rule.count("polkit.Result.YES") == rule.count("polkit.Result") == 1
    assert all(rule.count(opening) == rule.count(closing) for opening, closing in ("()", "{}", "[]"))
