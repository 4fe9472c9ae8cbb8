"""The virtual clock moves only when told, and time limits follow it."""

import asyncio

import pytest

from recipe_engine.runtime.clock import SystemClock, VirtualClock


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_sleepers_wake_in_the_order_of_their_moments():
    clock = VirtualClock(100.0)
    woken = []

    async def sleeper(at: float) -> None:
        await clock.sleep_until(at)
        woken.append(at)

    tasks = [asyncio.create_task(sleeper(at)) for at in (300.0, 200.0, 400.0)]
    await _settle()
    assert clock.next_due() == 200.0
    clock.advance_to(350.0)
    await _settle()
    assert woken == [200.0, 300.0]
    assert clock.now() == 350.0
    clock.advance_to(400.0)
    await asyncio.gather(*tasks)


async def test_the_past_is_not_waited_for():
    clock = VirtualClock(100.0)
    await clock.sleep_until(99.0)
    await SystemClock().sleep_until(0.0)
    assert clock.next_due() is None


async def test_the_clock_never_moves_back():
    clock = VirtualClock(100.0)
    clock.advance_to(50.0)
    assert clock.now() == 100.0


async def test_a_cancelled_sleeper_is_forgotten():
    clock = VirtualClock()
    task = asyncio.create_task(clock.sleep_until(10.0))
    await _settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.next_due() is None


async def test_a_time_limit_cuts_a_virtual_sleep_at_its_moment():
    clock = VirtualClock(1000.0)

    async def work() -> None:
        async with clock.limit(60.0):
            await clock.sleep_until(1090.0)

    task = asyncio.create_task(work())
    await _settle()
    assert clock.next_due() == 1060.0
    clock.advance_to(1060.0)
    with pytest.raises(TimeoutError):
        await task
    assert clock.next_due() is None


async def test_time_does_not_count_while_the_limit_is_held():
    clock = VirtualClock()

    async def work() -> float:
        async with clock.limit(10.0) as limit:
            await clock.sleep_until(8.0)
            limit.hold()
            limit.hold()
            await clock.sleep_until(108.0)
            limit.release()
            limit.release()
            await clock.sleep_until(109.0)
            reached = clock.now()
            with pytest.raises(asyncio.CancelledError):
                await clock.sleep_until(200.0)
            raise asyncio.CancelledError
        return reached

    task = asyncio.create_task(work())
    await _settle()
    while (due := clock.next_due()) is not None:
        clock.advance_to(due)
        await _settle()
    with pytest.raises(TimeoutError):
        await task
    assert clock.now() == 110.0


async def test_a_time_limit_alone_is_not_due():
    clock = VirtualClock()
    async with clock.limit(10.0):
        assert clock.next_due() is None


async def test_the_system_clock_limits_too():
    clock = SystemClock()
    with pytest.raises(TimeoutError):
        async with clock.limit(0.0):
            await asyncio.Event().wait()
    async with clock.limit(60.0) as limit:
        limit.hold()
        await asyncio.sleep(0)
        limit.release()


async def test_what_is_left_when_held_is_left_when_released():
    async def held() -> None:
        async with SystemClock().limit(0.0) as limit:
            limit.hold()
            await asyncio.sleep(0)
            limit.release()
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await held()
