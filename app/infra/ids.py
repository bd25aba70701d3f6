import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """Return a fresh UUIDv7: unique, and ordered by the time of its making."""
    return uuid7()
