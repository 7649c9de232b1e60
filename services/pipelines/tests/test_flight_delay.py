"""The flights: known before departure only, and what is known is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines.errors import Refused
from pipelines.model import Column
from pipelines.models.flight_delay import source
from pipelines.models.flight_delay.features import LATE_MINUTES, TARGET, days_to_holiday
from pipelines.models.flight_delay.raw import AFTER_DEPARTURE, WIND_LIMIT
from pipelines.validation.checks import check
from support import MONTHS, ROWS, flight_source

from pipelines import feature_table, models

MODEL = models.load("flight-delay")
INPUTS = [entry.name for entry in MODEL.inputs]
MONTH = "2013-02"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return flight_source(tmp_path_factory.mktemp("flights") / "source")


@pytest.fixture(scope="module")
def raw(files: Path) -> pa.Table:
    return MODEL.ingest(files, MONTH)


def test_real_months_are_valid_and_have_rows_for_every_arrival(raw: pa.Table, files: Path) -> None:
    assert list(MODEL.months(files)) == list(MONTHS)
    assert check("file", MONTH, raw, MODEL.raw) == []
    features = feature_table.make(MODEL, raw)
    assert raw.num_rows == ROWS
    assert features.num_rows == ROWS - raw["arr_delay"].null_count
    assert 0.1 < pc.mean(features[TARGET]).as_py() < 0.4


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_nothing_known_only_after_departure_reaches_the_inputs(raw: pa.Table, seed: int) -> None:
    # Which flights arrive decides which rows there are, so what is missing stays missing; every value changes.
    random = np.random.default_rng(seed)
    changed = raw
    for column in AFTER_DEPARTURE:
        old = raw[column.name].combine_chunks()
        if pa.types.is_string(old.type):
            new = pa.array([f"N{number}" for number in random.integers(1000, 9999, len(old))])
        else:
            new = pa.array(random.integers(1, 1400, len(old))).cast(old.type)
        new = pc.if_else(old.is_valid(), new, pa.scalar(None, old.type))
        changed = changed.set_column(changed.column_names.index(column.name), column.name, new)
    before, after = MODEL.features(raw), MODEL.features(changed)
    assert after.select(INPUTS).equals(before.select(INPUTS))
    assert not after[TARGET].equals(before[TARGET])


def test_a_cancelled_flight_has_no_answer_but_counts_as_traffic(raw: pa.Table) -> None:
    frame = raw.to_pandas()
    row = frame[frame["arr_delay"].notna()].index[0]
    cancelled = frame.copy()
    for column in ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"):
        cancelled.loc[row, column] = None
    before = MODEL.features(raw)
    after = MODEL.features(pa.Table.from_pandas(cancelled, schema=raw.schema, preserve_index=False))
    assert after.num_rows == before.num_rows - 1
    rows_before, rows_after = (set(table.to_pandas().fillna(-1).itertuples(index=False)) for table in (before, after))
    assert rows_after <= rows_before


def test_late_is_more_than_15_minutes(raw: pa.Table) -> None:
    frame = raw.to_pandas().head(3)
    frame["arr_delay"] = [LATE_MINUTES, LATE_MINUTES + 1.0, -20.0]
    features = MODEL.features(pa.Table.from_pandas(frame, schema=raw.schema, preserve_index=False))
    assert sorted(features[TARGET].to_pylist()) == [0, 0, 1]


def test_features_are_in_order_of_time_whatever_the_order_of_the_file(raw: pa.Table) -> None:
    shuffled = raw.take(pa.array(np.random.default_rng(1).permutation(raw.num_rows)))
    assert MODEL.features(shuffled).equals(MODEL.features(raw))


def rewrite(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], to: Path) -> None:
    change(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(to, index=False)


def test_weather_is_that_of_the_hour_before_and_never_of_the_scheduled_hour(files: Path, tmp_path: Path) -> None:
    flights, weather = (name.format(month=MONTH) for name in (source.FLIGHTS, source.WEATHER))
    (tmp_path / flights).write_bytes((files / flights).read_bytes())
    # The temperature of an hour is made the hour itself, in hours since the month began.
    start = pd.Timestamp(f"{MONTH}-01", tz="UTC")

    def number_hours(frame: pd.DataFrame) -> pd.DataFrame:
        hours = (pd.to_datetime(frame["time_hour"]) - start) / pd.Timedelta("1h")
        return frame.assign(temp=(hours % 100).astype(int).astype(str))

    rewrite(files / weather, number_hours, tmp_path / weather)
    frame = MODEL.ingest(tmp_path, MONTH).to_pandas().dropna(subset="temp")
    scheduled = (pd.to_datetime(frame["time_hour"]) - start) / pd.Timedelta("1h")
    age = (scheduled - frame["temp"]) % 100
    assert age.min() == 1
    assert age.max() <= 4
    assert (age == 1).mean() > 0.98


def test_a_gap_in_the_weather_is_missing_and_not_filled_from_afar(files: Path, tmp_path: Path) -> None:
    flights, weather = (name.format(month=MONTH) for name in (source.FLIGHTS, source.WEATHER))
    (tmp_path / flights).write_bytes((files / flights).read_bytes())
    rewrite(files / weather, lambda frame: frame[frame["day"] != "10"], tmp_path / weather)
    frame = MODEL.ingest(tmp_path, MONTH).to_pandas()
    gap = frame[(frame["date"] == f"{MONTH}-10") & (frame["sched_dep_time"] > 600)]
    assert len(gap) > 50
    assert gap["temp"].isna().all()
    assert frame[frame["date"] != f"{MONTH}-10"]["temp"].notna().mean() > 0.9


def test_the_first_hours_of_a_month_know_the_weather_of_the_month_before(files: Path, tmp_path: Path) -> None:
    def at_midnight(frame: pd.DataFrame) -> pd.DataFrame:
        first = frame[(frame["day"] == "1") & (frame["origin"] == "JFK")].head(1)
        return pd.concat(
            [frame, first.assign(sched_dep_time="5", hour="0", flight="9", time_hour=f"{MONTH}-01T05:00:00Z")]
        )

    for month in MONTHS[:2]:
        for name in (source.FLIGHTS, source.WEATHER):
            (tmp_path / name.format(month=month)).write_bytes((files / name.format(month=month)).read_bytes())
    path = tmp_path / source.FLIGHTS.format(month=MONTH)
    rewrite(path, at_midnight, path)
    assert MODEL.ingest(tmp_path, MONTH)["temp"][-1].as_py() is not None
    (tmp_path / source.WEATHER.format(month=MONTHS[0])).unlink()
    assert MODEL.ingest(tmp_path, MONTH)["temp"][-1].as_py() is None


def test_a_wind_that_no_instrument_can_measure_is_missing(files: Path, raw: pa.Table) -> None:
    measured = pd.read_csv(files / source.WEATHER.format(month=MONTH))["wind_speed"]
    assert measured.max() > 1000
    assert pc.max(raw["wind_speed"]).as_py() <= WIND_LIMIT


def test_a_month_without_weather_is_refused_by_file(files: Path, tmp_path: Path) -> None:
    name = source.FLIGHTS.format(month=MONTH)
    (tmp_path / name).write_bytes((files / name).read_bytes())
    with pytest.raises(Refused, match=r"weather-2013-02\.csv: there is no such file"):
        MODEL.ingest(tmp_path, MONTH)


def test_rain_of_six_hours_is_the_sum_of_them(files: Path, raw: pa.Table) -> None:
    weather = pd.read_csv(files / source.WEATHER.format(month=MONTH))
    frame = raw.to_pandas()
    wet = frame[frame["precip_6h"] > 0].iloc[len(frame[frame["precip_6h"] > 0]) // 2]
    last = pd.Timestamp(wet["time_hour"]) - pd.Timedelta("1h")
    hours = pd.to_datetime(weather["time_hour"])
    there = weather[(weather["origin"] == wet["origin"]) & (hours <= last) & (hours > last - pd.Timedelta("6h"))]
    assert len(there) == 6
    assert wet["precip_6h"] == pytest.approx(there["precip"].sum())


def test_days_to_a_holiday_are_counted_both_ways_and_up_to_a_week() -> None:
    dates = pd.Series(pd.to_datetime(["2013-07-04", "2013-07-02", "2013-07-05", "2013-07-20", "2012-12-31"]))
    assert days_to_holiday(dates).tolist() == [0, 2, 1, 7, 1]
    assert days_to_holiday(pd.Series(pd.to_datetime(["2013-08-10"]))).tolist() == [7]


def test_the_serving_schema_is_small_and_of_two_types() -> None:
    columns = [entry for entry in MODEL.inputs if isinstance(entry, Column)]
    assert len(columns) == len(MODEL.inputs) <= 22
    assert {column.type for column in columns} == {"float", "string"}
    assert not set(INPUTS) & {column.name for column in AFTER_DEPARTURE}


def test_the_image_brings_along_all_flights_of_a_year(tmp_path: Path) -> None:
    MODEL.seed(tmp_path)
    assert len(MODEL.months(tmp_path)) == 12
    rows = [pyarrow.csv.read_csv(path).num_rows for path in tmp_path.glob("flights-*.csv")]
    assert sum(rows) == 336_776
    rows = [pyarrow.csv.read_csv(path).num_rows for path in tmp_path.glob("weather-*.csv")]
    assert sum(rows) == 26_115
