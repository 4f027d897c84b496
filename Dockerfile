# Vigilia in a container: a read-only image, and one folder, /data, that is the group's own.
#
#     docker build -t vigilia .
#     docker run --rm --read-only -v "$PWD/data:/data" --user "$(id -u):$(id -g)" vigilia init /data
#     docker run -d  --read-only -v "$PWD/data:/data" --user "$(id -u):$(id -g)" vigilia
#
# Python stays process 1, without an init in front of it: `vigilia run` ends on SIGTERM by itself,
# and it starts no processes whose ends somebody would have to collect. Only in the tenth of a second
# before Python itself has started is SIGTERM lost; `--init`, which compose.yaml asks for, closes that.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    UV_NO_CACHE=1 \
    UV_SYSTEM_CERTS=1
WORKDIR /src
COPY requirements-build.lock requirements.lock ./
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --quiet --require-hashes -r requirements-build.lock \
 && python -m venv --without-pip /opt/vigilia \
 && /opt/build/bin/uv pip install --python /opt/vigilia/bin/python --compile-bytecode \
      --require-hashes -r requirements.lock
COPY . .
RUN /opt/build/bin/uv build --quiet --wheel --no-build-isolation --python /opt/build/bin/python -o /tmp/dist \
 && /opt/build/bin/uv pip install --python /opt/vigilia/bin/python --compile-bytecode --no-deps /tmp/dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Vigilia" \
      org.opencontainers.image.description="Keeps a calendar of genocide-prevention observances and posts a short, sourced message for each, once." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/vigilia /opt/vigilia
ENV PATH="/opt/vigilia/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    HOME=/data
# The folder is anybody's to write, so that `--user` may name whoever owns the volume. What a command
# imports is compiled here, since nothing can be written beside it later.
RUN install -d -o 10001 -g 10001 -m 1777 /data \
 && vigilia calendar --json >/dev/null \
 && python -c "import bot.running"
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["vigilia", "health"]
ENTRYPOINT ["vigilia"]
CMD ["run"]
