"""Which digit is it? Handwritten ones of 8 by 8 pixels: a tensor in, ten classes out.

It is here to prove that nothing is made for flights only. The data are scikit-learn's 1,797 digits. They have no dates:
twelve parts of about 150, in the order of the data set, are called the months of 2013, so that the same workflow runs.
Nothing about time can be learnt from them.
"""

from pipelines.model import Gate, Model, Tensor
from pipelines.models.digits.candidates import CANDIDATES
from pipelines.models.digits.data import LABEL, PIXELS, RAW, features, ingest, months, seed

MODEL = Model(
    name="digits",
    title="Digits",
    description="Which digit an image of 8 by 8 grey pixels shows",
    raw=RAW,
    seed=seed,
    months=months,
    ingest=ingest,
    features=features,
    inputs=(Tensor("pixels", (-1, 64), PIXELS),),
    target=LABEL,
    classes=tuple(range(10)),
    candidates=CANDIDATES,
    gate=Gate(metric="accuracy", minimum={"accuracy": 0.85}, maximum={"logloss": 0.8}, margin=0.02),
)
