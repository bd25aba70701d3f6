from app.infra.http.problems import problems

problems(
    {
        "job_not_dead": (
            "这项后台任务没有失败，不需要重试。",
            "The job has not failed; there is nothing to retry.",
        ),
    }
)
