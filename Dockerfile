# One image for every part of the fleet: docker run drumline worker --redis … . It has its own Node, so the npm package
# `node`, a development dependency that pins one for hosts, stays out.
FROM node:26-slim

WORKDIR /opt/drumline
COPY package.json package-lock.json .npmrc ./
COPY packages ./packages
# npm checks the lock file against every workspace, also those whose packages are left out.
COPY test/package.json ./test/
COPY bench/package.json ./bench/
# Not `npm ci`: see scripts/run.mjs. `--no-save` takes the versions of the lock file all the same.
RUN npm install --omit=dev --no-save --ignore-scripts && npm cache clean --force \
  && ln -s /opt/drumline/packages/cli/bin/drumline.mjs /usr/local/bin/drumline
COPY config ./config
COPY traffic ./traffic

ENV NODE_ENV=production
USER node
ENTRYPOINT ["drumline"]
CMD ["--help"]
