"""What the renderers share: dates, and the check that a result holds only what its shape has."""

import datetime


def to_epoch(value):
    """Seconds since 1970 with milliseconds, from a number or a datetime."""
    if isinstance(value, datetime.datetime):
        value = value.timestamp()
    return round(float(value), 3)


def to_iso(value):
    """`2026-01-31T23:59:59.123Z`"""
    moment = datetime.datetime.fromtimestamp(to_epoch(value), datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def known_members(shape, value):
    """Yield (name, member shape, item) for what is set.  A name that the shape does not have is a bug of ours."""
    for name, item in value.items():
        if name not in shape.members:
            raise ValueError(f"a result for '{shape.name}' has no member '{name}'")
        if item is not None:
            yield name, shape.members[name], item
