"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

# Before the first import of `pipelines.models`, which reads it once.
os.environ["PIPELINES_MODELS"] = str(Path(__file__).parent / "models")

pytest_plugins = ["servers"]
