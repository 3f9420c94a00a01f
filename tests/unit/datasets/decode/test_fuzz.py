"""Mutated frames of every source: no decoder raises, no good neighbour is lost, and what is refused has a reason."""

from random import Random

from tests.support.mutate import cases, fuzz, mutated

FRAMES = 20_000


def test_twenty_thousand_mutated_frames_crash_nothing_and_lose_no_neighbour():
    found = dict(fuzz(7, FRAMES))
    assert sum(counts.frames for counts in found.values()) == FRAMES
    assert set(found) == {case.name for case in cases()}
    for name, counts in found.items():
        assert counts.rows > 0, name
        assert counts.rejects > 0, name


def test_the_same_seed_makes_the_same_frames():
    assert list(fuzz(3, 140)) == list(fuzz(3, 140))


def test_a_mutation_leaves_the_row_it_was_made_of_alone():
    for case in cases():
        before = repr(case.rows[0])
        random = Random(1)
        assert any(mutated(random, case.rows[0]) != case.rows[0] for _ in range(20))
        assert repr(case.rows[0]) == before
