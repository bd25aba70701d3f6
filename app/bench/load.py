"""A load generator: requests prepared beforehand, sent by a few threads over kept connections, timed one by one.

It runs as a process of its own (`python -m app.bench.load`), reads its orders as JSON on standard input and answers
with JSON on standard output. It only ever talks to 127.0.0.1.
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from typing import Any


def _send(connection: http.client.HTTPConnection, request: dict[str, Any]) -> int:
    body = None if request.get("body") is None else json.dumps(request["body"]).encode()
    connection.request(request["method"], request["path"], body, request.get("headers", {}))
    answer = connection.getresponse()
    answer.read()
    return answer.status


def run(port: int, requests: list[dict[str, Any]], *, connections: int) -> dict[str, Any]:
    """Send `requests` over `connections` (1–64) parallel connections to 127.0.0.1:`port`.

    Each is `{method, path, headers, body}`. Returns requests a second, p50 and p99 in milliseconds, and how often each
    status was answered.
    """
    if not 1 <= connections <= 64:
        raise ValueError("1 to 64 connections")
    waiting, lock = iter(requests), threading.Lock()
    times: list[float] = []
    statuses: Counter[int] = Counter()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                request = next(waiting, None)
            if request is None:
                break
            began = time.perf_counter()
            status = _send(connection, request)
            took = time.perf_counter() - began
            with lock:
                times.append(took)
                statuses[status] += 1
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    times.sort()
    return {
        "requests": len(times),
        "per_second": round(len(times) / took, 1),
        "p50_ms": round(times[len(times) // 2] * 1000, 1),
        "p99_ms": round(times[int(len(times) * 0.99)] * 1000, 1),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
    }


if __name__ == "__main__":
    orders = json.load(sys.stdin)
    json.dump(run(orders["port"], orders["requests"], connections=orders["connections"]), sys.stdout)
