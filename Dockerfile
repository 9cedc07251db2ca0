# Portico as an image: docs/docker.md has the commands. Nothing in it is secret, and nothing of it is written at run time:
# the config is mounted at /config, and whatever lasts (logins, audit log, known tools) is on a volume at /data.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No package that Portico needs has an install script; none of the others gets to run one.
RUN npm ci --ignore-scripts
COPY scripts/build.mjs scripts/
COPY src src
RUN npm run build && npm prune --omit=dev --omit=optional --omit=peer --ignore-scripts

FROM ${NODE_IMAGE} AS runtime
LABEL org.opencontainers.image.title="Portico" \
      org.opencontainers.image.description="One stdio MCP server that stands for all of your MCP servers, and logs in to them by itself." \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /build/package.json /opt/portico/package.json
COPY --from=build /build/node_modules /opt/portico/node_modules
COPY --from=build /build/dist /opt/portico/dist
COPY LICENSE /opt/portico/LICENSE
# A named volume takes over the owner of /data when it is new. /data is no VOLUME: one without a name would be forgotten
# with the container, and the logins with it.
RUN ln -s /opt/portico/dist/main.js /usr/local/bin/portico \
 && install -d -o 1000 -g 1000 -m 0755 /data \
 && install -d -m 0755 /config
# HOME is on the volume too: what npx fetches has to be executed, which Docker forbids in a --tmpfs, and lasts there.
ENV NODE_ENV=production \
    HOME=/data/home \
    XDG_CACHE_HOME=/data/cache \
    XDG_DATA_HOME=/data/share \
    XDG_STATE_HOME=/data/state \
    GATEWAY_MCP_CONFIG=/config/mcp.json \
    GATEWAY_TOKEN_DIR=/data/tokens
WORKDIR /config
USER 1000:1000
HEALTHCHECK --interval=5m --timeout=20s --start-period=10s --retries=2 CMD ["portico", "check"]
ENTRYPOINT ["portico"]
CMD ["serve"]
