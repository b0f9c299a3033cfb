# The operator's image: Debian with its Python, the locked packages, and nothing that could build or install anything.
#
#   docker build -t caas-operator .
#   docker build -t caas-operator-simulator --target simulator .     # the clouds, simulated, to try it out
#
# What is in it, and how it is meant to run: docs/install/image.md

# The index of all architectures of debian:bookworm-20260824-slim.
ARG BASE=docker.io/library/debian:bookworm-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171

FROM ${BASE} AS python
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Debian's bytecode is good as long as the source has its time, and all files get the same one in a reproducible build.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 \
 && python3 -m compileall -q -f --invalidation-mode unchecked-hash /usr/lib/python3* \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/cache/ldconfig/* /var/log/*

# Whatever is downloaded here has its hash in requirements/, and is a wheel: no stage needs a compiler. The secrets are for
# those who reach the Python packages by a mirror or through a proxy only; none of them gets into an image.
FROM python AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all: PIP_QUIET=1
COPY requirements requirements
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.crt \
    python3 -m venv /pip \
 && awk '/^[a-z]/ {wanted = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/} wanted' requirements/dev.txt > /pip/build.txt \
 && /pip/bin/pip install --require-hashes -r /pip/build.txt \
 && python3 -m venv --without-pip /opt/caas-operator \
 && /pip/bin/pip --python /opt/caas-operator install --no-compile --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
# Bytecode that nobody compares with its source again, so that it is the same in each build. Of Kubernetes' client most
# is never imported.
RUN /pip/bin/python -m hatchling build -t wheel -d /pip/wheel \
 && /pip/bin/pip --python /opt/caas-operator install --no-compile --no-deps --no-index /pip/wheel/*.whl \
 && python3 -m compileall -q --invalidation-mode unchecked-hash -x '/kubernetes/(aio/)?client/(api|models)/' /opt/caas-operator/lib

FROM build AS build-simulator
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.crt \
    awk '/^[a-z]/ {wanted = /^(python-multipart|starlette|uvicorn)==/} wanted' requirements/dev.txt > /pip/simulator.txt \
 && /pip/bin/pip --python /opt/caas-operator install --no-compile --no-deps --require-hashes -r /pip/simulator.txt

FROM python AS runtime
RUN echo 'nonroot:x:65532:65532::/nonexistent:/usr/sbin/nologin' >> /etc/passwd && echo 'nonroot:x:65532:' >> /etc/group
ENV PATH=/opt/caas-operator/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENTRYPOINT ["caas-operator"]
USER 65532:65532
WORKDIR /
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="caas-operator" \
      org.opencontainers.image.description="A Kubernetes operator for containers that run in clouds which are not clusters" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM runtime AS simulator
COPY --from=build-simulator /opt/caas-operator /opt/caas-operator
EXPOSE 8081 8082 8083 8084
CMD ["simulate", "--host=0.0.0.0", "--gcore-port=8081", "--openai-port=8082", "--gateway-port=8083", "--admin-port=8084"]

FROM runtime AS operator
COPY --from=build /opt/caas-operator /opt/caas-operator
CMD ["run"]
