# syntax=docker/dockerfile:1

# Build:  docker build --tag retainer --build-arg VERSION=0.1.0 .
# Run:    docker run --publish 127.0.0.1:8080:8080 --volume retainer:/data retainer
#
# Without settings the container is the embedded size: SQLite, files and mail in the volume /data,
# nothing else to install. docker-compose.production.yml is the larger size.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build

# The caches below belong to the builder, not to the image. They keep the downloaded crates and the
# compiled dependencies from one build to the next, whatever changed in the sources.
ENV CARGO_INCREMENTAL=0 \
    CARGO_TERM_COLOR=never
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,sharing=locked \
    cargo build --release --locked --bin retainer \
    && install -D --mode=0755 target/release/retainer /out/retainer


FROM debian:bookworm-slim AS runtime

# Certificate authorities: outgoing TLS (payments, mail, storage) is checked against the system's.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 retainer \
    && useradd --uid 10001 --gid retainer --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin retainer \
    && install --directory --owner=retainer --group=retainer --mode=0750 /data

COPY --from=build /out/retainer /usr/local/bin/retainer

ENV BIND=0.0.0.0 \
    PORT=8080 \
    DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8080

# Asks the server itself whether it is ready, dependencies included. Through a shell, so that another
# PORT is followed.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["sh", "-c", "retainer doctor --url \"http://127.0.0.1:${PORT}\" || exit 1"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["retainer"]
CMD ["serve"]

ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="Retainer" \
    org.opencontainers.image.description="One server that runs a service business, for many agencies at once." \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}" \
    org.opencontainers.image.base.name="debian:bookworm-slim"
