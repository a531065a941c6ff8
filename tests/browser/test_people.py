"""What people do: sign in, decide with a reason, confirm as a second person, turn a lane."""

import re

from playwright.sync_api import Page, expect
from tests.browser.conftest import OpenContext, password_of
from tests.browser.fixture_port import PASSWORD, FixturePort


def test_signing_in_leads_back_to_the_address_that_was_asked_for(context_of: OpenContext, port_url: str) -> None:
    page = context_of(port_url, user=None).new_page()
    password = password_of(page.request, port_url, "demo")
    page.goto(f"{port_url}/lanes/I4?lang=en")
    page.get_by_label("User name").fill("demo")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("The user name or the password is wrong.").wait_for()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Lane I4").wait_for()
    expect(page).to_have_url(re.compile(r"/lanes/I4"))


def test_a_demo_account_is_offered_only_where_the_port_says_so(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url, user=None).new_page()
    page.goto(f"{fixture_url}/?lang=en")
    page.get_by_text("Demo accounts").wait_for()
    page.route(
        "**/api/v1/session",
        lambda route: route.fulfill(
            status=401, content_type="application/problem+json", body='{"title":"Not signed in","status":401}'
        ),
    )
    page.reload()
    page.get_by_label("User name").wait_for()
    expect(page.get_by_text("Demo accounts")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("OIDC"))).to_have_count(0)


def open_case(page: Page, url: str, lane: str) -> None:
    page.goto(f"{url}/reviews?lang=en")
    page.locator("[data-review]", has_text=lane).first.click()
    page.get_by_role("heading", name="Declared and found").wait_for()


def test_evidence_stands_side_by_side_with_what_was_declared(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url).new_page()
    open_case(page, fixture_url, "I3")
    row = page.locator(".compare tr.differs")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("MN777013")


def test_a_release_asks_for_effect_reason_password_and_a_second_person(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort
) -> None:
    page = context_of(fixture_url).new_page()
    open_case(page, fixture_url, "I3")
    page.get_by_role("button", name="Release").click()
    page.get_by_text("once a second person confirms").wait_for()
    act = page.get_by_role("button", name="Do it: Release")
    expect(act).to_be_disabled()
    page.get_by_label("Reason").fill("The seal was exchanged by customs, form 12")
    expect(act).to_be_disabled()
    page.get_by_label("Your password again").fill("not it")
    act.click()
    page.get_by_text("give your password again").wait_for()
    page.get_by_label("Your password again").fill(PASSWORD)
    act.click()
    page.get_by_text("nobody confirms their own decision").wait_for()
    expect(page.get_by_role("button", name="Confirm", exact=True)).to_be_disabled()
    sent = fixture_port.received[-1]
    assert (sent["action"], sent["reason"]) == ("release", "The seal was exchanged by customs, form 12")
    assert "rule" not in sent, "a release is about all that the person's own authority found"

    second = context_of(fixture_url, user="customs").new_page()
    open_case(second, fixture_url, "I3")
    second.get_by_role("button", name="Confirm", exact=True).click()
    second.get_by_label("Reason").fill("Seen the form")
    second.get_by_label("Your password again").fill(PASSWORD)
    second.get_by_role("button", name="Do it: Confirm").click()
    second.get_by_text("This vehicle is settled.").wait_for()


def test_a_misread_plate_is_corrected_by_a_named_person(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort
) -> None:
    page = context_of(fixture_url).new_page()
    open_case(page, fixture_url, "I9")
    page.get_by_role("button", name="Correct a reading").click()
    page.get_by_placeholder("The right value").fill("5009 ӨМӨ")
    page.get_by_label("Reason").fill("Read from the picture")
    page.get_by_role("button", name="Do it: Correct").click()
    page.get_by_text("This vehicle is settled.").wait_for()
    assert fixture_port.received[-1]["corrections"] == {"plate": "5009 ӨМӨ"}


def test_a_tidal_lane_shows_the_effect_before_it_turns(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort
) -> None:
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/lanes/O2?lang=en")
    page.get_by_role("button", name="Change direction").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("outbound → inbound")
    expect(dialog).to_contain_text("Both barriers stay closed")
    dialog.get_by_label("Reason").fill("Morning surge from the border")
    dialog.get_by_role("button", name="Make it inbound").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert fixture_port.received[-1]["direction"] == "in"


def test_a_lane_that_is_not_empty_refuses_to_turn_and_says_why(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/lanes/O1?lang=en")
    page.get_by_role("button", name="Change direction").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("must be empty first")
    dialog.get_by_label("Reason").fill("Morning surge")
    dialog.get_by_role("button", name="Make it inbound").click()
    expect(dialog.get_by_role("alert")).to_contain_text("lane.empty")


def test_a_lane_is_closed_with_a_reason_and_opened_again(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort
) -> None:
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/lanes/I5?lang=en")
    for name, act, mode in (("Close lane", "Close the lane", "closed"), ("Open lane", "Open the lane", "open")):
        page.get_by_role("button", name=name).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill("Work on the loop")
        dialog.get_by_role("button", name=act).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator(".head dd").nth(1)).to_have_text(mode)
    assert [sent["path"].rpartition("/")[2] for sent in fixture_port.received] == ["closing", "opening"]


def test_a_control_order_is_placed_and_lifted_with_reasons(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort
) -> None:
    page = context_of(fixture_url, user="customs").new_page()
    page.goto(f"{fixture_url}/holds?lang=en")
    page.get_by_label("Plate").fill("1234 УБА")
    expect(page.get_by_role("button", name="Place it")).to_be_disabled()
    page.get_by_label("Reason").fill("Risk profile 7")
    page.get_by_role("button", name="Place it").click()
    row = page.locator("tbody tr", has_text="1234 УБА")
    row.get_by_role("button", name="Lift").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("Examined, nothing found")
    dialog.get_by_role("button", name="Lift").click()
    page.get_by_text("No control order is in force.").wait_for()


def test_what_would_have_changed_the_decision_stands_on_the_sheet(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort
) -> None:
    planned = fixture_port.now_in["I3"]
    assert planned is not None
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/passages/{planned.id}?lang=en")
    expect(page.locator("section", has_text="What would have changed it")).to_contain_text("MN777013 →")


def test_a_passage_sheet_prints_on_one_page(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort
) -> None:
    planned = fixture_port.now_in["I3"]
    assert planned is not None
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/passages/{planned.id}?lang=zh")
    page.get_by_role("button", name="打印").wait_for()
    page.wait_for_timeout(500)
    pdf = page.pdf(format="A4")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page/") == 1
