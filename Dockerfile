# One image for every process of the farm; the command says which one.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node tools/build.mjs && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends git openssh-client nix-bin bubblewrap busybox-static \
    ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node -m 0755 /data /data/logs /data/mirrors /data/nars /data/public \
    /data/evaluator /data/worker \
  && install -d -o node -g node -m 0700 /data/signing
WORKDIR /app
COPY --from=build /app/package.json ./package.json
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/prisma ./prisma
COPY --from=build /app/demo ./demo
COPY --from=build /app/scheme ./scheme
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production GAMBESON_DATA=/data
USER node
VOLUME /data
