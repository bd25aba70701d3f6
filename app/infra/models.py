from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.infra.db import UtcDateTime


class IdempotencyKey(SQLModel, table=True):
    """The answer that a caller's Idempotency-Key already got; written in the transaction that it names."""

    __tablename__ = "idempotency_key"

    caller_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=200)
    request_digest: str = Field(max_length=64)
    status: int
    body: str
    created_at: datetime = Field(sa_type=UtcDateTime)
