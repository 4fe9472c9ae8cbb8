"""Names of runs."""

from __future__ import annotations

from recipe_engine.runtime.run_ids import new_run_id


def test_names_sort_by_their_moments():
    moments = [0.0, 1.0, 1_767_225_600.0, 1_767_225_600.001, 1_800_000_000.0, 8e9]
    names = [new_run_id(moment) for moment in moments]
    assert names == sorted(names)
    assert {len(name) for name in names} == {16}
    assert all(name.isalnum() and name == name.lower() for name in names)


def test_names_of_one_moment_differ():
    assert len({new_run_id(1_767_225_600.0) for _ in range(1000)}) == 1000
