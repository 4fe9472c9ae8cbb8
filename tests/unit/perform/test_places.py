"""Requests under way at the same time: no more than there are places, whoever came first goes first."""

import asyncio

import pytest

from recipe_engine.runtime.clock import SystemClock, VirtualClock
from recipe_engine.runtime.places import Places
from tests.unit.perform.kit import settle


async def test_who_came_first_gets_the_next_place():
    places, order = Places(1, VirtualClock()), []

    async def work(name):
        await places.take()
        order.append(name)
        await asyncio.sleep(0)
        places.give_back()

    await asyncio.gather(*(work(n) for n in range(5)))
    assert order == [0, 1, 2, 3, 4]
    assert places.take_free()
    assert not places.take_free()


@pytest.mark.parametrize("clock", [VirtualClock(), SystemClock()], ids=["virtual", "system"])
async def test_who_is_cut_off_leaves_the_place_to_the_next(clock):
    places = Places(1, clock)
    await places.take()
    waiting = [asyncio.ensure_future(places.take()) for _ in range(3)]
    await settle()
    waiting[0].cancel()
    await settle()
    places.give_back()
    waiting[1].cancel()  # it has the place by now, and does not know it yet
    await settle()
    assert [each.done() and not each.cancelled() for each in waiting] == [False, False, True]


async def test_who_waits_for_a_place_lets_a_virtual_clock_move_on():
    clock = VirtualClock()
    places = Places(1, clock)
    await places.take()
    waiting = [asyncio.ensure_future(places.take()) for _ in range(3)]
    await settle()
    assert clock.asleep == 3
    places.give_back()
    assert clock.asleep == 2
    for _ in range(2):
        await settle()
        places.give_back()
    await asyncio.gather(*waiting)
    assert clock.asleep == 0


def test_there_is_at_least_one_place():
    with pytest.raises(ValueError, match="at least one place"):
        Places(0, VirtualClock())
