"""What the log says of a request: the route that answered it, never the path."""

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/static/style.css", "/static/{path}"),
        ("/static/no-such-file", "/static/{path}"),
        ("/api/v1/drafts", "/api/v1/drafts"),
        ("/no-such-page", "unmatched"),
    ],
)
def test_a_request_is_logged_under_what_answered_it(client: TestClient, path: str, route: str) -> None:
    with capture_logs() as logged:
        client.get(path)
    assert [one["route"] for one in logged if one["event"] == "request"] == [route]
