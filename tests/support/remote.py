"""A program that a test starts beside itself and gives orders to: both ends of what they say to each other.

Orders are lines of JSON on the program's standard input. Each is answered by a line on its standard output,
{"answer": ...} or {"refused": WORDS}; a first answer says that the program is there, and {"said": ...} is what
nobody asked for. When its standard input ends, so does the program: it never outlives the test.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
WAIT_S = 60
"""For whatever the program is to say: far longer than it takes, on a busy machine too."""


class Refused(ValueError):  # noqa: N818 - what the other end says
    """An order that the program does not carry out; the sentence says why."""


class Remote:
    """The test's end. Ended or killed, the program can be started again.

    Args:
        module: The program's.
        arguments: On its command line.

    Attributes:
        said: What it says unasked, since it was started; None: it has ended.
        hello: What it said when it was there.
    """

    def __init__(self, module: str, *arguments: object) -> None:
        self._command = [sys.executable, "-m", module, *map(str, arguments)]
        self._process: subprocess.Popen[bytes] | None = None
        self._hold = threading.Lock()  # one order at a time
        self.start()

    def start(self) -> None:
        """Start it; returns when it is there."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(self._command, cwd=ROOT, stdin=pipe, stdout=pipe)
        self._process = process
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.said: queue.Queue[Any] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(process.stdout, self._answers, self.said))
        self._reader.start()
        try:
            self.hello = self._answer()
        except BaseException:
            self.kill()
            raise

    def ask(self, order: object) -> Any:
        """Give it an order; return its answer.

        Raises:
            Refused: It says that it cannot.
        """
        assert self._process is not None, "it was ended"
        assert self._process.stdin is not None
        with self._hold:
            with contextlib.suppress(BrokenPipeError):  # it has ended: that is its answer
                self._process.stdin.write(json.dumps(order).encode() + b"\n")
                self._process.stdin.flush()
            return self._answer()

    def wait_said(self) -> Any:
        """Return what it says unasked next; None: it has ended."""
        return self.said.get(timeout=WAIT_S)

    def kill(self) -> None:
        """Kill it in the middle of whatever it does. Nothing happens if it was ended."""
        if self._process is not None:
            self._process.kill()
            self.close()

    def close(self) -> None:
        """End it. Nothing happens if it was ended."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(WAIT_S)
        finally:
            process.kill()
        self._reader.join(WAIT_S)
        process.stdout.close()

    def _answer(self) -> Any:
        answer = self._answers.get(timeout=WAIT_S)
        if answer is None:
            self._answers.put(None)  # for whoever asks next
            raise AssertionError(f"{self._command} has ended")
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["answer"]

    @staticmethod
    def _read(lines: IO[bytes], answers: queue.Queue[Any], said: queue.Queue[Any]) -> None:
        for line in lines:
            if line.endswith(b"\n"):  # or it was killed while it said this
                told = json.loads(line)
                if "said" in told:
                    said.put(told["said"])
                else:
                    answers.put(told)
        answers.put(None)
        said.put(None)


class Orders:
    """The program's end; may be handed to select()."""

    def __init__(self) -> None:
        self._rest = b""
        self._hold = threading.Lock()  # one line after the other, from whatever thread

    def fileno(self) -> int:
        """Return the file descriptor that orders come from."""
        return 0

    def here(self, hello: object = None) -> None:
        """Say, once, that the program is there."""
        self._write(answer=hello)

    def say(self, what: object) -> None:
        """Say what nobody asked for."""
        self._write(said=what)

    def obey(self, do: Callable[[Any], Any]) -> bool:
        """Carry out what has come, or comes next; *do* returns the answer, or raises Refused.

        Returns:
            Whether there may be more orders; if not, the program is to end.
        """
        chunk = os.read(self.fileno(), 65536)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            try:
                self._write(answer=do(json.loads(line)))
            except Refused as error:
                self._write(refused=str(error))
        return bool(chunk)

    def serve(self, do: Callable[[Any], Any]) -> None:
        """Carry out orders until there are no more."""
        while self.obey(do):
            pass

    def _write(self, **line: object) -> None:
        raw = json.dumps(line).encode() + b"\n"
        with self._hold:
            while raw:
                raw = raw[os.write(1, raw) :]
