"""One application for all tests of a worker: FastAPI works out its 300 routes anew for each that is made.

That takes a third of a second, more than most tests do. What an application has of its runtime is put into it
again for each test; `tests/architecture/test_ready_made.py` holds that this is all.
"""

from fastapi import FastAPI

from app.infra.runtime import Runtime
from app.main import create_app
from app.policies import start
from app.reviews.guest_links.guesses import Guesses

_made: dict[str, FastAPI] = {}


def serving(runtime: Runtime) -> FastAPI:
    """Return an application with this runtime, and nothing left in it of another test's."""
    # Of the settings, its middleware keeps some; of these three, nothing.
    own = {"data_dir": None, "database_url": "", "policies_dir": None}
    shape = repr(runtime.settings.model_copy(update=own))
    app = _made.get(shape)
    if app is None:
        app = _made[shape] = create_app(runtime)
        return app
    app.state.runtime, app.state.database = runtime, runtime.database
    readiness = app.state.readiness
    vars(readiness).clear()
    readiness.__init__(runtime)  # its routes hold this very one
    app.state.guesses = Guesses()
    start.attach(runtime)
    return app
