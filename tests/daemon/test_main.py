"""terminald's command line: exit codes, mistakes in sentences, signals, and lines as systemd likes them."""

import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal import __version__
from terminal.daemon import main as module
from terminal.daemon import safety, wiring
from terminal.daemon.main import _Lines, main
from terminal.daemon.wiring import CannotStart

SIMULATED = Path(__file__).parents[2] / "config/simulated.toml"


class Fake:
    """Stands in for the daemon, and notes what the command line does with it."""

    done: list[str]
    failed = False
    refuses_to = ""

    def __init__(self, settings: Any, notifier: Any) -> None:
        type(self).done = [f"built {settings.terminal.id}"]
        self._refuse("build")

    def _refuse(self, what: str) -> None:
        if self.refuses_to == what:
            raise CannotStart("The journal is in use by another terminald.")

    def start(self) -> None:
        self._refuse("start")
        self.done.append("started")

    def greeting(self) -> tuple[str, ...]:
        return ("look: terminalctl status",)

    def reload(self) -> None:
        self.done.append("reloaded")

    def stop(self) -> None:
        self.done.append("stopped")


@pytest.fixture
def masks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Main without the machine: what it would change for the whole process is noted instead."""
    masks: list[Any] = []
    monkeypatch.setattr(signal, "pthread_sigmask", lambda how, which: masks.append((how, which)))
    monkeypatch.setattr(sys, "setswitchinterval", lambda _: None)
    monkeypatch.setattr(module, "_log_to_stderr", lambda _: None)
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    return masks


@pytest.fixture
def fake(masks: list[Any], monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    class Own(Fake):
        pass

    monkeypatch.setattr(wiring, "Daemon", Own)
    return Own


def hears(monkeypatch: pytest.MonkeyPatch, *signals: signal.Signals) -> None:
    script: Iterator[signal.Signals] = iter(signals)

    def sigwait(which: set[signal.Signals]) -> signal.Signals:
        assert which == {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
        return next(script)

    monkeypatch.setattr(signal, "sigwait", sigwait)


@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_it_is_told_to_stop(
    fake: type[Fake], masks: list[Any], monkeypatch: pytest.MonkeyPatch, ends: signal.Signals
) -> None:
    hears(monkeypatch, signal.SIGHUP, signal.SIGHUP, ends)
    assert main(["--config", str(SIMULATED)]) == 0
    assert fake.done == ["built simulated-1", "started", "reloaded", "reloaded", "stopped"]
    assert masks == [(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})]


def test_a_loop_that_failed_is_told_by_the_exit_code(fake: type[Fake], monkeypatch: pytest.MonkeyPatch) -> None:
    fake.failed = True
    hears(monkeypatch, signal.SIGTERM)
    assert main(["--config", str(SIMULATED)]) == 1
    assert fake.done[-1] == "stopped", "slots are closed all the same"


def test_outputs_are_made_safe_before_anything_is_built(
    fake: type[Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    hears(monkeypatch, signal.SIGTERM)
    monkeypatch.setattr(fake, "_refuse", lambda _self, what: order.append(what))
    monkeypatch.setattr(safety, "runs_already", lambda _: False)
    monkeypatch.setattr(safety, "make_safe", lambda devices: order.append(f"{len(devices)} safe") or ([], []))
    assert main(["--config", str(SIMULATED)]) == 0
    assert order == ["6 safe", "build", "start"]


def test_an_output_that_cannot_be_made_safe_stops_no_start(
    fake: type[Fake], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hears(monkeypatch, signal.SIGTERM)
    monkeypatch.setattr(safety, "make_safe", lambda _: ([], ["coffee (release) could not"]))
    assert main(["--config", str(SIMULATED)]) == 0
    assert [
        (each.levelno, each.getMessage()) for each in caplog.records if each.levelno >= logging.WARNING
    ] == [(logging.WARNING, "coffee (release) could not")]
    assert "started" in fake.done


def test_beside_a_running_terminal_no_output_is_touched(
    fake: type[Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    hears(monkeypatch, signal.SIGTERM)
    touched: list[Any] = []
    monkeypatch.setattr(safety, "runs_already", lambda _: True)
    monkeypatch.setattr(safety, "make_safe", touched.append)
    assert main(["--config", str(SIMULATED)]) == 0
    assert touched == []


@pytest.mark.parametrize("what", ["build", "start"])
def test_what_cannot_start_is_a_sentence(fake: type[Fake], what: str, caplog: pytest.LogCaptureFixture) -> None:
    fake.refuses_to = what
    assert main(["--config", str(SIMULATED)]) == 1
    (record,) = caplog.records
    assert record.getMessage() == "The journal is in use by another terminald."
    assert record.levelno == logging.CRITICAL
    assert record.exc_info is None


def test_every_mistake_of_the_configuration_is_printed(
    fake: type[Fake], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "terminal.toml"
    text = SIMULATED.read_text().replace('job = "vending"', 'job = "begging"').replace('"EUR"', '"euro"')
    config.write_text(text)
    assert main(["--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"2 mistakes in {config}:\n")
    assert "terminal.job" in said
    assert "terminal.currency" in said
    assert not hasattr(fake, "done"), "nothing was built"


def test_a_configuration_that_is_not_there(
    masks: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(tmp_path / "none.toml")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_where_the_configuration_is_looked_for(
    fake: type[Fake], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERMINAL_CONFIG", str(SIMULATED))
    hears(monkeypatch, signal.SIGTERM)
    assert main([]) == 0
    assert fake.done[0] == "built simulated-1"
    monkeypatch.delenv("TERMINAL_CONFIG")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert module.DEFAULT_CONFIG in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"terminald {__version__}\n"


# -- lines of the log ----------------------------------------------------------------------------------


def record(level: int, words: str, **more: Any) -> logging.LogRecord:
    return logging.LogRecord("terminal.daemon", level, __file__, 1, words, (), more.get("exc_info"))


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.DEBUG, 7),
        (logging.INFO, 6),
        (logging.WARNING, 4),
        (logging.ERROR, 3),
        (logging.CRITICAL, 2),
        (logging.CRITICAL + 5, 2),
        (logging.INFO + 5, 6),
        (1, 7),
    ],
)
def test_the_priority_stands_at_the_head_of_each_line(level: int, priority: int) -> None:
    assert _Lines(under_systemd=True).format(record(level, "all is well")) == f"<{priority}>all is well"


def test_every_line_of_a_message_has_its_priority() -> None:
    assert _Lines(under_systemd=True).format(record(logging.ERROR, "one\ntwo")) == "<3>one\n<3>two"
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    found = (caught.type, caught.value, caught.tb)
    lines = _Lines(under_systemd=True).format(record(logging.ERROR, "oh", exc_info=found)).splitlines()
    assert len(lines) > 2
    assert all(line.startswith("<3>") for line in lines)


def test_a_person_is_told_the_time() -> None:
    line = _Lines(under_systemd=False).format(record(logging.WARNING, "look here"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING  terminal\.daemon: look here", line)


# -- the real process ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", ["8:12345", None])
def test_a_journal_that_cannot_be_used_ends_the_process(tmp_path: Path, stream: str | None) -> None:
    (tmp_path / "taken").write_text("a file, and no directory")
    config = tmp_path / "terminal.toml"
    text = SIMULATED.read_text().replace('"var/journal.db"', f'"{tmp_path}/taken/journal.db"')
    config.write_text(text.replace('"var/', f'"{tmp_path}/'))
    environment = {name: value for name, value in os.environ.items() if name != "JOURNAL_STREAM"}
    if stream is not None:
        environment["JOURNAL_STREAM"] = stream
    ended = subprocess.run(
        [sys.executable, "-m", "terminal.daemon.main", "--config", str(config)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert f"The journal {tmp_path}/taken/journal.db cannot be used (" in line
    assert line.startswith("<2>The journal") is (stream is not None)
    assert ended.stdout == ""
