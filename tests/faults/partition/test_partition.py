"""Three real edges and a real hub on a network that is cut: nothing is lost, or counted twice, or against policy."""

import os
from pathlib import Path

import pytest

from kouan.proving.partition.cuts import Kind, draw
from kouan.proving.partition.experiment import experiment
from kouan.proving.partition.network import Network, Way, why_impossible

EDGES = ("ceke", "mandula", "ganqimaodu")


def needs_namespaces() -> None:
    reason = why_impossible()
    if reason is not None and os.environ.get("CI") != "true":
        pytest.skip(f"no network of namespaces here: {reason}")
    assert reason is None


def test_the_same_seed_draws_the_same_troubles() -> None:
    assert draw(EDGES, 3, 60, 20) == draw(EDGES, 3, 60, 20)
    assert draw(EDGES, 3, 60, 20) != draw(EDGES, 4, 60, 20)


@pytest.mark.parametrize("seed", range(20))
def test_every_run_cuts_each_edge_in_a_way_of_its_own_and_kills_the_hub_and_an_edge(seed: int) -> None:
    troubles = draw(EDGES, seed, 60, 20)
    cuts = {trouble.host: trouble.way for trouble in troubles if trouble.kind is Kind.CUT}
    assert cuts.keys() == set(EDGES)
    assert set(cuts.values()) == set(Way)
    assert {trouble.host for trouble in troubles if trouble.kind is Kind.FLAP} == set(EDGES)
    killed = [trouble.host for trouble in troubles if trouble.kind is Kind.KILL]
    assert len(killed) == 2
    assert "hub" in killed


def test_a_network_that_goes_down_leaves_nothing_behind() -> None:
    needs_namespaces()
    with Network(("hub", "edge")) as network:
        network.cut("edge", Way.SENDING)
        network.heal("edge")
        assert network.pids("edge") == ()
    with pytest.raises(Exception, match="netns"):
        network.pids("edge")


@pytest.mark.slow
def test_edges_that_were_cut_off_have_everything_at_their_hub_once(tmp_path: Path) -> None:
    needs_namespaces()
    figures = experiment(tmp_path, seed=7, cut_s=42, flap_s=9, speed=1.5, tell=print)
    assert figures.failures == []
    assert (figures.lost, figures.counted_wrong, figures.released_against_policy) == (0, 0, 0)
    assert len(figures.cuts) == len(EDGES)
    assert figures.kills == 2
