"""What a command can end in, and the exit code that says so."""


class BootstrapError(Exception):
    """The command failed and a repetition will not help by itself. The message says what, where and what to do."""

    exit_code = 1


class Misuse(BootstrapError):
    """Arguments, environment or files are not what the command needs."""

    exit_code = 2


class Unreachable(BootstrapError):
    """Something the command needs does not answer, or not yet: the same command may work later."""

    exit_code = 75


class Interrupted(BaseException):
    """Asked to stop. Not an Exception, because a signal may come anywhere: logging and every retry would swallow it."""

    exit_code = 75
