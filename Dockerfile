# The program with PostgreSQL 15 and Redis 7 beside it, run by an ordinary user. Build from the project's root:
#   docker build -t worker-database:0.1.0 .
FROM debian:bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY tools/packages.txt tools/
# The first group: what building takes (the groups with a second word are for checks, fuzzers and benchmarks).
RUN apt-get update && \
    grep -Ev '^#|^$| ' tools/packages.txt | xargs apt-get install -y --no-install-recommends && \
    rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release && cmake --build --preset release --target workerdb && \
    strip build/release/workerdb && \
    mkdir -p /install/bin /install/share/workerdb && \
    cp build/release/workerdb /install/bin/ && cp -r catalog /install/share/workerdb/ && \
    # The packages that hold the shared libraries: the next stage installs these and no compiler.
    ldd build/release/workerdb | awk '$3 ~ /^\// {print $3}' | xargs -n 1 readlink -f | xargs dpkg -S 2>/dev/null | \
      cut -d: -f1 | sort -u > /install/libraries.txt

FROM debian:bookworm-slim
COPY --from=build /install/libraries.txt /tmp/libraries.txt
# Neither package may make a cluster or start a server of its own here.
RUN printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && \
    mkdir -p /etc/postgresql-common/createcluster.d && \
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/workerdb.conf && \
    apt-get update && \
    apt-get install -y --no-install-recommends postgresql-15 redis-server redis-tools openssh-client procps tzdata \
      $(cat /tmp/libraries.txt) && \
    rm -rf /var/lib/apt/lists/* /tmp/libraries.txt && \
    groupadd --gid 10001 workerdb && useradd --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin workerdb && \
    install -d -o workerdb -g workerdb -m 0700 /data
COPY --from=build /install/bin/workerdb /usr/bin/workerdb
COPY --from=build /install/share/workerdb /usr/share/workerdb
USER 10001:10001
ENV WORKERDB_DATA=/data
VOLUME /data
EXPOSE 8529 5432 6379 8530
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --start-period=60s CMD ["workerdb", "status"]
ENTRYPOINT ["workerdb"]
CMD ["up", "--bind", "0.0.0.0"]
