from fastapi import FastAPI


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
