"""Weeks and dates.

A run consists of whole weeks, counted from its first day: week ``w`` is the seven days from ``start + 7 w``. The
default start, 2012-01-02, is a Monday, so the weeks are calendar weeks. With another first day, weeks begin on that day
of the week. Days before ``end`` that do not fill a whole week are not simulated.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

DAYS = 7
WEEKS_PER_YEAR = 365.25 / DAYS


@dataclass(frozen=True, slots=True)
class Clock:
    """The weeks from `start` to `end`.

    Parameters
    ----------
    start, end : datetime.date
        The first day, and the day by which the last week must be over.

    Raises
    ------
    ValueError
        If not even one week fits between the two days.

    Examples
    --------
    >>> from datetime import date
    >>> clock = Clock(date(2012, 1, 2), date(2018, 12, 31))
    >>> clock.weeks, clock.date(1).isoformat(), clock.week(date(2012, 1, 15))
    (365, '2012-01-09', 1)
    """

    start: dt.date
    end: dt.date

    def __post_init__(self) -> None:
        if self.weeks < 1:
            raise ValueError(f"the period from {self.start} to {self.end} is less than one whole week")

    @property
    def weeks(self) -> int:
        """The number of whole weeks."""
        return (self.end - self.start).days // DAYS

    def date(self, week: int) -> dt.date:
        """The first day of a week. A week before 0 or after the last gives a date outside the run."""
        return self.start + dt.timedelta(days=DAYS * int(week))

    def week(self, day: dt.date) -> int:
        """The week that contains a day: negative before the start, `weeks` or more after the end."""
        return (day - self.start).days // DAYS
