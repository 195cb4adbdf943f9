"""Gift cards of the Kensium server: codes, funds, holds, and who else uses them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.tenant import CODE, ID, Tenant, capture

FIND = "{ limitedByPermission results { id balance codes { codeType code isMasked } } }"


def find(tenant: Tenant, args: str) -> dict[str, object]:
    return dict(tenant.data(f"{{ giftcard{args} {FIND} }}")["giftcard"])


def test_a_card_is_made_without_funds_and_found_by_its_code(tenant: Tenant) -> None:
    new = tenant.data(
        'mutation { giftcardAdd(giftcard: {physicalCode: "B2", physicalPin: "1234"})'
        " { id codes { codeType code expiresOn } } }"
    )["giftcardAdd"]
    assert new["codes"] == [{"codeType": "PHYSICAL", "code": "B2", "expiresOn": None}]
    (found,) = find(tenant, '(code: "B2", codeType: PHYSICAL)')["results"]  # type: ignore[misc]
    assert (found["id"], found["balance"]) == (new["id"], "0.00")
    assert find(tenant, '(code: "B2", codeType: EXTERNAL)')["results"] == []


def test_a_code_in_use_is_refused_and_makes_no_card(tenant: Tenant) -> None:
    again = f'mutation {{ giftcardAdd(giftcard: {{physicalCode: "{CODE}"}}) {{ id }} }}'
    assert tenant.code(again) == "GIFT_CARD_CODE_IN_USE"
    assert len(tenant.kensium.wallets.cards()) == 1
    assert tenant.counters()["effects"] == {}


def test_a_pin_alone_is_no_card(tenant: Tenant) -> None:
    error = tenant.error('mutation { giftcardAdd(giftcard: {physicalPin: "1234"}) { id } }')
    told = {"ValidationType": "NotEmptyValidator", "Property": "PhysicalCode"}
    assert error["extensions"] == {"code": "VALIDATION", "data": told}
    assert error["path"] == ["giftcardAdd"]


def test_a_personal_code_needs_a_member_who_stays(tenant: Tenant) -> None:
    tenant.kensium.know("customer", [{"id": "1", "memberId": "M1"}, {"id": "2", "memberId": "M2"}])
    edit = "mutation {{ giftcardEdit(giftcard: {{id: {}{}}}) {{ memberId codes {{ codeType code }} }} }}"
    id_ = f'"{tenant.card}"'
    error = tenant.error(edit.format(id_, ", addPersonalCode: true"))
    assert error["extensions"]["data"] == {"ValidationType": "NotEmptyValidator", "Property": "Member"}
    changes = ', addPersonalCode: true, memberId: "M1", revokePhysicalCode: true'
    card = tenant.data(edit.format(id_, changes))["giftcardEdit"]
    assert card["memberId"] == "M1"
    (code,) = card["codes"]
    assert code["codeType"] == "PERSONAL"
    assert tenant.code(edit.format(id_, ', memberId: "M2"')) == "VALIDATION"
    assert tenant.code(tenant.book("USE", "-1")) == "GIFT_CARD_NOT_FOUND", "the physical code is revoked"
    again = tenant.data(edit.format(id_, ", addPersonalCode: true"))["giftcardEdit"]["codes"]
    assert [each["codeType"] for each in again] == ["PERSONAL"]
    assert again[0]["code"] != code["code"], "a new one takes the place of that before"


def test_codes_are_masked_and_hidden_without_permissions(tenant: Tenant) -> None:
    tenant.without("ViewUnmaskedGiftCardCodes")
    (card,) = find(tenant, f'(code: "{CODE}")')["results"]  # type: ignore[misc]
    assert card["codes"] == [{"codeType": "PHYSICAL", "code": "****b2c3", "isMasked": True}]
    tenant.without("UsePhysicalGiftCardCodes")
    assert find(tenant, f'(code: "{CODE}", codeType: PHYSICAL)') == {"limitedByPermission": True, "results": []}
    tenant.without("ListGiftCards")
    assert find(tenant, "") == {"limitedByPermission": True, "results": []}
    tenant.only(*["ExecuteGraphQL", "FindGiftCardByCode", "ListGiftCards", "ViewUnmaskedGiftCardCodes"])
    assert len(find(tenant, "")["results"]) == 1  # type: ignore[arg-type]


def test_funds_come_and_go_at_once(tenant: Tenant) -> None:
    told = tenant.booked("USE", "-6.49")
    assert told["balance"] == tenant.balance() == "3.51"
    assert (told["giftcardId"], told["status"]) == (tenant.card, "COMPLETED")
    assert tenant.booked("ADD", "1", refNo="8")["balance"] == "4.51"
    counters = tenant.counters()
    assert counters["cards"] == {tenant.card: {"count": 2, "cents": -549, "held": 0}}
    assert counters["references"] == {"7": {"COMPLETED": 1}, "8": {"COMPLETED": 1}}
    assert [each["application"] for each in tenant.admin("GET", "effects").json()["effects"]] == [ID, ID]


@pytest.mark.parametrize(
    ("type_", "amount", "rule"),
    [
        ("ADD", "-1", "GreaterThanValidator"),
        ("USE", "1", "LessThanValidator"),
        ("ADJUST", "0", "NotEqualValidator"),
        ("ADD", "0.001", "ScalePrecisionValidator"),
        ("ADD", "much", "DecimalValidator"),
        ("ADD", "NaN", "DecimalValidator"),
        ("ADD", "1e30", "DecimalValidator"),
        ("ADD", "1E0", "DecimalValidator"),
        ("ADD", "1_0", "DecimalValidator"),
        ("ADD", " 1", "DecimalValidator"),
        ("ADD", "\u0661", "DecimalValidator"),
    ],
)
def test_amounts_that_cannot_be_are_refused(tenant: Tenant, type_: str, amount: str, rule: str) -> None:
    error = tenant.error(tenant.book(type_, amount))
    told = {"ValidationType": rule, "Property": "Amount"}
    assert error["extensions"] == {"code": "VALIDATION", "data": told}
    assert tenant.balance() == "10.00"


def test_amounts_are_quoted(tenant: Tenant) -> None:
    bare = tenant.book("ADD", "1.5").replace('"1.5"', "1.5")
    assert tenant.code(bare) == "VALIDATION"
    assert tenant.balance() == "10.00"


def test_more_than_there_is_is_refused_unless_the_rules_say_so(tenant: Tenant) -> None:
    error = tenant.send(tenant.book("USE", "-10.01"))
    assert error.status_code == 400
    assert error.json()["data"] == {"giftcardTransAdd": None}
    assert error.json()["errors"][0]["extensions"]["code"] == "GIFT_CARD_INSUFFICIENT_FUNDS"
    assert tenant.admin("PUT", "rules", {"codes": {"funds": "NO_FUNDS"}}).status_code == 200
    assert tenant.code(tenant.book("USE", "-10.01")) == "NO_FUNDS"
    tenant.admin("PUT", "rules", {"overdraft": True})
    assert tenant.booked("USE", "-10.01")["balance"] == "-0.01"


def test_each_type_needs_its_permission(tenant: Tenant) -> None:
    for type_ in ("Add", "Use", "Adjust", "External", "Import"):
        tenant.without(f"GiftCardTrans{type_}")
        amount = "-1" if type_ == "Use" else "1"
        answer = tenant.send(tenant.book(type_.upper(), amount))
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"] == {"code": "NOT_AUTHORIZED"}
    assert tenant.balance() == "10.00"


def test_a_pin_must_be_right_and_may_be_required(tenant: Tenant) -> None:
    tenant.kensium.add_card("P1", 500, pin="1234")
    assert tenant.code(tenant.book("USE", "-1", code="P1", pin="4321")) == "GIFT_CARD_PIN_INVALID"
    assert tenant.booked("USE", "-1", code="P1")["balance"] == "4.00"
    tenant.admin("PUT", "rules", {"pins": "required"})
    assert tenant.code(tenant.book("USE", "-1", code="P1")) == "GIFT_CARD_PIN_INVALID"
    assert tenant.booked("USE", "-1", code="P1", pin="1234")["balance"] == "3.00"


def test_a_code_expires_and_the_funds_stay(tenant: Tenant) -> None:
    assert tenant.admin("POST", "code", {"code": CODE, "expires": "2000-01-31T00:00:00Z"}).status_code == 200
    assert tenant.code(tenant.book("USE", "-1")) == "GIFT_CARD_CODE_EXPIRED"
    assert tenant.balance() == "10.00"
    tenant.admin("POST", "code", {"code": CODE, "expires": None})
    assert tenant.booked("USE", "-1")["balance"] == "9.00"
    assert tenant.admin("POST", "code", {"code": "none", "expires": None}).status_code == 404


def test_codes_are_unique_within_a_type_only(tenant: Tenant) -> None:
    tenant.kensium.add_card(CODE, 700, type_="EXTERNAL")
    plain = tenant.book("USE", "-1").replace(", codeType: PHYSICAL", "")
    error = tenant.error(plain)
    assert error["extensions"]["data"]["Property"] == "CodeType"
    assert tenant.booked("USE", "-1", codeType="EXTERNAL")["balance"] == "6.00"
    assert tenant.balance() == "10.00"


@pytest.mark.parametrize(
    ("type_", "amount", "balances"),
    [("ADD", "1", ("10.00", "11.00", "10.00")), ("USE", "-1", ("9.00", "9.00", "10.00"))],
)
def test_what_is_available_while_authorised_captured_and_cancelled(
    tenant: Tenant, type_: str, amount: str, balances: tuple[str, str, str]
) -> None:
    authorised, captured, cancelled = balances
    held = tenant.booked(type_, amount, authorizeOnly=True)
    assert (held["status"], held["balance"], tenant.balance()) == ("AUTHORIZED", authorised, authorised)
    assert tenant.counters()["cards"][tenant.card]["count"] == 0
    done = tenant.data(capture(held["id"]))["giftcardTransCapture"]
    assert (done["id"], done["status"], done["balance"]) == (held["id"], "COMPLETED", captured)
    tenant.booked("ADJUST", "-1" if type_ == "ADD" else "1", refNo="back")
    other = tenant.booked(type_, amount, authorizeOnly=True, refNo="8")
    gone = tenant.data(capture(other["id"], cancel=True))["giftcardTransCapture"]
    assert (gone["status"], gone["balance"], tenant.balance()) == ("CANCELLED", cancelled, cancelled)
    assert tenant.code(capture(other["id"])) == "GIFT_CARD_TRANS_STATUS", "what is cancelled stays so"
    references = tenant.counters()["references"]
    assert (references["7"], references["8"]) == ({"COMPLETED": 1}, {"CANCELLED": 1})


def test_held_funds_cannot_be_taken_twice(tenant: Tenant) -> None:
    tenant.booked("USE", "-8", authorizeOnly=True)
    assert tenant.code(tenant.book("USE", "-3", refNo="8")) == "GIFT_CARD_INSUFFICIENT_FUNDS"
    assert tenant.counters()["cards"][tenant.card]["held"] == 800


def test_a_second_capture_takes_no_effect(tenant: Tenant) -> None:
    id_ = tenant.booked("ADD", "1", authorizeOnly=True)["id"]
    tenant.data(capture(id_))
    assert tenant.code(capture(id_)) == "GIFT_CARD_TRANS_STATUS"
    tenant.admin("PUT", "rules", {"recapture": "answered"})
    assert tenant.data(capture(id_))["giftcardTransCapture"]["balance"] == "11.00"
    assert tenant.counters()["effects"] == {"authorize": 1, "capture": 1}
    assert tenant.code(capture("4711")) == "FUSION_ERROR"


def test_a_hold_may_end_by_itself_or_by_staff(open_tenant: Callable[..., Tenant]) -> None:
    tenant = open_tenant(rules={"hold_s": 60})
    tenant.booked("USE", "-4", authorizeOnly=True)
    tenant.clock.ms += 59_000
    assert tenant.balance() == "6.00"
    tenant.clock.ms += 1_000
    assert tenant.balance() == "10.00"
    id_ = tenant.booked("USE", "-3", authorizeOnly=True)["id"]
    assert tenant.admin("POST", "cancel", {"id": id_}).status_code == 200
    assert tenant.admin("POST", "cancel", {"id": id_}).status_code == 404
    assert tenant.balance() == "10.00"


def test_a_repeat_is_booked_and_counted_unless_the_rules_refuse_it(tenant: Tenant) -> None:
    tenant.booked("USE", "-1")
    tenant.booked("USE", "-1")
    assert (tenant.balance(), tenant.counters()["repeats"]) == ("8.00", 1)
    tenant.admin("PUT", "rules", {"repeats": "refused"})
    assert tenant.code(tenant.book("USE", "-1")) == "GIFT_CARD_TRANS_REPEATED"
    assert tenant.booked("USE", "-1", sourceId="K2")["balance"] == "7.00"


def test_another_customer_uses_the_card_and_is_nobody_of_ours(tenant: Tenant) -> None:
    assert tenant.admin("POST", "others", {"code": CODE, "cents": -300}).status_code == 200
    assert tenant.balance() == "7.00"
    assert tenant.counters()["cards"] == {}
    assert tenant.admin("POST", "others", {"code": "none", "cents": -300}).status_code == 404


def test_others_by_chance_are_the_same_from_the_same_seed(open_tenant: Callable[..., Tenant]) -> None:
    def story(seed: int) -> list[str]:
        tenant = open_tenant(rules={"others": 0.5, "others_cents": 300}, seed=seed)
        told = [tenant.balance() for _ in range(12)]
        assert tenant.counters()["others"] > 0
        assert all(float(each) >= 0 for each in told)
        return told

    first = story(3)
    assert len(set(first)) > 1
    assert story(3) == first
    assert story(4) != first


def test_what_others_did_stays_when_the_booking_is_refused(open_tenant: Callable[..., Tenant]) -> None:
    tenant = open_tenant(rules={"others": 1.0}, seed=1)
    assert tenant.code(tenant.book("USE", "-1000")) == "GIFT_CARD_INSUFFICIENT_FUNDS"
    tenant.admin("PUT", "rules", {"others": 0})
    assert len(tenant.admin("GET", "entries").json()["transactions"]) == 2, "the opening, and the other's"
    assert tenant.balance() != "10.00"


def test_of_many_who_capture_or_spend_at_once_no_more_than_may_succeed(tenant: Tenant) -> None:
    id_ = tenant.booked("USE", "-1", authorizeOnly=True)["id"]
    with ThreadPoolExecutor(8) as pool:
        captured = list(pool.map(lambda _: tenant.send(capture(id_)).status_code, range(8)))
        spent = list(
            pool.map(lambda n: tenant.send(tenant.book("USE", "-2", refNo=f"r{n}")).status_code, range(8))
        )
    assert sorted(captured) == [200] + [400] * 7
    assert sorted(spent) == [200] * 4 + [400] * 4
    assert tenant.balance() == "1.00"
    assert tenant.counters()["cards"][tenant.card] == {"count": 5, "cents": -900, "held": 0}
