"""Every route of the API against every role, by a table written apart from the policy."""

import httpx
import pytest
from tests.integration.web.web_kit import PEOPLE, WebPort, web_port

from kouan.web.callers import GuardedRoute, need_of
from kouan.web.routes import guarded_routes

ANYBODY = {"sign_in", "begin_oidc", "finish_oidc", "get_messages", "get_openapi", "get_health"}
SIGNED_IN = {"get_session", "sign_out"}

WATCHERS = {"operator", "inspector", "second", "border", "duty", "auditor", "admin"}
DECIDERS = {"operator", "inspector", "second", "border", "duty"}
HOLDERS = {"inspector", "second", "border", "duty"}
ATTESTERS = {"inspector", "second", "duty"}
READERS = {"inspector", "second", "border", "duty", "auditor", "admin", "protection"}

YARD_WATCHERS = WATCHERS - {"admin"}
YARD: dict[str, set[str]] = {
    **dict.fromkeys(
        (
            "list_yard_visits", "get_yard_visit", "get_yard_stock", "get_yard_balance", "list_yard_tickets",
            "reconcile_carriers", "list_yard_scales", "list_warrants", "list_pickups",
        ),
        YARD_WATCHERS,
    ),
    **{
        key: {"operator"}
        for key in ("begin_yard_handling", "tally_yard_visit", "sample_yard_visit", "move_yard_goods")
    },
    **{
        key: set()
        for key in (
            "mend_yard_visit", "reset_yard_exit", "state_yard_loss", "state_yard_moisture",
            "issue_warrant", "act_on_warrant", "act_on_scale",
        )
    },
    **{key: {"carrier"} for key in ("order_pickup", "cancel_pickup")},
    "excuse_yard_people": {"border"},
}  # fmt: skip

TABLE: dict[str, set[str]] = {
    **YARD,
    **{
        key: {"planner"}
        for key in (
            "list_studies",
            "begin_study",
            "get_study",
            "bring_study_file",
            "look_at_study",
            "run_study",
            "ask_what_if",
            "cancel_study",
            "delete_study",
            "get_study_report",
            "get_study_workbook",
            "get_what_ifs_workbook",
        )
    },
    "get_port": WATCHERS,
    "get_overview": WATCHERS,
    "list_alarms": WATCHERS,
    "acknowledge_port_alarm": DECIDERS,
    "list_lanes": WATCHERS,
    "get_lane": WATCHERS,
    "turn_lane": {"operator", "duty"},
    "open_lane": {"operator", "duty"},
    "close_lane": {"operator", "duty"},
    "list_passages": WATCHERS,
    "get_passage": WATCHERS,
    "explain_decision": WATCHERS,
    "list_reviews": WATCHERS,
    "decide_review": DECIDERS,
    "confirm_review": DECIDERS,
    "list_holds": WATCHERS,
    "place_hold": HOLDERS,
    "lift_hold": HOLDERS,
    "list_entries": READERS,
    "list_heads": READERS,
    "prove_entry": READERS,
    "prove_growth": READERS,
    "get_key": READERS,
    "submit_vehicle_confirmation": {"carrier"},
    "submit_original_manifest": {"carrier"},
    "submit_customs_declaration": {"carrier"},
    "delete_papers": {"carrier"},
    "import_file": {"carrier"},
    "import_attested_file": ATTESTERS,
    "get_template": DECIDERS | {"auditor", "carrier"},
    "set_declaration_status": ATTESTERS,
    "list_due_declarations": DECIDERS | {"auditor", "carrier"},
    "submit_supporting_paper": {"carrier"},
    "attest_paper": ATTESTERS,
    "revoke_paper": ATTESTERS,
    "list_supporting_papers": DECIDERS | {"auditor", "carrier"},
    "get_supporting_paper": DECIDERS | {"auditor", "carrier"},
    "list_papers_of_lot": DECIDERS | {"auditor", "carrier"},
    "get_balances": DECIDERS | {"auditor", "carrier"},
    "list_versions": DECIDERS | {"auditor", "carrier"},
    "find_papers": DECIDERS | {"auditor", "carrier"},
    "get_paper": DECIDERS | {"auditor", "carrier"},
    "list_lots": ATTESTERS | {"auditor"},
    "get_lot": ATTESTERS | {"auditor"},
    **dict.fromkeys(("move_lot", "report_check", "hand_over_lot"), ATTESTERS),
    **dict.fromkeys(("report_finding", "order_test", "take_sample", "order_retest", "decide_lot"), ATTESTERS),
    **dict.fromkeys(("dispose_of_lot", "lift_lot_hold"), ATTESTERS),
    "request_test": {"carrier"},
    "follow_own_vehicles": {"carrier"},
    "find_declarations": ATTESTERS | {"auditor"},
    "list_examinations": DECIDERS | {"auditor"},
    "get_examination": DECIDERS | {"auditor"},
    "order_examination": HOLDERS,
    "call_vehicle": HOLDERS,
    "note_bay": HOLDERS,
    "report_step": HOLDERS,
    "repeat_step": HOLDERS,
    "answer_order": HOLDERS,
    "confirm_answer": HOLDERS,
    "abandon_examination": HOLDERS,
    "get_targeting": ATTESTERS | {"auditor"},
    "set_inspection_budget": ATTESTERS,
    "list_selections": ATTESTERS | {"auditor"},
    "get_candidate": ATTESTERS | {"auditor"},
    "get_watch_list": ATTESTERS | {"auditor"},
    "watch_for": ATTESTERS,
    "watch_no_more": ATTESTERS,
    "list_models": ATTESTERS | {"auditor"},
    "hand_in_trained_model": ATTESTERS,
    "propose_trained_model": ATTESTERS,
    "activate_trained_model": ATTESTERS,
    "acknowledge_drift": ATTESTERS,
    **dict.fromkeys(
        ("list_rule_documents", "get_rule_vocabulary", "get_dry_run", "get_rule_document", "compare_rule_documents"),
        HOLDERS | {"auditor"},
    ),
    "validate_rule_document": HOLDERS | {"auditor"},
    **dict.fromkeys(("check_rule_content", "draft_rule_document", "begin_dry_run"), HOLDERS),
    **dict.fromkeys(("approve_rule_document", "withdraw_rule_document"), HOLDERS),
    "put_image": {"camera", *HOLDERS},
    "get_image": WATCHERS,
    "watch": WATCHERS,
    "list_accounts": {"admin"},
    "put_account": {"admin"},
    "issue_machine_token": {"admin"},
    "revoke_machine_token": {"admin"},
    "forget_person": {"admin"},
    **dict.fromkeys(("get_shift", "begin_shift", "end_shift"), DECIDERS),
    **{key: {"duty", "admin"} for key in ("list_duties", "plan_duty", "import_roster", "cancel_duty")},
    "list_reads": {"auditor", "protection"},
}

EXAMPLES = {
    "lane": "I99",
    "passage": "nothing",
    "number": "NOTHING",
    "batch": "NOTHING",
    "sha256": "0" * 64,
    "token": "0" * 64,
    "language": "en",
    "username": "nobody",
    "seq": "999999",
    "kind": "certificate",
    "lot": "NOTHING",
    "step": "1",
    "order": "NOTHING",
    "form": "csv",
}


def test_every_route_stands_in_the_table():
    import asyncio

    async def names() -> set[str]:
        async with web_port() as port:
            return {route.name for route in guarded_routes(port.app)}

    assert asyncio.run(names()) == set(TABLE) | ANYBODY | SIGNED_IN


async def ask(client: httpx.AsyncClient, port: WebPort, route: GuardedRoute) -> int:
    """Ask a route for something that is not there, and return the status."""
    base = "" if route.name == "get_health" else "/api/v1"
    path = route.path
    for name, value in EXAMPLES.items():
        path = path.replace("{" + name + "}", value)
    (method,) = route.methods
    if route.name == "watch":
        return 200 if route.name == "watch" and await _may_stream(client) else 403
    answer = await client.request(method, base + path, json={} if method in ("POST", "PUT") else None)
    return answer.status_code


async def _may_stream(client: httpx.AsyncClient) -> bool:
    """The stream never ends, and asks for the same as the overview."""
    return (await client.get("/api/v1/overview")).status_code == 200


@pytest.mark.parametrize("name", sorted(PEOPLE))
async def test_a_role_may_do_what_the_table_says_and_nothing_else(port: WebPort, name: str):
    machine = port.machine(name)
    for route in guarded_routes(port.app):
        expected = route.name in ANYBODY | SIGNED_IN or name in TABLE[route.name]
        if route.name in ("sign_in", "sign_out"):
            continue
        status = await ask(machine, port, route)
        assert status != 401, route.name
        assert (status != 403) == expected, f"{name} {route.name}: {status}"


async def test_nobody_does_anything_unless_signed_in(port: WebPort):
    nobody = port.client(**{"x-kouan-csrf": "1"})
    for route in guarded_routes(port.app):
        if route.name not in ANYBODY and route.name != "watch":
            assert await ask(nobody, port, route) == 401, route.name


async def test_who_may_not_call_a_route_is_refused_before_the_body_is_read(port: WebPort):
    nobody = port.client()
    garbage = {"content": b"\xff{", "headers": {"content-type": "application/json"}}
    assert (await nobody.post("/api/v1/holds", **garbage)).status_code == 401
    assert (await port.machine("carrier").post("/api/v1/holds", **garbage)).status_code == 403


def test_the_stream_asks_for_what_the_overview_asks_for():
    from kouan.web.events import watch
    from kouan.web.gate import get_overview

    assert need_of(watch) == need_of(get_overview)
