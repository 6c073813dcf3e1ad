"""The one class of errors that are meant for people."""


class DeepselfieError(Exception):
    """Says what was wrong, with which file or row, and what to do next. Shown without a traceback."""
