"""A small negative list that follows the database, and the people who keep it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.vocabulary import PolicySource, Role
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.negative_list import load_policy
from app.negative_list.quality.backtest import Backtest
from app.policies import service as policies
from app.policies.negative_list.folder import Seen, unfolded
from app.policies.negative_list.following import FollowedPolicies
from tests import factories
from tests.factories import Bureau

HEAD = """\
version: 1
id: sample
title: 样例负面清单
channels: {wechat: 公众号, website: 网站, journal: 内部刊物}
sections: {news: 工作动态}
"""
WORDS = """\
version: 1
rules:
- id: wording.canfei
  title: 禁用“残废”
  severity: block
  weight: 1
  basis: [{doc: 中华人民共和国残疾人保障法, article: 第三条}]
  match: {kind: terms, view: fold, terms: {残废: 残疾}, overlap: longest}
  message: “{match}”含贬义，请改为“{suggestion}”。
  examples:
    hit: [{text: 为残废人服务, at: [1, 3]}]
    miss: [为残疾人服务]
# 证件号码只留前后几位。
- id: privacy.idcard
  title: 居民身份证号码
  severity: block
  weight: 1
  basis: [{doc: 中华人民共和国个人信息保护法, article: 第二十五条}]
  match: {kind: regex, view: fold, pattern: '[1-9][0-9]{16}[0-9Xx]', edge: digit, validate: cn_idcard}
  report: mask
  message: 公民身份号码不得公开。
  examples:
    hit: [{text: 身份证号11010519491231002X, at: [4, 22]}]
    miss: [编号11010519491231002Y]
- id: lang.typos
  title: 错别字
  severity: warn
  weight: 1
  match: {kind: lexicon, view: fold, lexicon: typos.tsv}
  examples:
    hit: [{text: 再接再励, at: [0, 4]}]
    miss: [再接再厉]
"""
TYPOS = "# 错误写法\t正确写法\n再接再励\t再接再厉\n按排\t安排\n"
FILES = {"policy.yaml": HEAD, "wording/words.yaml": WORDS, "lexicons/typos.tsv": TYPOS}

#: A rule that blocks and was not there before.
FOOL = """\
- id: wording.shazi
  title: 禁用“傻子”
  severity: block
  weight: 1
  basis: [{doc: 中华人民共和国残疾人保障法, article: 第三条}]
  match: {kind: terms, view: fold, terms: {傻子: 智力残疾人}, overlap: longest}
  message: “{match}”含贬义。
  examples:
    hit: [{text: 一个傻子, at: [2, 4]}]
    miss: [智力残疾人]
"""


def with_new_block() -> dict[str, str]:
    """Return the small list with one more blocking rule."""
    return {**FILES, "wording/words.yaml": WORDS + FOOL}


def milder() -> dict[str, str]:
    """Return the small list in which a blocking rule only warns, and one typo is missing."""
    words = WORDS.replace("severity: block", "severity: warn", 1)
    return {**FILES, "wording/words.yaml": words, "lexicons/typos.tsv": TYPOS.replace("按排\t安排\n", "")}


def write(folder: Path, files: dict[str, str]) -> None:
    """Put the files into a folder, as somebody does who edits them by hand."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def followed(folder: Path, database: Database, *, look_every: float = 0.0) -> FollowedPolicies:
    """Return a store over a folder of the small list, as each process has one."""
    if not folder.is_dir():
        write(folder, FILES)
    return FollowedPolicies(folder, database, look_every=look_every)


def seen(files: dict[str, str]) -> Seen:
    """Load a policy from files."""
    with unfolded(files) as folder:
        return Seen(load_policy(folder), files)


def spoil(folder: Path, rules: str) -> None:
    """Write the rules of a folder anew, as an editor does: the file's time moves on."""
    path = folder / "wording" / "words.yaml"
    later = path.stat().st_mtime_ns + 1_000_000_000
    path.write_text(rules, encoding="utf-8")
    os.utime(path, ns=(later, later))


def stored(runtime: Runtime, files: dict[str, str]) -> str:
    """Store a version as if it had been proposed; return its digest."""
    made = seen(files)
    with runtime.database.write() as session:
        policies.keep(session, made, source=PolicySource.API, at=runtime.clock())
    return made.policy.digest


@dataclass
class House:
    """A bureau with two policy keepers, and one of a district only."""

    bureau: Bureau

    @classmethod
    def build(cls, runtime: Runtime) -> "House":
        with runtime.database.write() as session:
            at = runtime.clock()
            bureau = factories.bureau(session, at)
            for login, unit in (("policy_keeper2", bureau.city), ("district_keeper", bureau.district)):
                user = factories.person(
                    session, login, unit=bureau.office, on=unit, roles=[Role.POLICY_KEEPER], at=at
                )
                bureau.users[login] = user
                bureau.actors[login] = factories.actor(session, user)
        return cls(bureau)


@contextmanager
def pieces_of(count: int) -> Iterator[None]:
    """Let back-tests be done in pieces of so many drafts; one that reads the same piece for ever fails."""
    from app.screening import jobs as module

    jobs: Any = module
    before, real, done = jobs.PIECE, jobs.backtest, 0

    def one_piece(*args: Any, **more: Any) -> Backtest:
        nonlocal done
        done += 1
        assert done < 50, "the back-test does not come to an end"
        piece: Backtest = real(*args, **more)
        return piece

    jobs.PIECE, jobs.backtest = count, one_piece
    try:
        yield
    finally:
        jobs.PIECE, jobs.backtest = before, real
