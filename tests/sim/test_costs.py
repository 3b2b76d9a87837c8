"""What elections and writes cost: known where it can be counted by hand; strategies save some."""

from speckeeper.sim.costs import measure
from speckeeper.sim.schedule import draw_schedule
from speckeeper.sim.strategies import STRATEGIES, running
from speckeeper.sim.world import World


def test_a_write_costs_what_zab_says() -> None:
    alone = measure()["write alone"]

    # Of three servers: two PROPOSALs, two ACKs, two COMMITs; a sync on each disk; one round trip.
    assert alone.messages == 6.0
    assert 3.0 <= alone.syncs < 3.5
    assert alone.round_trips == 1.0


def test_five_servers_cost_more_messages_and_no_more_time() -> None:
    alone = measure(voters=5)["write alone"]

    assert alone.messages == 12.0
    assert alone.round_trips == 1.0


def test_cumulative_acks_save_messages_under_load_and_nothing_else() -> None:
    plain, saving = measure(), measure("cumulative-acks")

    assert saving["write alone"] == plain["write alone"]
    (load,) = (what for what in plain if "at once" in what)
    assert saving[load].messages < 4.1 < 6.0 == plain[load].messages
    assert saving[load].round_trips == plain[load].round_trips


def test_flexible_quorums_commit_alone_among_three() -> None:
    plain, flexible = measure(), measure("flexible-quorums")

    assert flexible["election"] == plain["election"]
    assert flexible["write alone"].round_trips == 0.0
    assert measure("flexible-quorums", voters=5)["write alone"].round_trips == 1.0


def test_strategies_break_nothing() -> None:
    for name in STRATEGIES:
        for seed in range(3):
            with running(name):
                report = World(draw_schedule(seed)).run()
            assert report.violation is None, (name, seed)
            assert report.committed > 0
