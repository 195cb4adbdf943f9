"""Which sign spends from a voucher: one cent is booked on it, looked at, and booked back. Never repeated."""

from __future__ import annotations

from decimal import Decimal

from terminal.backends.onslip.models import plainly
from terminal.backends.onslip.models_catalogue import Voucher, VoucherTransaction
from terminal.backends.onslip.models_values import Money
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found
from terminal.backends.onslip.rest_paths import entity
from terminal.cli.errors import Trouble, WrongUse
from terminal.cli.finding import Finding
from terminal.cli.onslip import words
from terminal.core.delivery import Answer, Outcome

_CENT = Decimal("0.01")


class Trial:
    """Books on one voucher, and keeps what it did.

    Args:
        client: By whom.
        id_: Of the voucher.
        timeout_s: For each request.
    """

    def __init__(self, client: Onslip, id_: int, timeout_s: float) -> None:
        self._client = client
        self._id = id_
        self._timeout_s = timeout_s
        self._path = entity(client.realm, "vouchers", id_)
        self.steps: list[str] = []
        """What was done and seen, sentence by sentence."""

    def run(self) -> Finding:
        """Book a cent and book it back; what is found, and whether the voucher is as it was.

        Raises:
            Trouble: The voucher cannot be read; nothing was booked.
            WrongUse: It holds no money.
        """
        before = self._balance()
        self.steps.append(f"The balance was {before}.")
        for amount in (_CENT, -_CENT):
            answer = self._book(amount)
            if isinstance(answer, Answer) and answer.outcome is not Outcome.UNKNOWN:
                continue  # surely nothing was booked: it may be allowed the other way round
            after = self._seen()
            if isinstance(answer, Answer) and (after is None or abs(after - before) != _CENT):
                return self._left_open(f"{amount:+} may have been booked, or be booked yet")
            return self._reversed(before, after, amount)
        told = "the server books neither 0.01 nor -0.01 on it; nothing was changed"
        return Finding("spending", "unknown", told)

    def _reversed(self, before: Decimal, after: Decimal | None, amount: Decimal) -> Finding:
        """Book *amount* back, once, and tell what all of it means."""
        answer = self._book(-amount)
        end = self._seen()
        if end is None or end != before:
            told = f"{-amount:+} was to take {amount:+} back"
            if isinstance(answer, Answer) and end == after:
                told = f"{amount:+} was booked, and {-amount:+} was not"
            return self._left_open(told)
        self.steps.append("The voucher is as it was.")
        if after is None or abs(after - before) != _CENT:
            told = "the balance in between was another: try again, on a voucher that nobody uses"
            return Finding("spending", "unknown", told)
        sign = "negative" if (after > before) == (amount > 0) else "positive"
        return Finding("spending", "ok", f"by {sign} amounts", {"voucher_sign": sign})

    def _left_open(self, what: str) -> Finding:
        told = f"{what}. Compare the voucher {self._id} in the back office with what is said here; put it right"
        return Finding("spending", "trouble", told)

    def _book(self, amount: Decimal) -> Found | Answer:
        body = plainly(VoucherTransaction(amount=Money(amount)))
        answer = self._client.post(self._path, body, self._timeout_s)
        if isinstance(answer, Found):
            self.steps.append(f"{amount:+} was booked.")
        else:
            unsure = answer.outcome is Outcome.UNKNOWN
            told = "is in doubt" if unsure else "was not booked"
            self.steps.append(f"{amount:+} {told}: {answer.words.rstrip('.')}.")
        return answer

    def _seen(self) -> Decimal | None:
        try:
            found = self._balance()
        except Trouble as error:
            self.steps.append(str(error))
            return None
        self.steps.append(f"The balance is {found}.")
        return found

    def _balance(self) -> Decimal:
        got = self._client.get(self._path, self._timeout_s)
        found = words.found(got, f"Reading the voucher {self._id}", "show-vouchers")
        voucher = words.stored(Voucher, found.body)
        if voucher.payment is None or voucher.deleted is not None:
            raise WrongUse(f"The voucher {self._id} holds no money: name another by --voucher.")
        return Decimal(voucher.payment.balance)
