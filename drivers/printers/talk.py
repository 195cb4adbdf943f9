"""The conversation with one open printer: questions and answers, each with a time limit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from drivers.contract import Traffic
from drivers.printers.ports import Port
from drivers.printers.status import (
    QUESTIONS,
    TELL_CHANGES,
    TELL_NOTHING,
    TELL_WHEN_DONE,
    Automatic,
    Decoder,
    Finished,
    Message,
    Noise,
    RealTime,
    Status,
    ask,
    combine,
)

_SLICE_S = 0.25
"""Longest wait at a stretch: between two it is asked whether to go on."""
_DRAIN_S = 0.5
"""So long is listened to what a printer says by itself before it is asked something."""
_BYE_S = 0.2


class Talk:
    """Asks and listens. OSError of the port goes through to the caller.

    Args:
        port: The way to the printer.
        answer_s: How long it may take for an answer.
        go_on: Called between two short waits; False: give up waiting.
        traffic: Is told what goes over the wire.

    Attributes:
        owed: How many "tell me when done" are not answered. Answers look all alike, so a printer has finished
            what was sent last only when it owes none: a late answer for an older document is not taken for it.
        surplus: How many answers came that nobody waited for: then one of those before may have been none.
        confirms: Whether this printer has ever answered one.
        asked_to_tell: Whether it was asked to tell changes by itself.
        told: Whether it has told anything unasked.
        known: How it is, as it said last, asked or unasked; None: it has not said.
        noise: How many bytes came that mean nothing when it was last asked how it is.
    """

    def __init__(
        self,
        port: Port,
        answer_s: float,
        go_on: Callable[[], bool] = lambda: True,
        traffic: Callable[[Traffic], None] = lambda _: None,
    ) -> None:
        self.owed = 0
        self.surplus = 0
        self.confirms = False
        self.asked_to_tell = False
        self.told = False
        self.known: Status | None = None
        self.noise = 0
        self._port = port
        self._answer_s = answer_s
        self._go_on = go_on
        self._traffic = traffic
        self._decoder = Decoder()
        self._answers: deque[int] = deque()
        self._questions: tuple[int, ...] | None = None

    def listen(self, wait_s: float = 0) -> bool:
        """Take in what the printer says within *wait_s* seconds; return whether it said anything."""
        data = self._port.read(wait_s)
        if not data:
            return False
        messages = self._decoder.feed(data)
        for message in messages:
            self._take(message)
        noisy = any(isinstance(message, Noise) for message in messages)
        self._traffic(Traffic("!" if noisy else "<", data, _words_of(messages)))
        return True

    def status(self) -> Status | None:
        """Ask how it is; None if it does not answer, or what it answers makes no sense (see *noise*).

        A printer that answers the first question but not all the others, as some cheap ones do, is not asked
        those again.
        """
        self.noise = 0
        if not self._port.reads or not self._drained():
            return None
        answers: dict[int, int] = {}
        for question in self._questions or QUESTIONS:
            answer = self._ask(question)
            if answer is not None:
                answers[question] = answer
            elif self._questions is not None or not answers:
                return None
        if self.noise:
            return None
        self._questions = tuple(answers)
        self.known = combine(answers)
        return self.known

    def tell_when_done(self) -> bool:
        """Ask it to answer when all that was sent has been printed (see *owed*); False: it takes nothing."""
        self.surplus = 0
        is_asked = self._put(TELL_WHEN_DONE, "tell when all this is printed")
        self.owed += int(is_asked)
        return is_asked

    def probe(self) -> None:
        """Find out whether it answers "tell me when done" at all; only while it is well and idle."""
        self.tell_when_done()
        self._until(lambda: self.confirms)

    def settle(self) -> None:
        """Find out whether what it owes will ever come; only while it is well.

        If it answers again, all that it still owes after that is lost, say by a loss of power. If it does not,
        it is still busy with what it was sent.
        """
        self.tell_when_done()
        owed = self.owed
        self._until(lambda: self.owed == 0)
        if self.owed < owed:
            self.owed = 0

    def tell_changes(self) -> None:
        """Have it tell by itself how it is, now and at each change; only while it is well and idle."""
        self.asked_to_tell = True
        if self._put(TELL_CHANGES, "tell every change"):
            self._until(lambda: self.told)

    def bye(self) -> None:
        """Have it tell nothing unasked any more, as far as it still listens."""
        if not self.told:
            return
        self._port.write(TELL_NOTHING, _BYE_S)
        until = time.monotonic() + _BYE_S
        while self._port.pending() and time.monotonic() < until:
            time.sleep(_BYE_S / 20)

    # -- the words -------------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        match message:
            case RealTime():
                self._answers.append(message.byte)
            case Automatic():
                self.told = True
                self.known = message.status
            case Finished() if self.owed:
                self.owed -= 1
                self.confirms = True
            case Finished():
                self.surplus += 1
            case Noise():
                self.noise += 1

    def _drained(self) -> bool:
        """Take in what it said before it is asked; False: it never stops talking."""
        until = time.monotonic() + _DRAIN_S
        while self.listen():
            if time.monotonic() >= until or not self._go_on():
                self.noise += 1
                return False
        self.noise = 0
        return True

    def _ask(self, question: int) -> int | None:
        self._answers.clear()
        if not self._put(ask(question), f"how are you, {question}?"):
            return None
        self._until(lambda: bool(self._answers))
        if len(self._answers) > 1:
            self.noise += 1  # one of them answers something else, and none can tell which
        return self._answers.popleft() if self._answers else None

    def _until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._answer_s
        while not is_so() and (left := deadline - time.monotonic()) > 0 and self._go_on():
            self.listen(min(left, _SLICE_S))

    def _put(self, command: bytes, words: str) -> bool:
        """Send *command* whole, or not at all where the printer takes nothing."""
        sent = 0
        deadline = time.monotonic() + self._answer_s
        while sent < len(command):
            left = deadline - time.monotonic()
            taken = self._port.write(command[sent:], max(0.0, min(left, _SLICE_S)))
            sent += taken
            if not taken and (left <= 0 or not self._go_on()):
                if not sent:
                    return False
                raise TimeoutError("it stopped taking bytes in the middle of a command")
        self._traffic(Traffic(">", command, words))
        return True


def _words_of(messages: list[Message]) -> str:
    said = []
    for message in messages:
        match message:
            case RealTime():
                said.append("an answer")
            case Automatic(status):
                said.append(status.problem() or status.warning() or "well")
            case Finished():
                said.append("all printed")
            case Noise():
                said.append("?")
    return ", ".join(dict.fromkeys(said))
