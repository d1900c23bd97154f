# The bot, without tools to build or test. Not built here: docs/operators.md says what was.
FROM python:3.11-slim AS build
WORKDIR /src
ARG ENGINE=none
COPY requirements.lock requirements-argos.lock pyproject.toml README.md ./
RUN python -m venv /usr/local/lib/diwan \
 && /usr/local/lib/diwan/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.lock \
 && if [ "$ENGINE" = argos ]; then /usr/local/lib/diwan/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements-argos.lock; fi
COPY . .
RUN /usr/local/lib/diwan/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-core \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --create-home --home-dir /var/lib/diwan diwan \
 && install -d -o diwan /var/lib/diwan/erasures
COPY --from=build /usr/local/lib/diwan /usr/local/lib/diwan
ENV PATH=/usr/local/lib/diwan/bin:$PATH PYTHONUNBUFFERED=1
USER diwan
WORKDIR /var/lib/diwan
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['HEALTH_PORT'] + '/healthz')"]
ENV HEALTH_PORT=8090
ENTRYPOINT ["diwan"]
CMD ["run"]
