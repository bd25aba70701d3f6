"""The floor that approvals over HTTP are held against; it also shows how writes share the threads."""

from concurrent.futures import ThreadPoolExecutor

from fastapi.testclient import TestClient
from sqlalchemy import text

from app.bench.floor import floor_app
from app.infra.db import Database


def test_many_writes_at_once_leave_a_thread_for_their_answers(database: Database) -> None:
    # Each answer is turned into JSON on a thread of the pool while its transaction is still open: were all
    # threads waiting to write, none of these could end.
    with TestClient(floor_app(database, threads=4)) as client, ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda number: client.post(f"/rows/{number}"), range(64)))
    assert [answer.status_code for answer in answers] == [200] * 64
    with database.read() as session:
        assert session.connection().execute(text("SELECT COUNT(*) FROM bench_floor")).scalar_one() == 64
