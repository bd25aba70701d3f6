# syntax=docker/dockerfile:1
# By tag here; by digest with --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:… (see compose.yaml).
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
RUN python -m venv /opt/sanshen
ENV PATH=/opt/sanshen/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
COPY policies policies
# The demo bureau, with its published password, and the benchmarks are for trying out.
RUN pip install --no-deps . && cd "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
    && rm -r app/demo app/bench

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --home-dir /var/lib/sanshen --create-home sanshen && chmod 0700 /var/lib/sanshen
COPY --from=build /opt/sanshen /opt/sanshen
ENV PATH=/opt/sanshen/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SANSHEN_ENVIRONMENT=production SANSHEN_DATA_DIR=/var/lib/sanshen
USER 10001
WORKDIR /var/lib/sanshen
VOLUME /var/lib/sanshen
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["sanshen", "serve", "--host", "0.0.0.0"]
