"""One month of flights as a table, each with the last weather that was observed before it was to depart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import Refused
from pipelines.model import Column, Schema
from pipelines.models.flight_delay.source import FLIGHTS, WEATHER
from pipelines.tables import arrow_type, read_csv

WIND_LIMIT = 144.0
"""Miles per hour: 125 knots, the most that the airports' anemometers (ASOS) can measure. A reading above it is none;
there is one in 2013, of 1,048 mph at EWR on February 12. An anemometer that fails for long is refused as too many
missing values."""

WEATHER_MAX_AGE = pd.Timedelta("3h")
"""An older observation says little about the weather; the value is then missing."""

AIRPORTS = ("EWR", "JFK", "LGA")

_SCHEDULE = (
    Column("sched_dep_time", "long", "local time, HHMM", 0, 2359),
    Column("sched_arr_time", "long", "local time there, HHMM", 0, 2359),
    Column("carrier", "string", pattern="[0-9A-Z]{2}"),
    Column("flight", "long", minimum=1, maximum=9999),
    Column("origin", "string", values=AIRPORTS),
    Column("dest", "string", pattern="[A-Z]{3}"),
    Column("distance", "long", "miles", 10, 6000),
    Column("time_hour", "string", "UTC", pattern=r"\d{4}-\d\d-\d\dT\d\d:00:00Z"),
)
AFTER_DEPARTURE = (
    Column("dep_time", "long", "local time, HHMM", 1, 2400, max_missing=0.3),
    Column("dep_delay", "double", "minutes", -120, 2000, max_missing=0.3),
    Column("arr_time", "long", "local time there, HHMM", 1, 2400, max_missing=0.3),
    Column("arr_delay", "double", "minutes", -180, 2000, max_missing=0.3),
    Column("air_time", "double", "minutes", 10, 1000, max_missing=0.3),
    Column("tailnum", "string", pattern="[0-9A-Z]{3,6}", max_missing=0.1),
)
"""Known only when it is too late to ask. The aircraft is among them: it is often changed at the gate."""

_WEATHER = (
    Column("temp", "double", "°F", -40, 130, max_missing=0.2),
    Column("dewp", "double", "°F", -60, 100, max_missing=0.2),
    Column("humid", "double", "%", 0, 100, max_missing=0.2),
    Column("wind_dir", "double", "degrees", 0, 360, max_missing=0.3),
    Column("wind_speed", "double", "mph", 0, WIND_LIMIT, max_missing=0.2),
    Column("wind_gust", "double", "mph", 0, WIND_LIMIT, max_missing=1.0),  # reported only when there are gusts
    Column("precip", "double", "inches", 0, 10, max_missing=0.2),
    Column("precip_6h", "double", "inches", 0, 30, max_missing=0.2),
    Column("pressure", "double", "millibars", 870, 1085, max_missing=0.5),
    Column("visib", "double", "miles", 0, 10, max_missing=0.2),
)
_OBSERVED = tuple(column for column in _WEATHER if column.name != "precip_6h")
_DAY = (Column("year", "long"), Column("month", "long"), Column("day", "long"))

RAW = Schema(
    columns=(
        Column("date", "string", "local", pattern=r"\d{4}-\d\d-\d\d"),
        *_SCHEDULE,
        *AFTER_DEPARTURE,
        *_WEATHER,
    ),
    key=("date", "carrier", "flight", "origin"),
    min_rows=1000,
    month="date",
)


def months(source: Path) -> Sequence[str]:
    """Return the months that there are flights of, oldest first."""
    pattern = re.compile(re.escape(FLIGHTS).replace(r"\{month\}", r"(\d{4}-\d\d)"))
    return sorted(match[1] for path in source.iterdir() if (match := pattern.fullmatch(path.name)))


def ingest(source: Path, month: str) -> pa.Table:
    """Read a month's flights with the weather before each.

    The weather of an hour is what was observed within it, at minute 51 as a rule. A flight is scheduled from the start
    of its hour on, so the hour before is the last one whose observation is certainly known: a flight of 10:05 gets the
    weather of 9:51, never that of 10:51.
    """
    flights = read_csv(source / FLIGHTS.format(month=month), (*_DAY, *_SCHEDULE, *AFTER_DEPARTURE))
    weather = _read_weather(source, month)
    frame = flights.to_pandas(types_mapper=pd.ArrowDtype)
    frame["row"] = range(len(frame))
    frame["known"] = _time(flights["time_hour"]) - pd.Timedelta("1h")
    joined = pd.merge_asof(
        frame.sort_values(["known", "row"]),
        weather,
        left_on="known",
        right_on="observed",
        by="origin",
        tolerance=WEATHER_MAX_AGE,
    ).sort_values("row")
    joined["date"] = (
        joined["year"].astype("string").str.zfill(4)
        + "-"
        + joined["month"].astype("string").str.zfill(2)
        + "-"
        + joined["day"].astype("string").str.zfill(2)
    )
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in RAW.columns])
    return pa.Table.from_pandas(joined[schema.names], schema=schema, preserve_index=False).replace_schema_metadata(None)


def _read_weather(source: Path, month: str) -> pd.DataFrame:
    """Read the weather of a month and, if it is there, of the month before, which the first hour needs."""
    before = str(pd.Period(month, "M") - 1)
    paths = [source / WEATHER.format(month=each) for each in (before, month)]
    if not paths[1].is_file():
        raise Refused(
            f"{paths[1].name}: there is no such file", remedy=f"deliver the weather of {month}", file=paths[1].name
        )
    columns = (Column("origin", "string"), Column("time_hour", "string"), *_OBSERVED)
    table = pa.concat_tables([read_csv(path, columns) for path in paths if path.is_file()])
    frame = table.to_pandas()
    frame["origin"] = table["origin"].to_pandas(types_mapper=pd.ArrowDtype)
    frame["observed"] = _time(table["time_hour"])
    for column in ("wind_speed", "wind_gust"):
        frame[column] = frame[column].where(frame[column] <= WIND_LIMIT)
    frame = frame.drop(columns="time_hour").sort_values(["origin", "observed"], kind="stable", ignore_index=True)
    # Sorted by airport, so the rows of the groups come in the order of the frame.
    last_hours = frame.set_index("observed").groupby("origin", sort=False)["precip"].rolling("6h", min_periods=1)
    frame["precip_6h"] = last_hours.sum().to_numpy().clip(min=0)  # a sum that slides can end a hair below 0
    return frame.sort_values("observed", kind="stable")


def _time(texts: pa.ChunkedArray) -> pd.Series:
    return pc.strptime(texts, format="%Y-%m-%dT%H:%M:%SZ", unit="ns").to_pandas()
