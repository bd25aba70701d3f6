# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/sanshen
ENV PATH=/opt/sanshen/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
COPY policies policies
RUN pip install --no-deps .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/sanshen --create-home sanshen
COPY --from=build /opt/sanshen /opt/sanshen
ENV PATH=/opt/sanshen/bin:$PATH PYTHONUNBUFFERED=1 \
    SANSHEN_ENVIRONMENT=production SANSHEN_DATA_DIR=/var/lib/sanshen
USER 10001
WORKDIR /var/lib/sanshen
VOLUME /var/lib/sanshen
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["sanshen", "serve", "--host", "0.0.0.0"]
