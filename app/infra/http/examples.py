"""Examples of requests for the description of the API: what a body looks like as it would be sent."""

from pydantic import ConfigDict
from pydantic.config import JsonValue

#: Stand for what a caller read before: a digest, and who or what is meant.
DIGEST = "3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8550"
ID = "019ad1c2-7b3e-7c1a-9f52-6d3f0a1b2c3d"
#: Passes what is asked of a new password; no installation has it.
PASSWORD = "wanan-xiaoqu-37-deng"  # noqa: S105 – an example


def taken(**body: JsonValue) -> ConfigDict:
    """Return the configuration of a model that takes no unknown field, with `body` as its example."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [body]})
