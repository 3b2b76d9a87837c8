"""Summaries and distributions of what a server counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.server.stats import Distribution, Summary


def test_empty_summary_is_all_zero() -> None:
    summary = Summary()
    assert (summary.count, summary.total, summary.min, summary.max) == (0, 0, 0, 0)
    assert summary.average == 0.0
    assert Distribution().quantile(0.5) == 0.0


def test_summary_counts_repeated_values() -> None:
    summary = Summary()
    summary.add(3, 2)
    summary.add(1)
    assert (summary.count, summary.total, summary.min, summary.max) == (3, 7, 1, 3)
    assert summary.average == 2.3333
    summary.reset()
    assert summary.count == summary.max == 0


def _sample_quantile(values: list[int], part: float) -> float:
    """com.codahale.metrics.UniformSnapshot.getValue."""
    values = sorted(values)
    position = part * (len(values) + 1)
    index = int(position)
    if index < 1:
        return values[0]
    if index >= len(values):
        return values[-1]
    return values[index - 1] + (position - index) * (values[index] - values[index - 1])


@given(
    st.lists(st.integers(0, 999), min_size=1),
    st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0]),
)
def test_quantiles_are_those_of_the_sorted_values(values: list[int], part: float) -> None:
    distribution = Distribution()
    for value in values:
        distribution.add(value)
    assert distribution.quantile(part) == pytest.approx(_sample_quantile(values, part))


@given(st.integers(0, 10**9))
def test_large_values_count_as_their_first_two_digits(value: int) -> None:
    distribution = Distribution()
    distribution.add(value)
    assert distribution.max == value
    assert value * 0.9 <= distribution.quantile(0.5) <= value


def test_reset_forgets_the_distribution() -> None:
    distribution = Distribution()
    distribution.add(500)
    distribution.reset()
    distribution.add(2)
    assert distribution.quantile(0.99) == 2
