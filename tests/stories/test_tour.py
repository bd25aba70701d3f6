"""`sanshen tour`: the whole way, draft to verified evidence, as a user starts it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

#: An article that the tour has never seen: HTML, with a table, a link, a picture and faults of seven kinds.
UNSEEN = """<!doctype html>
<html><head><title>清河市民政局公开招募社区养老服务志愿者的公告</title></head><body>
<h1>清河市民政局公开招募社区养老服务志愿者的公告</h1>
<p>为了发展社区养老服务,市民政局面向社会招募志愿者。联系人李XX，手机13912345678。</p>
<table><caption>残废人服务点</caption><tr><th>姓名</th><th>身份证号</th></tr>
<tr><td>王小丫</td><td>11010519491231002X</td></tr></table>
<p>报名截止2027年2月30日，详情见<a href="http://volunteer.example.net/x">报名网页</a>。</p>
<script>alert("不进入正文")</script><p>布署见《残疾人保障法》。最低生活保障对象优先。</p></body></html>
"""


def tour(*arguments: str) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "app", "tour", "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def seen(told: dict[str, Any], step: str) -> str:
    return str(next(one["seen"] for one in told["steps"] if one["step"] == step))


def test_the_tour_holds_on_its_own_article() -> None:
    code, told, errors = tour()
    assert (code, told["held"], told["failed"]) == (0, True, None), (told, errors)
    assert len(told["steps"]) == 16
    assert "送审被拦下" in seen(told, "负面清单检查")
    assert "豁免 1 条" in seen(told, "修改与豁免")
    assert "布署 → 部署" in seen(told, "一校、二校、三校")
    assert "3 个阵地已发布" in seen(told, "发布前询问、发布、回报")
    assert "全部被指出" in seen(told, "改动一个字节即被指出")


def test_the_tour_holds_on_a_file_that_it_has_never_seen(tmp_path: Path) -> None:
    file = tmp_path / "公告.html"
    file.write_text(UNSEEN, encoding="utf-8")
    code, told, errors = tour(str(file))
    assert (code, told["held"]) == (0, True), (told, errors)
    assert "送审被拦下" in seen(told, "负面清单检查")
    assert "清河市民政局公开招募社区养老服务志愿者的公告" in seen(told, "离线核验证据包")


#: A text without a line that could be its title, with numbers, merged cells and a footnote.
UNTITLED = """5. 第五项，面积3×10<sup>2</sup>平方米，详情见统计公报[^1]，由市民政局负责落实。

说明段落，各区县要认真组织，做好本地区的服务保障工作，及时回应群众的关切。

6. 第六项，补贴~~500~~600元。

<table><tr><th rowspan=2>县区</th><th colspan=2>人数</th></tr><tr><th>男</th><th>女</th></tr>
<tr><td>柳林</td><td>5</td><td>6</td></tr></table>

[^1]: 统计公报由市统计局发布
"""


def test_a_text_without_a_title_goes_under_the_name_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "年度安排.md"
    file.write_text(UNTITLED, encoding="utf-8")
    code, told, errors = tour(str(file))
    assert (code, told["held"]) == (0, True), (told, errors)
    assert "《年度安排》" in seen(told, "编辑交稿")
    assert "以文件名为题" in seen(told, "编辑交稿")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "是空的"), (b"\n \n", "是空的"), (b"\xff\xfe\x00", "不是 UTF-8 文本"), (None, "读不了")],
)
def test_what_cannot_be_read_is_told_before_anything_starts(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "稿件.txt"
    if content is not None:
        file.write_bytes(content)
    code, told, errors = tour(str(file))
    assert (code, told) == (2, {})
    assert said in errors
