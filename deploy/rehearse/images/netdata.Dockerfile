# Stands in for netdata/netdata:stable: Debian's Netdata 1.37.
FROM debian:bookworm-slim
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends netdata ca-certificates curl jq \
  && rm -rf /var/lib/apt/lists/*
# As the official image: the machine below /host.
ENV NETDATA_HOST_PREFIX=/host
EXPOSE 19999
CMD ["netdata", "-D"]
