"""The fast histogram says the same as prometheus_client's."""

from __future__ import annotations

from app.histogram import FastHistogram
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

BOUNDS = (0.001, 0.5, 1.0, 10.0)


def exposed(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    """The samples as a scraper reads them."""
    families = text_string_to_metric_families(generate_latest(registry).decode())
    samples = [sample for family in families for sample in family.samples if not sample.name.endswith("_created")]
    return {(sample.name, sample.labels.get("le", "")): round(sample.value, 6) for sample in samples}


@given(st.lists(st.floats(0, 100) | st.sampled_from(BOUNDS), max_size=50))
def test_a_scrape_reads_the_same_as_from_the_usual_histogram(values: list[float]) -> None:
    fast, usual = CollectorRegistry(), CollectorRegistry()
    series = FastHistogram("seconds", "Time.", ("role",), BOUNDS, fast).series("champion")
    other = Histogram("seconds", "Time.", ("role",), buckets=BOUNDS, registry=usual).labels("champion")
    for value in values:
        series.observe(value)
        other.observe(value)
    assert exposed(fast) == exposed(usual)
