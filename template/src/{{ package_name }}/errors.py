"""The exceptions that users meet, each with the exit code of the command that raises it."""


class UserError(Exception):
    """Something the user can mend; the command line prints it as one sentence."""

    exit_code = 2


class PeerLostError(UserError):
    """Another process of the same training has ended, or does not answer."""

    exit_code = 3


class OutOfToleranceError(UserError):
    """An exported model answers differently from the trained one."""

    exit_code = 1
