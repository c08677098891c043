# The service image: no compiler, no pip, no evaluation or training code, no note, no secret.
#
#   docker build --tag anamnesis:0.1.0 .
#
# Behind a proxy with its own authority:  --secret id=ca,src=/path/to/ca-bundle.crt
# With wheels of your own, torch's too:   --build-context wheels=/path/to/folder
# On another base (Debian's python3.11):  --build-arg BASE=...
# With Ray, for deploy/kubernetes/ray:     --build-arg EXTRAS=kuberay
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM scratch AS wheels

FROM ${BASE} AS build
ARG UV_VERSION=0.13.8
ARG EXTRAS=
COPY pyproject.toml README.md LICENSE /build/
COPY requirements /build/requirements
WORKDIR /build
# Byte code is compiled here because the running image cannot write it.
RUN --mount=type=secret,id=ca,target=/run/secrets/ca \
    --mount=type=bind,from=wheels,target=/wheels \
    set -eu; \
    if [ -s /run/secrets/ca ]; then \
        export PIP_CERT=/run/secrets/ca SSL_CERT_FILE=/run/secrets/ca; \
    fi; \
    if ls /wheels/*.whl >/dev/null 2>&1; then torch="--find-links=/wheels"; else torch="--torch-backend=cpu"; fi; \
    python3 -m venv /opt/uv; \
    /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check "uv==${UV_VERSION}"; \
    python3 -m venv --without-pip /opt/venv; \
    VIRTUAL_ENV=/opt/venv /opt/uv/bin/uv pip install --no-cache --compile-bytecode "${torch}" \
        --requirements pyproject.toml ${EXTRAS:+--extra "${EXTRAS}"} \
        --constraints requirements/constraints.txt \
        --overrides requirements/overrides.txt; \
    site="$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"; \
    rm -rf "${site}/torch/include" "${site}/torch/test"; \
    find "${site}" -name '*.a' -delete; \
    for package in networkx numpy scipy sklearn sympy; do \
        find "${site}/${package}" -type d -name tests -prune -exec rm -rf {} +; \
    done

FROM ${BASE}
LABEL org.opencontainers.image.title="anamnesis" \
      org.opencontainers.image.description="Chart summaries in which every statement cites the words that support it" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 anamnesis \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin anamnesis \
    && install -d -o 10001 -g 10001 -m 0750 /data \
    && install -d -o 10001 -g 10001 -m 0755 /metrics
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/anamnesis
COPY LICENSE NOTICE ./
COPY core core
COPY prompts prompts
COPY extraction extraction
COPY vectorstore vectorstore
COPY ingest ingest
COPY chains chains
COPY app app
RUN /opt/venv/bin/python -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/srv/anamnesis \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    DO_NOT_TRACK=1 \
    ANAMNESIS_INDEX__DIR=/data/index \
    ANAMNESIS_STATE__DIR=/data/state \
    ANAMNESIS_EMBEDDING__CACHE_DIR=/data/models \
    ANAMNESIS_INGEST__QUARANTINE_DIR=/data/quarantine \
    ANAMNESIS_SERVICE__HOST=0.0.0.0 \
    ANAMNESIS_SERVICE__PORT=8000
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"ANAMNESIS_SERVICE__PORT\"]}/healthz', timeout=4)"]
CMD ["python", "-m", "app"]
