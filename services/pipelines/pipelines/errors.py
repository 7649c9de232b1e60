"""How a step ends when it does not end well: one message, one exit code."""

from __future__ import annotations

OK = 0
BUG = 1
USAGE = 2
REFUSED = 65  # sysexits' EX_DATAERR: the answer is no, and asking again will not change it
TRY_AGAIN = 75  # sysexits' EX_TEMPFAIL: the only code that the workflows retry


class StepError(Exception):
    """A fault that the person at the other end can do something about.

    The message says what is wrong and where (file, column, row), the remedy what to do.
    """

    exit_code = BUG

    def __init__(self, message: str, *, remedy: str = "", **fields: object) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.fields = fields  # for the JSON log: file, column, row, ...


class UsageError(StepError):
    """The command line cannot mean anything."""

    exit_code = USAGE


class Refused(StepError):
    """The answer is no: bad data, a failed gate of safety, a champion that changed."""

    exit_code = REFUSED


class TryAgain(StepError):
    """Something that should be there is not there now: the registry, the disk's free space, the network."""

    exit_code = TRY_AGAIN
