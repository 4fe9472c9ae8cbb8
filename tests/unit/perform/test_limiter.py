"""The limiter: never more than allowed in any window, first come first served, whole queue waits when told to."""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipe_engine.plugin import RateLimit, Retryable
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.limiter import PATIENCE, Limiter
from tests.unit.perform.kit import drive, settle

limits = st.builds(RateLimit, count=st.integers(1, 7), per=st.floats(0.1, 100.0, allow_nan=False, allow_infinity=False))
arrivals = st.lists(st.floats(0, 50.0), min_size=1, max_size=40)


@given(st.lists(limits, min_size=1, max_size=3), arrivals)
@settings(deadline=None, max_examples=150)
def test_no_window_ever_holds_more_than_its_count(rates, offsets):
    clock = VirtualClock(1_800_000_000.0)
    start = clock.now()
    begun: list[float] = []

    async def caller(limiter, at):
        await clock.sleep_until(start + at)
        await limiter.acquire()
        begun.append(clock.now())

    async def all_callers():
        limiter = Limiter(clock, rates)
        await asyncio.gather(*(caller(limiter, at) for at in offsets))

    asyncio.run(drive(clock, all_callers()))
    assert len(begun) == len(offsets)
    begun.sort()
    for rate in rates:
        for first, last in zip(begun, begun[rate.count :], strict=False):
            assert last >= first + rate.per


async def test_first_come_first_served():
    clock = VirtualClock()
    limiter = Limiter(clock, [RateLimit(1, per=10)])
    order = []

    async def caller(number):
        await limiter.acquire()
        order.append(number)

    tasks = []
    for number in range(5):
        tasks.append(asyncio.create_task(caller(number)))
        await settle(2)
    await drive(clock, asyncio.gather(*tasks))
    assert order == [0, 1, 2, 3, 4]
    assert clock.now() == 40.0


async def test_a_caller_who_gives_up_costs_no_more_than_the_own_place():
    clock = VirtualClock()
    limiter = Limiter(clock, [RateLimit(1, per=10)])
    await limiter.acquire()
    first, second = (asyncio.create_task(limiter.acquire()) for _ in range(2))
    await settle()
    first.cancel()
    await drive(clock, second)
    assert clock.now() == 20.0
    await drive(clock, limiter.acquire())
    assert clock.now() == 30.0


async def test_everybody_in_the_queue_sleeps_on_the_clock():
    clock = VirtualClock()
    limiter = Limiter(clock, [RateLimit(2, per=10)])
    tasks = [asyncio.create_task(limiter.acquire()) for _ in range(7)]
    await settle()
    assert clock.asleep == 5
    await drive(clock, asyncio.gather(*tasks))
    assert clock.asleep == 0
    assert clock.now() == 30.0


async def test_without_limits_nobody_waits():
    limiter = Limiter(VirtualClock())
    assert [limiter.take_free() for _ in range(100)] == [True] * 100


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "7"}, 7.0),
        (503, {"retry-after": "0.5"}, 0.5),
        (429, {"retry-after": format_datetime(datetime.fromtimestamp(1_800_000_012, UTC), usegmt=True)}, 12.0),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "3"}, 3.0),
        (200, {"ratelimit-remaining": "0", "ratelimit-reset": "1800000005"}, 5.0),
        (200, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1800000006000"}, 6.0),
        (200, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "3"}, 0.0),
        (200, {"retry-after": "7"}, 0.0),
        (429, {"retry-after": "soon"}, 0.0),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "never"}, 0.0),
    ],
)
async def test_the_whole_queue_heeds_what_the_vendor_says(status, headers, seconds):
    clock = VirtualClock(1_800_000_000.0)
    limiter = Limiter(clock)
    limiter.heed(status, headers)
    await drive(clock, asyncio.gather(limiter.acquire(), limiter.acquire()))
    assert clock.now() == 1_800_000_000.0 + seconds


async def test_a_pause_that_comes_while_waiting_is_heeded():
    clock = VirtualClock()
    limiter = Limiter(clock, [RateLimit(1, per=10)])
    await limiter.acquire()
    waiting = asyncio.create_task(limiter.acquire())
    await settle()
    limiter.pause(25.0)
    await drive(clock, waiting)
    assert clock.now() == 25.0


async def test_a_long_pause_is_left_to_the_step():
    clock = VirtualClock()
    limiter = Limiter(clock)
    limiter.pause(PATIENCE + 100)
    with pytest.raises(Retryable) as caught:
        await limiter.acquire()
    assert caught.value.failure.code == "rate_limit"
    assert caught.value.failure.retry_after == PATIENCE + 100
    assert caught.value.failure.happened == "no"
    clock.advance_to(PATIENCE + 100)
    assert limiter.take_free()


def test_a_limit_that_admits_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one request"):
        Limiter(VirtualClock(), [RateLimit(0, per=1)])
