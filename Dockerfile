# The image of course-supporter: API, worker and commands. `docker build .` needs nothing but this folder.
# The same Node.js as package.json names. deploy/pin-images.sh adds the digest where a registry can be asked.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --no-fund --no-audit --no-update-notifier --loglevel=error
COPY deploy/image/prune.sh /prune.sh
RUN /prune.sh node_modules

FROM ${NODE_IMAGE}
# What reads films and draws pages. In a layer of its own, before anything that changes more often.
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ffmpeg poppler-utils \
  && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/*
# A number of its own, which no account of the machine is likely to have.
RUN groupadd --gid 10001 course-supporter \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin course-supporter \
  && install -d -o 10001 -g 10001 /scratch \
  && ln -s /app/src/bin/course-supporter.js /usr/local/bin/course-supporter
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json openapi.json .env.example ./
COPY config config
COPY prompts prompts
COPY migrations migrations
COPY deploy/image/healthcheck.sh /usr/local/bin/healthcheck
COPY src src
ENV NODE_ENV=production ENVIRONMENT=production SCRATCH_DIR=/scratch TMPDIR=/scratch
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Of the process alone: an outage of the bucket must not restart an API that is well. A worker listens to nobody and turns it off.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck"]
CMD ["course-supporter", "api"]

# Last, so that a new commit makes no other layer anew.
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="course-supporter" \
  org.opencontainers.image.description="Turns course materials into structured courses and checks homework against them" \
  org.opencontainers.image.licenses="UNLICENSED" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}"
