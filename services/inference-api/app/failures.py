"""Why something did not work: for a request, for a reload."""

from __future__ import annotations


class PredictionFailure(Exception):
    """A prediction that did not come about; each kind has its own status."""


class NotReady(PredictionFailure):
    """Nothing serves: no model yet, or the service is closed. Status 503."""


class Overloaded(PredictionFailure):
    """The queue is full. Status 429."""

    def __init__(self, retry_after: float) -> None:
        """`retry_after` is the time, in seconds, in which the queue will have been worked off at the present rate."""
        super().__init__(f"the queue is full; try again in {retry_after:.1f} s")
        self.retry_after = retry_after


class DeadlineExceeded(PredictionFailure):
    """The request's time was over before its prediction was. Status 504."""


class ModelFailed(PredictionFailure):
    """The model could not run on this input, or what it answered has not the shape it promised. Status 500.

    The message may hold words of the model's own error and is for the log, not for the client.
    """


class ReloadFailed(Exception):
    """A version that is not served. `reason` is one of a fixed set of words and labels the metric."""

    reason = "internal"


class Unreachable(ReloadFailed):
    """The registry, or the store of the files, does not answer or answers that it is in trouble."""

    reason = "unreachable"


class Denied(ReloadFailed):
    """The registry or the store answered, and said no: credentials, rights, or no such thing."""

    reason = "denied"


class NotPromotedYet(ReloadFailed):
    """No such alias, or no such model, in the registry."""

    reason = "not_promoted"


class BadPackage(ReloadFailed):
    """The files are not those that were registered, or not of the form in services/README.md."""

    reason = "bad_package"


class DiskFull(ReloadFailed):
    """The cache has no room."""

    reason = "disk_full"


class OutOfMemory(ReloadFailed):
    """There is not enough memory to hold the new model beside the old."""

    reason = "memory"


class NoProvider(ReloadFailed):
    """A GPU is required and ONNX Runtime does not run the model on one."""

    reason = "provider"


class BadModel(ReloadFailed):
    """ONNX Runtime does not load the graph, or it does not fit its signature, or it fails in the warm-up."""

    reason = "bad_model"


class SignatureChanged(ReloadFailed):
    """The new model does not accept what the serving one accepts."""

    reason = "signature"


class GoldenMismatch(ReloadFailed):
    """The model does not answer its golden request as it did when it was trained."""

    reason = "golden"


class Crashed(ReloadFailed):
    """The process died the last time it loaded this version."""

    reason = "crashed"
