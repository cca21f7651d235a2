"""A part that cannot be measured here says so with this, and the table shows why."""


class NotMeasured(Exception):
    """Why there is no figure: a package that cannot be had, weights or an option that are missing."""
