"""Months of publication: what is counted, what is estimated from neighbours, and when it is not."""

from __future__ import annotations

from crawler.publish.report.figures import ENOUGH, ByMonth, Month, by_month


def told(dates: dict[int, str], missing: list[int]) -> ByMonth:
    return by_month(dates, missing, dates)


def test_months_without_an_article_stand_between_others() -> None:
    found = told({1: "2017-11", 2: "2017-11", 9: "2018-02"}, [])
    assert found.months == [
        Month("2017-11", 2, 0),
        Month("2017-12", 0, 0),
        Month("2018-01", 0, 0),
        Month("2018-02", 1, 0),
    ]
    assert (found.undated, found.unplaced) == (0, 0)


def test_a_wrong_year_does_not_make_a_thousand_months() -> None:
    assert [month.name for month in told({1: "0207-01", 2: "2017-11"}, []).months] == ["0207-01", "2017-11"]


def test_nothing_recovered_has_no_months() -> None:
    assert told({}, [4, 5]) == ByMonth([], 0, 2, 0, 0)


def test_recovered_articles_without_a_date_are_counted_apart() -> None:
    assert by_month([1, 2, 3], [], {2: "2018-01"}).undated == 2


def test_too_few_trials_prove_nothing() -> None:
    found = told({2 * i: "2018-01" for i in range(1, ENOUGH)}, [5])
    assert (found.tested, found.right, found.trusted, found.unplaced) == (ENOUGH - 3, ENOUGH - 3, False, 1)
    assert found.months == [Month("2018-01", ENOUGH - 1, 0)]


def test_a_missing_article_is_of_the_month_of_both_its_neighbours() -> None:
    """401 is between two of one month; 301 is not, and 1 and 9999 are before and after all."""
    for missing, in_first, in_second, unplaced in (
        ([5], 1, 0, 0),
        ([401], 0, 1, 0),
        ([301], 0, 0, 1),
        ([1, 9999], 0, 0, 2),
    ):
        found = told({2 * i: "2018-01" if i <= 150 else "2018-02" for i in range(1, 301)}, missing)
        assert found.trusted
        assert [(month.name, month.missing) for month in found.months] == [
            ("2018-01", in_first),
            ("2018-02", in_second),
        ]
        assert found.unplaced == unplaced


def test_ids_that_do_not_rise_with_time_are_not_trusted() -> None:
    found = told({i: f"2018-{i % 2 + 1:02d}" for i in range(1, 400)}, [500])
    assert (found.tested, found.right, found.trusted) == (397, 0, False)
