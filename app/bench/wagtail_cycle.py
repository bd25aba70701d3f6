"""The peer: Wagtail's own cycle of three approvals, as its admin runs it, without its pages.

This file stands alone: it is run by whatever interpreter can import Wagtail, which need not know of us. The
first line on standard input holds its orders as JSON (`folder`, `database`: `sqlite:///…` or `postgresql://…`,
`text`); it makes a project in that folder and answers with a line that names its versions. Then each line
names a way to run the cycle once, and is answered with what each act took.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_MODELS = """
from django.db import models
from wagtail.fields import RichTextField
from wagtail.models import Page


class ArticlePage(Page):
    body = RichTextField()
"""
#: What `wagtail start` installs.
_APPS = [
    "articles",
    *(
        f"wagtail.{name}"
        for name in (
            "contrib.forms",
            "contrib.redirects",
            "embeds",
            "sites",
            "users",
            "snippets",
            "documents",
            "images",
            "search",
            "admin",
        )
    ),
    "wagtail",
    "modelcluster",
    "taggit",
    *(
        f"django.contrib.{name}"
        for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
    ),
]


def serve(orders: dict[str, Any], asked: Iterable[str], answer: Callable[[Any], None]) -> None:
    """Run the cycle once for each line.

    `as_shipped` lets Wagtail choose its transactions, `one_transaction` wraps each act in one, which saves it
    commits.
    """
    django, connection = _project(Path(orders["folder"]), orders["database"])
    walk = _walker(orders["text"])
    ways = {"as_shipped": nullcontext, "one_transaction": import_module("django.db.transaction").atomic}
    answer(
        {
            "wagtail": import_module("wagtail").__version__,
            "django": django.get_version(),
            "python": sys.version.split()[0],
        }
    )
    for line in asked:
        answer(walk(ways[line.strip()], connection))


def _tell(value: Any) -> None:  # noqa: ANN401 – any JSON value
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _project(folder: Path, database: str) -> tuple[Any, Any]:
    models = folder / "articles" / "models.py"
    models.parent.mkdir(parents=True)
    models.write_text(_MODELS)
    (models.parent / "__init__.py").touch()
    sys.path.insert(0, str(folder))
    django, settings = import_module("django"), import_module("django.conf").settings
    settings.configure(
        INSTALLED_APPS=_APPS,
        DATABASES={"default": _database(database)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF="wagtail.admin.urls",
        SECRET_KEY="measured only",  # noqa: S106 – guards nothing
        STATIC_URL="/static/",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        USE_TZ=True,
        WAGTAILADMIN_BASE_URL="http://127.0.0.1",
        WAGTAIL_SITE_NAME="peer",
    )
    django.setup()
    command = import_module("django.core.management").call_command
    command("makemigrations", "articles", verbosity=0)
    command("migrate", verbosity=0)
    return django, import_module("django.db").connection


def _database(address: str) -> dict[str, Any]:
    if address.startswith("sqlite"):
        # The same durability as ours: a write-ahead log, every commit on the disk.
        options = {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        }
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": address.removeprefix("sqlite:///"),
            "OPTIONS": options,
        }
    parts = urlsplit(address)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
    }


def _walker(text: str) -> Callable[[Any, Any], dict[str, Any]]:
    """Make the bureau: an editor, three groups with a reviewer each, a workflow of three approvals.

    Nobody has an address, so Wagtail writes no mail.
    """
    auth, wagtail = import_module("django.contrib.auth.models"), import_module("wagtail.models")
    article = import_module("articles.models").ArticlePage
    people = import_module("django.contrib.auth").get_user_model().objects
    editor = people.create_user("editor")
    workflow = wagtail.Workflow.objects.create(name="three reviews")
    home = wagtail.Page.objects.get(depth=2)
    publish = auth.Permission.objects.get(codename="publish_page")
    reviewers = []
    for order, name in enumerate(("initial", "second", "final")):
        group = auth.Group.objects.create(name=name)
        wagtail.GroupPagePermission.objects.create(group=group, page=home, permission=publish)
        reviewer = people.create_user(name)
        reviewer.groups.add(group)
        task = wagtail.GroupApprovalTask.objects.create(name=name)
        task.groups.add(group)
        wagtail.WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=order)
        reviewers.append(reviewer)
    wagtail.WorkflowPage.objects.create(workflow=workflow, page=home)

    def walk(transaction: Any, connection: Any) -> dict[str, Any]:  # noqa: ANN401 – Django's own
        acts: dict[str, dict[str, float]] = {}
        with _timed(acts, "make", connection), transaction():
            # As from a request: nothing that an earlier one has read is known.
            parent = wagtail.Page.objects.get(id=home.id)
            page = parent.add_child(instance=article(title="article", body=text, live=False, owner=editor))
            page.save_revision(user=editor)
        with _timed(acts, "submit", connection), transaction():
            page = article.objects.get(id=page.id)
            page.get_workflow().start(page, editor)
        for number, reviewer in enumerate(reviewers, 1):
            with _timed(acts, f"approve_{number}", connection), transaction():
                page = article.objects.get(id=page.id)
                state = page.current_workflow_task_state
                state.task.specific.on_action(state, reviewer, "approve", comment="agreed")
        page.refresh_from_db()
        if not page.live:
            raise RuntimeError("the page was not published")
        return acts

    return walk


@contextmanager
def _timed(acts: dict[str, dict[str, float]], name: str, connection: Any) -> Iterator[None]:  # noqa: ANN401
    statements = 0

    def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:  # noqa: ANN401 – Django's signature
        nonlocal statements
        # Borders of transactions are not counted, here or with us.
        statements += not sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT", "BEGIN"))
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        began, worked = time.perf_counter(), time.process_time()
        yield
        took, work = time.perf_counter() - began, time.process_time() - worked
    acts[name] = {"ms": took * 1000, "cpu_ms": work * 1000, "statements": statements}


if __name__ == "__main__":
    serve(json.loads(sys.stdin.readline()), sys.stdin, _tell)
