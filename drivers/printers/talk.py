"""The conversation with one open printer: questions and answers, each with a time limit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from drivers.printers.ports import Port
from drivers.printers.status import (
    QUESTIONS,
    TELL_WHEN_DONE,
    Automatic,
    Decoder,
    Finished,
    RealTime,
    Status,
    ask,
    combine,
)


class Talk:
    """Asks and listens. OSError of the port goes through to the caller.

    Attributes:
        owed: How many "tell me when done" are not answered. Answers look all alike, so a printer has finished
            what was sent last only when it owes none: a late answer for an older document is not taken for it.
        confirms: Whether this printer has ever answered one.
        told: What it last told unasked; None if it does not.
    """

    def __init__(self, port: Port, answer_s: float) -> None:
        self.owed = 0
        self.confirms = False
        self.told: Status | None = None
        self._port = port
        self._answer_s = answer_s
        self._decoder = Decoder()
        self._answers: deque[int] = deque()
        self._questions: tuple[int, ...] | None = None

    def listen(self, wait_s: float = 0) -> bool:
        """Take in what the printer says within *wait_s* seconds; return whether it said anything."""
        data = self._port.read(wait_s)
        for message in self._decoder.feed(data):
            match message:
                case RealTime():
                    self._answers.append(message.byte)
                case Automatic():
                    self.told = message.status
                case Finished():
                    self.owed = max(0, self.owed - 1)
                    self.confirms = True
        return bool(data)

    def status(self) -> Status | None:
        """Ask how it is; None if it does not answer.

        A printer that answers the first question but not all the others, as some cheap ones do, is not asked
        those again.
        """
        if not self._port.reads:
            return None
        while self.listen():
            pass
        answers: dict[int, int] = {}
        for question in self._questions or QUESTIONS:
            answer = self._ask(question)
            if answer is not None:
                answers[question] = answer
            elif self._questions is not None or not answers:
                return None
        self._questions = tuple(answers)
        return combine(answers)

    def tell_when_done(self) -> bool:
        """Ask it to answer when all that was sent has been printed (see *owed*); False: it takes nothing."""
        is_asked = self._put(TELL_WHEN_DONE)
        self.owed += int(is_asked)
        return is_asked

    def probe(self) -> None:
        """Find out whether it answers "tell me when done" at all; only while it is well and idle."""
        self.tell_when_done()
        self._until(lambda: self.confirms)

    def _ask(self, question: int) -> int | None:
        self._answers.clear()
        if not self._put(ask(question)):
            return None
        self._until(lambda: bool(self._answers))
        return self._answers.popleft() if self._answers else None

    def _until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._answer_s
        while not is_so() and (left := deadline - time.monotonic()) > 0:
            self.listen(left)

    def _put(self, command: bytes) -> bool:
        """Send *command* whole, or not at all where the printer takes nothing."""
        sent = self._port.write(command, self._answer_s)
        if sent == 0:
            return False
        while sent < len(command):
            more = self._port.write(command[sent:], self._answer_s)
            if more == 0:
                raise TimeoutError("it stopped taking bytes in the middle of a command")
            sent += more
        return True
