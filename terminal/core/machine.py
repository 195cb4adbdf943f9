"""A vending machine that asks for payment: what it says, and what it is told.

The words are those of MDB/ICP 4.2, section 7 (cashless devices): the terminal is the machine's card reader,
and the machine, the VMC, is the master. Amounts are in cents; the driver scales them. An approved vend is an
ordinary release: ``effects.Release`` approves it, ``events.ReleaseEnded`` tells vend success or failure.
"""

from __future__ import annotations

from terminal.core.value import Value


class MachineEnabled(Value, frozen=True):
    """The machine has enabled or disabled its card reader: whether it wants to sell by card at the moment."""

    machine: str
    enabled: bool


class VendRequested(Value, frozen=True):
    """The customer has chosen: the machine asks for *price* cents for its selection *item*."""

    machine: str
    item: str
    price: int


class VendCancelled(Value, frozen=True):
    """The machine takes its last VendRequested back; nothing came out."""

    machine: str


class SessionEnded(Value, frozen=True):
    """The machine has ended the session: the customer pressed its return lever, or it was complete."""

    machine: str


class RevalueRequested(Value, frozen=True):
    """The machine asks to credit *amount* cents, which it has taken in cash, to the token of the session."""

    machine: str
    amount: int


class CashSold(Value, frozen=True):
    """The machine reports that it sold *item* for *price* cents in cash, without the terminal."""

    machine: str
    item: str
    price: int


MachineEvent = MachineEnabled | VendRequested | VendCancelled | SessionEnded | RevalueRequested | CashSold


class BeginSession(Value, frozen=True):
    """Let the customer choose at the machine, with *funds* cents to spend; None: not known, or not shown."""

    machine: str
    funds: int | None


class DenyVend(Value, frozen=True):
    """Refuse the vend that was requested last."""

    machine: str


class EndSession(Value, frozen=True):
    """End the session, if there is one."""

    machine: str


class AnswerRevalue(Value, frozen=True):
    """Say whether the revalue that was requested last is granted: it is on the books already if it is."""

    machine: str
    granted: bool


MachineEffect = BeginSession | DenyVend | EndSession | AnswerRevalue
