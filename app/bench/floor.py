"""The floor: a server of ours that only commits one row a request, on the same frame and database layer.

It runs as a process of its own (`python -m app.bench.floor PORT DATABASE_URL`) on 127.0.0.1. What it reaches
is what this machine, this framework and this disk can give; the rest is what a decision costs.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text

from app.infra.db import Database, WriteSession
from app.infra.settings import Settings


def floor_app(database: Database, *, threads: int) -> FastAPI:
    """Return the application; its table is made when it is missing."""
    with database.write() as session:
        session.connection().execute(
            text("CREATE TABLE IF NOT EXISTS bench_floor (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
        )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        yield

    app = FastAPI(lifespan=lifespan)
    app.state.database = database

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/rows/{row_id}")
    def add_row(row_id: str, session: WriteSession) -> dict[str, str]:
        session.connection().execute(
            text("INSERT INTO bench_floor (id, body) VALUES (:id, 'x')"), {"id": row_id}
        )
        return {"id": row_id}

    return app


if __name__ == "__main__":
    database = Database(sys.argv[2], pool_size=Settings().threads + 4)
    uvicorn.run(
        floor_app(database, threads=Settings().threads),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )
