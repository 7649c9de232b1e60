"""What is known about a flight at the start of the hour in which it is to depart, and whether it came late.

Known: the schedule (its own, and how many flights leave the same airport in that hour), the calendar, and the last
weather that was observed before that hour. Not known, and so not used: anything of `AFTER_DEPARTURE`.

The temperature is left to dew point and humidity, which it follows from: as a column of its own it tells the season,
and half a year teaches wrong things about seasons (AUC of July after January to June: 0.751 with it, 0.759 without).

A flight that did not arrive where it should, cancelled or diverted (2.8 % of 2013), has no delay and is left out: the
answer is about flights that arrive. It still counts as a scheduled flight of its hour.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pandas.tseries.holiday import USFederalHolidayCalendar

from pipelines.model import Column
from pipelines.models.flight_delay.raw import AIRPORTS
from pipelines.tables import arrow_type

LATE_MINUTES = 15
"""From here on an arrival is late: the airlines' own measure, in the US Department of Transportation's statistics."""

HOLIDAY_DAYS = 7.0
"""Farther from a holiday than a week makes no difference."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

TARGET = "late"

INPUTS = (
    Column("carrier", "string"),
    Column("origin", "string", values=AIRPORTS),
    Column("destination", "string"),
    Column("day", "string", values=DAYS),
    Column("departure", "float", "hours, local time", 0, 24),
    Column("arrival", "float", "hours, local time there", 0, 24),
    Column("distance", "float", "miles", 0, 6000),
    Column("holiday", "float", "days to the nearest federal holiday", 0, HOLIDAY_DAYS),
    Column("traffic", "float", "flights to depart there in that hour", 1, 200),
    # Weather is not always observed: these may be null, and the models take them so.
    Column("dew_point", "float", "°F", max_missing=1.0),
    Column("humidity", "float", "%", 0, 100, max_missing=1.0),
    Column("wind_direction", "float", "degrees", 0, 360, max_missing=1.0),
    Column("wind_speed", "float", "mph", 0, max_missing=1.0),
    Column("wind_gust", "float", "mph", 0, max_missing=1.0),
    Column("precipitation", "float", "inches in an hour", 0, max_missing=1.0),
    Column("precipitation_6h", "float", "inches in six hours", 0, max_missing=1.0),
    Column("pressure", "float", "millibars", max_missing=1.0),
    Column("visibility", "float", "miles", 0, 10, max_missing=1.0),
)

_WEATHER = {
    "dew_point": "dewp",
    "humidity": "humid",
    "wind_direction": "wind_dir",
    "wind_speed": "wind_speed",
    "wind_gust": "wind_gust",
    "precipitation": "precip",
    "precipitation_6h": "precip_6h",
    "pressure": "pressure",
    "visibility": "visib",
}


def features(raw: pa.Table) -> pa.Table:
    """Turn a month of flights into inputs and target, in order of the scheduled departure.

    Weather that was not observed is null. `late` is 1 for an arrival more than 15 minutes after the schedule.
    """
    frame = raw.to_pandas()
    frame["traffic"] = frame.groupby(["origin", "time_hour"])["flight"].transform("size")
    dates = pd.to_datetime(frame["date"])
    columns = {
        "carrier": frame["carrier"],
        "origin": frame["origin"],
        "destination": frame["dest"],
        "day": dates.dt.day_of_week.map(dict(enumerate(DAYS))),
        "departure": _hours(frame["sched_dep_time"]),
        "arrival": _hours(frame["sched_arr_time"]),
        "distance": frame["distance"],
        "holiday": days_to_holiday(dates),
        "traffic": frame["traffic"],
        **{name: frame[column] for name, column in _WEATHER.items()},
        TARGET: (frame["arr_delay"] > LATE_MINUTES).astype("int64"),
    }
    order = frame.sort_values(["date", "sched_dep_time", "origin", "carrier", "flight"], kind="stable").index
    arrived = order[frame["arr_delay"].notna()[order]]
    schema = pa.schema([*((column.name, arrow_type(column.type)) for column in INPUTS), (TARGET, pa.int64())])
    table = pa.Table.from_pandas(pd.DataFrame(columns).loc[arrived], schema=schema, preserve_index=False, safe=False)
    return table.replace_schema_metadata(None)


def days_to_holiday(dates: pd.Series) -> npt.NDArray[np.float64]:
    """Return for each date how many days it is from the nearest US federal holiday, at most `HOLIDAY_DAYS`."""
    margin = pd.Timedelta(days=HOLIDAY_DAYS)
    holidays = USFederalHolidayCalendar().holidays(dates.min() - margin, dates.max() + margin)
    if holidays.empty:
        return np.full(len(dates), HOLIDAY_DAYS)
    days: npt.NDArray[np.float64] = np.abs(dates.to_numpy()[:, None] - holidays.to_numpy()[None, :]).min(
        axis=1
    ) / np.timedelta64(1, "D")
    return np.minimum(days, HOLIDAY_DAYS)


def _hours(hhmm: pd.Series) -> pd.Series:
    return hhmm // 100 + hhmm % 100 / 60
