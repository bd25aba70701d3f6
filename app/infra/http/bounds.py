"""What values from outside may be, so that both databases can store and compare them. Here, once for all.

Whatever gets past is told as 422 by `infra.db`: it says "value_unusable", never "try again".
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, StringConstraints

#: The largest integer of a database's INTEGER.
MAX_INTEGER = 2**31 - 1
#: Instants beyond these are taken for these: a day of room for every time zone, in both databases.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)


def within(at: datetime) -> datetime:
    """Return an aware instant in UTC, between `EARLIEST` and `LATEST`."""
    # Compared before it is converted: at the ends of time conversion overflows.
    if at.year <= 1:
        return EARLIEST
    if at.year >= 9999:
        return min(LATEST, at.replace(tzinfo=UTC))
    return at.astimezone(UTC)


#: An instant with its zone (RFC 3339); at the ends of time, the first or last that can be kept.
Instant = Annotated[AwareDatetime, AfterValidator(within)]
#: A number that counts from 1.
Ordinal = Annotated[int, Path(ge=1, le=MAX_INTEGER)]
#: A SHA-256 digest in hexadecimal.
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
