"""What stands over every job: taps told apart, pairing, the journal's failure, devices, passing words."""

import msgspec
import pytest

from terminal.core.effects import CloseSlot, Notice, OpenSlot, PairToken, ReadWallet, Show
from terminal.core.events import (
    CatalogueRead,
    CoinUnrecognised,
    Event,
    Health,
    JournalFailed,
    JournalRecovered,
    PairingAsked,
    PairingEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    TokenRemoved,
    TokenUnreadable,
)
from terminal.core.facts import CoinNotCredited
from terminal.core.rules import ReadingRules
from terminal.core.service import PAIRING_MS
from terminal.core.state import PASSING_MS
from tests.core.making import OTHER, UID, WATER, Talk, effects, shown, topup_job, vending_job

ON = TokenPresented("reader", UID)
OFF = TokenRemoved("reader")


def asked(talk: Talk) -> list[str]:
    return [effect.token for effect in effects(talk.last, ReadWallet)]


# -- one card, one tap ---------------------------------------------------------------------------------


def test_a_card_left_on_the_reader_is_one_tap() -> None:
    talk = Talk(vending_job(same_card_ms=1500))
    talk(ON)
    assert asked(talk) == [UID]
    talk.wallet(1000)
    for _ in range(3):
        made = talk(ON, after_ms=60_000)
        assert asked(talk) == []
        assert made.facts == ()
        assert shown(made) == talk.state.screen  # answered all the same


@pytest.mark.parametrize(("away_ms", "taps"), [(0, 0), (1499, 0), (1500, 1), (9_000, 1)])
def test_a_card_that_comes_back(away_ms: int, taps: int) -> None:
    talk = Talk(topup_job(same_card_ms=1500))
    talk(ON)
    talk.wallet(0)
    talk.press("cancel")
    talk(OFF)
    talk(ON, after_ms=away_ms)
    assert len(asked(talk)) == taps


@pytest.mark.parametrize(("original", "taps"), [(True, 1), (False, 0), (None, 0)])
def test_a_number_copied_onto_another_card_is_refused_where_originals_are_asked_for(
    *, original: bool | None, taps: int
) -> None:
    job = vending_job()
    talk = Talk(msgspec.structs.replace(job, reading=ReadingRules(require_original=True)))
    made = talk(TokenPresented("reader", UID, original=original))
    assert len(asked(talk)) == taps
    assert (shown(made).notice is Notice.REFUSED) == (taps == 0)
    assert taps or "not an original" in shown(made).words


def test_originals_are_not_asked_for_unless_configured() -> None:
    talk = Talk(vending_job())
    talk(TokenPresented("reader", UID, original=False))
    assert asked(talk) == [UID]


def test_a_card_that_lies_there_at_the_start_buys_nothing_until_it_is_presented() -> None:
    talk = Talk(vending_job(same_card_ms=1500))
    made = talk(TokenPresented("reader", UID, lying=True))
    assert (asked(talk), made.facts) == ([], ())
    assert shown(made).notice is Notice.REFUSED
    assert "present it again" in shown(made).words
    talk(ON)
    assert asked(talk) == []  # it never went away
    talk(OFF)
    talk(ON, after_ms=2_000)
    assert asked(talk) == [UID]


def test_a_second_removal_gives_no_new_life() -> None:
    talk = Talk(topup_job(same_card_ms=1500))
    talk(ON)
    talk(OFF)
    talk(OFF, after_ms=1400)
    assert talk.state.cards["reader"].gone_ms == talk.now.mono_ms - 1400
    talk(TokenRemoved("another"))  # of which nobody has heard


def test_another_card_is_another_tap() -> None:
    talk = Talk(topup_job(same_card_ms=60_000))
    talk(ON)
    talk.wallet(0)
    talk.press("cancel")
    talk(TokenPresented("reader", OTHER))
    assert asked(talk) == [OTHER]


def test_with_no_time_set_every_return_is_a_tap() -> None:
    talk = Talk(topup_job(same_card_ms=0))
    talk(ON)
    talk.wallet(0)
    talk.press("cancel")
    talk(OFF)
    talk(ON, after_ms=0)
    assert asked(talk) == [UID]


# -- pairing -------------------------------------------------------------------------------------------


def test_pairing() -> None:
    talk = Talk(vending_job())
    assert shown(talk(PairingAsked("1234"))).notice is Notice.PAIR_TOKEN
    made = talk(ON)
    assert effects(made, PairToken) == [PairToken(UID, "1234")]
    assert effects(made, ReadWallet) == []
    assert shown(made).notice is Notice.CHECKING
    done = talk(PairingEnded(UID, paired=True, words="Paired with A. B."))
    assert (shown(done).notice, shown(done).words, shown(done).token) == (
        Notice.PAIRED,
        "Paired with A. B.",
        "…E5F6",
    )
    assert talk.wait().effects == (Show(talk.state.screen),)
    assert talk.notice is Notice.READY
    talk(TokenPresented("reader", OTHER))
    assert asked(talk) == [OTHER]


def test_a_pairing_that_is_refused() -> None:
    talk = Talk(vending_job())
    talk(PairingAsked("1234"))
    talk(ON)
    talk(PairingEnded(UID, paired=False, words="no such code"))
    assert (talk.notice, talk.shown.words) == (Notice.REFUSED, "no such code")
    assert talk.state.pairing is None


def test_only_one_token_is_paired() -> None:
    talk = Talk(vending_job())
    talk(PairingAsked("1234"))
    talk(ON)
    made = talk(TokenPresented("reader", OTHER))
    assert effects(made, PairToken) == []
    assert asked(talk) == [OTHER]


def test_a_pairing_that_nobody_comes_for() -> None:
    talk = Talk(vending_job())
    talk(PairingAsked("1234"))
    talk(TimePassed(), after_ms=PAIRING_MS - 1)
    assert talk.state.pairing is not None
    made = talk(TimePassed(), after_ms=1)
    assert shown(made).notice is Notice.CANCELLED
    assert effects(talk(ON), PairToken) == []


# -- what passes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "notice"),
    [
        (TokenUnreadable("reader", "This is a phone."), Notice.REFUSED),
        (CoinUnrecognised("slot", 3, "no coin has 3 pulses"), Notice.COIN_UNKNOWN),
        (PairingEnded(UID, paired=True), Notice.PAIRED),
    ],
)
def test_passing_words_pass(event: Event, notice: Notice) -> None:
    talk = Talk(vending_job())
    before = talk.state.screen
    talk(event)
    assert talk.notice is notice
    assert talk(TimePassed(), after_ms=PASSING_MS - 1).effects == ()
    assert talk(TimePassed(), after_ms=1).effects == (Show(before),)
    assert talk.state.wake_ms is None


def test_passing_words_do_not_delay_what_the_job_waits_for() -> None:
    talk = Talk(vending_job(choose_s=2))
    talk.press("espresso")
    talk(TokenUnreadable("reader", "This is a phone."))
    talk.wait()
    assert talk.notice is Notice.CANCELLED
    assert talk.state.passing_ms is None  # what the job shows now is not covered again


def test_an_unrecognised_coin_is_recorded_and_not_credited() -> None:
    for job in (vending_job(), topup_job()):
        talk = Talk(job)
        before = talk.state.job
        made = talk(CoinUnrecognised("slot", 3, "no coin has 3 pulses"))
        assert made.facts == (CoinNotCredited("slot", 3, "no coin has 3 pulses"),)
        assert talk.state.job == before


# -- the journal, the devices, the end -----------------------------------------------------------------


def test_a_journal_that_failed_and_works_again() -> None:
    talk = Talk(topup_job())
    talk(JournalFailed("The disk is full."))
    assert (talk.state.broken, talk.notice) == ("The disk is full.", Notice.OUT_OF_ORDER)
    assert effects(talk.last, CloseSlot) == [CloseSlot()]
    talk(JournalRecovered())
    assert (talk.state.broken, talk.notice) == ("", Notice.READY)
    assert effects(talk.last, OpenSlot) == [OpenSlot(5000)]


def test_health_is_kept_for_each_device() -> None:
    talk = Talk(vending_job(), healthy=())
    talk.health("relay", Health.OK)
    talk.health("paper", Health.FAILED)
    talk.health("relay", Health.DEGRADED)
    assert talk.state.health == {"relay": Health.DEGRADED, "paper": Health.FAILED}


def test_products_are_kept_whatever_the_job_does() -> None:
    talk = Talk(vending_job())
    talk.tap()
    talk(CatalogueRead((WATER,), fresh=False))
    assert talk.state.products == (WATER,)
    assert talk.phase == "checking the wallet"


@pytest.mark.parametrize("job", [vending_job(), topup_job()])
def test_a_tap_while_stopping_is_answered_and_begins_nothing(job: object) -> None:
    talk = Talk(job)
    talk(StopAsked())
    assert talk.state.stopping
    made = talk.tap()
    assert (made.facts, asked(talk)) == ((), [])
    assert shown(made).notice is Notice.OUT_OF_ORDER


def test_time_that_nobody_asked_for_changes_nothing() -> None:
    talk = Talk(vending_job())
    assert talk.state.wake_ms is None
    made = talk(TimePassed())
    assert (made.state, made.facts, made.effects) == (talk.state, (), ())
    talk.press("espresso")
    early = talk(TimePassed())
    assert (early.facts, early.effects) == ((), ())


def test_the_earliest_moment_is_the_one_to_be_woken_at() -> None:
    talk = Talk(vending_job(choose_s=600))
    talk.press("espresso")
    late = talk.state.wake_ms
    talk(PairingAsked("1"))
    assert talk.state.wake_ms == talk.now.mono_ms + PAIRING_MS
    talk(TokenUnreadable("reader", "words"))
    assert talk.state.wake_ms == talk.now.mono_ms + PASSING_MS
    assert late is not None
    assert late > talk.state.wake_ms
