# The program on a base without a shell, a package manager or a root user. Each platform is built on a machine of its own kind:
#
#   docker build --tag fargate-updater .
#
# Both bases are named by tag, for people, and by the digest of the index of all platforms, for the build; Dependabot moves them together.

# ---- build: Debian 12, so that the program asks for no newer glibc than the one below has. gcc builds aws-lc and mimalloc.
FROM rust:1.95.0-bookworm@sha256:6258907abe69656e41cd992e0b705cdcfabcbbe3db374f92ed2d47121282d4a1 AS build
WORKDIR /build

# The same sources give the same bytes: a fixed time in place of now (mimalloc's C code notes when it was built), no path of this
# stage, no symbols, which are a third of the program.
ENV CARGO_INCREMENTAL=0 \
    CARGO_PROFILE_RELEASE_STRIP=symbols \
    RUSTFLAGS="--remap-path-prefix=/usr/local/cargo/registry/src=registry --remap-path-prefix=/build=." \
    SOURCE_DATE_EPOCH=0

# The dependencies, a layer that stands until the lock file or a manifest changes: they are built for a program that does nothing.
# That program is taken away again, since cargo tells sources apart by their times, which say nothing in a layer.
COPY Cargo.toml Cargo.lock ./
COPY tests/simulator/Cargo.toml tests/simulator/
RUN mkdir src tests/simulator/src \
    && touch src/lib.rs tests/simulator/src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked -p fargate-updater \
    && cargo clean --release --locked -p fargate-updater

COPY src src/
RUN cargo build --release --locked -p fargate-updater \
    && mkdir /reports

# ---- the image: glibc, libgcc, certificates of authorities, time zones, and the user nonroot.
FROM gcr.io/distroless/cc-debian13:nonroot@sha256:e792ab3d241a468a4fd7519ddbbebe66b49b5f365771716ea688ad40b6c6f1c2
# What the base holds of it, for .ci/linked-libraries, which looks at what the program asks for:
# holds: glibc 2.41
# holds: libraries libc.so.6 libm.so.6 libgcc_s.so.1
# holds: linux/amd64 /lib64/ld-linux-x86-64.so.2
# holds: linux/arm64 /lib/ld-linux-aarch64.so.1

ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
# An SPDX expression; NOASSERTION is SPDX's word for none given.
ARG LICENSES=NOASSERTION
LABEL org.opencontainers.image.title="fargate-updater" \
      org.opencontainers.image.description="Puts Prisma Cloud's App-Embedded Defender into every ECS Fargate service of an AWS Organization" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="${LICENSES}"

COPY --from=build /build/target/release/fargate-updater /fargate-updater

# The one place to write to, where the root file system is read-only. Fargate gives a bind mount the owner that the image's directory
# has, if the image declares it as a volume. Source: Amazon ECS Developer Guide, "Use bind mounts with Amazon ECS".
COPY --from=build --chown=65532:65532 /reports /reports
VOLUME ["/reports"]

# Where reports for a bucket are files until they are uploaded.
ENV TMPDIR=/reports

# By number, so that whoever runs it can see that it is not root.
USER 65532:65532
ENTRYPOINT ["/fargate-updater"]
