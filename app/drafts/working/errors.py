"""The words of the refusal about working copies."""

from app.infra.http.problems import problems

problems(
    {
        "working_copy_elsewhere": (
            "您在另一个窗口里也写了这篇稿件，这里写的没有自动保存；请先在一个窗口里保存，或者重新打开本页。",
            "The same person has kept another working copy of this draft meanwhile.",
        ),
    }
)
