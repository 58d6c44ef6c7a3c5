"""Tenders over accounts: no cent is lost, none is used twice, and each part has one of each."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weatherhead.areas.payments.spread import spread

AMOUNTS = st.lists(st.integers(1, 10**7), min_size=1, max_size=12)


@given(tenders=AMOUNTS, cuts=st.sets(st.integers(1, 10**8), max_size=12))
def test_parts_foot_both_ways(tenders: list[int], cuts: set[int]) -> None:
    total = sum(tenders)
    ends = [*sorted(cut for cut in cuts if cut < total), total]
    applications = [end - begin for begin, end in zip([0, *ends[:-1]], ends, strict=True)]
    parts = list(spread(tenders, applications))
    by_tender, by_account = Counter[int](), Counter[int]()
    for tender, account, cents in parts:
        assert cents > 0
        by_tender[tender] += cents
        by_account[account] += cents
    assert [by_tender[place] for place in range(len(tenders))] == tenders
    assert [by_account[place] for place in range(len(applications))] == applications
    assert len({(tender, account) for tender, account, _ in parts}) == len(parts) < len(tenders) + len(applications)


@pytest.mark.parametrize(("tenders", "applications"), [([5], [4]), ([5, 0], [5]), ([-1, 6], [5]), ([], [1])])
def test_what_does_not_foot_is_a_bug(tenders: list[int], applications: list[int]) -> None:
    with pytest.raises(ValueError, match="come to the same"):
        list(spread(tenders, applications))
