"""The mass book: dry mass is conserved to the decigram, whatever happens to the water."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.yard.yard_kit import LOT, NOW, PLACE, lot

from kouan.vocabulary.errors import InvalidValue, KouanError
from kouan.vocabulary.verdict import Refused
from kouan.yard.balance import balance_of_lot, balance_of_site
from kouan.yard.book import (
    Line,
    LossReason,
    MovementKind,
    Posting,
    bring_in,
    determine,
    dry,
    empty_stack,
    move,
    require_balanced,
    state_loss,
    take_out,
)
from kouan.yard.moisture import DECIGRAMS, Moist, mixed_bp, wet_kg_of
from kouan.yard.records import LotRecord, MovementRecord, StackRecord

OTHER = "coal/A/1/2"


def line(number: str = "m1") -> Line:
    return Line(number, "wang", NOW)


class Yard:
    """One lot, two stacks, and the journal."""

    def __init__(self) -> None:
        self.lot: LotRecord = lot()
        self.stacks: dict[str, StackRecord] = {place: empty_stack(place, "coal", LOT) for place in (PLACE, OTHER)}
        self.journal: list[MovementRecord] = []

    def take(self, posted: Posting | Refused) -> Posting | Refused:
        if isinstance(posted, Posting):
            self.lot = posted.lot
            self.stacks |= {stack.lies_at: stack for stack in posted.stacks}
            self.journal += posted.movements
        return posted

    def bring(self, wet_kg: int, moisture_bp: int, place: str = PLACE, number: str = "m1") -> Posting | Refused:
        mass = Moist(wet_kg, moisture_bp)
        return self.take(bring_in(self.lot, self.stacks[place], mass, 1_000_000, line(number)))


def code(answer: object) -> str:
    assert isinstance(answer, Refused)
    return answer.reasons[0].code


def test_coal_that_dries_in_the_stack_weighs_less_and_nothing_is_lost() -> None:
    yard = Yard()
    yard.bring(100_000, 800)
    yard.take(dry(yard.lot, yard.stacks[PLACE], 500, line("m2")))
    found = balance_of_lot(yard.lot, yard.stacks.values(), yard.journal)
    assert found.holds
    assert (found.in_kg, found.stock_kg, found.moisture_kg, found.loss_kg) == (100_000, 96_842, 3_158, 0)
    assert found.in_dg == found.stock_dg == 92_000 * DECIGRAMS


def test_what_leaves_is_counted_at_the_moisture_it_leaves_with() -> None:
    yard = Yard()
    yard.bring(100_000, 800)
    yard.take(dry(yard.lot, yard.stacks[PLACE], 0, line("m2")))
    assert code(take_out(yard.lot, yard.stacks[PLACE], 92_001, line("m3"))) == "yard.stack_short"
    yard.take(take_out(yard.lot, yard.stacks[PLACE], 92_000, line("m3")))
    assert yard.stacks[PLACE].dry_dg == 0


def test_the_laboratorys_moisture_corrects_what_came_in() -> None:
    yard = Yard()
    yard.bring(80_000, 800)
    yard.take(determine(yard.lot, yard.stacks[PLACE], 80_000, 800, 1_000, line("m2")))
    found = balance_of_lot(yard.lot, yard.stacks.values(), yard.journal)
    assert found.holds
    assert found.in_dg == 72_000 * DECIGRAMS
    assert found.stock_kg == 80_000
    assert yard.stacks[PLACE].moisture_bp == 1_000


def test_a_loss_has_a_reason_and_only_a_stock_take_finds_more() -> None:
    yard = Yard()
    yard.bring(80_000, 0)
    assert code(state_loss(yard.lot, yard.stacks[PLACE], -10, LossReason.DUST, line("m2"))) == "yard.loss"
    assert code(state_loss(yard.lot, yard.stacks[PLACE], 80_001, LossReason.DUST, line("m2"))) == "yard.stack_short"
    yard.take(state_loss(yard.lot, yard.stacks[PLACE], 500, LossReason.DUST, line("m2")))
    yard.take(state_loss(yard.lot, yard.stacks[PLACE], -200, LossReason.STOCK_TAKE, line("m3")))
    found = balance_of_site("coal", [balance_of_lot(yard.lot, yard.stacks.values(), yard.journal)])
    assert found.holds
    assert dict(found.losses_kg) == {"dust": 500, "stock_take": -200}


def test_two_lots_never_lie_on_one_stack() -> None:
    yard = Yard()
    yard.bring(80_000, 800)
    other = lot(lot="071320251000000002-1")
    assert code(bring_in(other, yard.stacks[PLACE], Moist(1, 0), 1_000_000, line())) == "yard.another_lot"
    assert code(take_out(other, yard.stacks[PLACE], 1, line())) == "yard.stack_short"
    yard.take(state_loss(yard.lot, yard.stacks[PLACE], None, LossReason.SPILLAGE, line("m2")))
    assert isinstance(bring_in(other, yard.stacks[PLACE], Moist(1, 0), 1_000_000, line()), Posting)


def test_a_full_stack_takes_no_more() -> None:
    yard = Yard()
    assert code(bring_in(yard.lot, yard.stacks[PLACE], Moist(1_000_001, 0), 1_000_000, line())) == "yard.stack_full"


def test_a_moisture_or_a_mass_that_cannot_be_is_refused() -> None:
    for wet_kg, moisture_bp in ((1, -1), (1, 9_001), (-1, 0)):
        with pytest.raises(InvalidValue):
            Moist(wet_kg, moisture_bp)


def test_an_account_that_does_not_balance_is_never_written() -> None:
    with pytest.raises(KouanError, match="does not balance"):
        require_balanced(lot(in_dg=10, stock_dg=9))


def test_the_balance_names_what_does_not_agree() -> None:
    yard = Yard()
    yard.bring(80_000, 800)
    thief = yard.stacks[PLACE]
    stolen = StackRecord(thief.lies_at, 9, thief.site, thief.lot, thief.dry_dg - 1, thief.moisture_bp, NOW)
    found = balance_of_lot(yard.lot, [stolen], yard.journal)
    assert not found.holds
    told = {each.code: each.params for each in found.findings}
    assert set(told) == {"yard.stack_differs", "yard.account_stock_differs", "yard.mass_differs"}
    assert told["yard.stack_differs"] == {
        "lot": yard.lot.lot, "place": PLACE, "journal_dg": thief.dry_dg, "found_dg": thief.dry_dg - 1,
    }  # fmt: skip
    assert balance_of_site("coal", [found, found]).findings == found.findings * 2


@given(st.integers(0, 10**6), st.integers(0, 9_000))
def test_a_wet_mass_comes_back_from_its_dry_mass(wet_kg: int, moisture_bp: int) -> None:
    assert wet_kg_of(Moist(wet_kg, moisture_bp).dry_dg, moisture_bp) == wet_kg


@given(st.integers(1, 10**6), st.integers(0, 9_000), st.integers(1, 10**6), st.integers(0, 9_000))
def test_mixed_goods_are_as_wet_as_their_parts_together(kg: int, bp: int, more_kg: int, more_bp: int) -> None:
    mixed = mixed_bp((Moist(kg, bp).dry_dg, bp), (Moist(more_kg, more_bp).dry_dg, more_bp))
    water = kg * bp + more_kg * more_bp
    assert abs(mixed - water / (kg + more_kg)) <= 1
    assert min(bp, more_bp) <= mixed <= max(bp, more_bp)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["in", "out", "sample", "loss", "gain", "all", "move", "dry", "determine"]),
        st.sampled_from([PLACE, OTHER]),
        st.integers(0, 90_000),
        st.integers(0, 3_000),
    ),
    max_size=30,
)


@given(ACTS)
@settings(deadline=None, max_examples=300)
def test_mass_in_is_mass_out_and_stock_and_stated_loss_after_every_act(acts: list[tuple[str, str, int, int]]) -> None:
    yard, did = Yard(), 0
    for number, (name, place, kg, bp) in enumerate(acts):
        did += isinstance(yard.take(act(yard, name, place, kg, bp, f"m{number}")), Posting)
        found = balance_of_lot(yard.lot, yard.stacks.values(), yard.journal)
        assert found.findings == ()
        assert found.in_dg == found.out_dg + found.stock_dg + found.loss_dg
        assert all(stack.dry_dg >= 0 for stack in yard.stacks.values())
    assert yard.lot.version == 1 + did


def act(yard: Yard, name: str, place: str, kg: int, bp: int, number: str) -> Posting | Refused:
    account, stack, onto = yard.lot, yard.stacks[place], yard.stacks[OTHER if place == PLACE else PLACE]
    match name:
        case "in":
            return bring_in(account, stack, Moist(kg, bp), 400_000, line(number))
        case "out":
            return take_out(account, stack, kg, line(number))
        case "sample":
            return take_out(account, stack, kg % 50, line(number), MovementKind.SAMPLE)
        case "loss":
            return state_loss(account, stack, kg, LossReason.DUST, line(number))
        case "gain":
            return state_loss(account, stack, -(kg % 500), LossReason.STOCK_TAKE, line(number))
        case "all":
            return state_loss(account, stack, None, LossReason.OXIDATION, line(number))
        case "move":
            return move(account, stack, onto, kg, 400_000, line(number))
        case "dry":
            return dry(account, stack, bp, line(number))
        case _:
            return determine(account, stack, kg, 800, bp, line(number))
