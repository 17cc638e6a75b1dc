// @ts-check
// A registry of our own on a free port of this machine. Packages from outside come through it; ours never do, so that
// what is installed is what has just been published.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runServer } from 'verdaccio';
import { run } from './run.mjs';

const OURS = ['@vmemmap/*', 'create-vmemmap-arch'];

/**
 * @typedef {object} Registry
 * @property {string} url
 * @property {Record<string, string>} env what makes npm and pnpm use it and nothing else, npm with a cache of its own
 * @property {() => Promise<void>} close
 */

/**
 * @param {string} folder for its storage
 * @returns {Promise<{ says: string, value: Registry }>}
 */
export async function startRegistry(folder) {
  mkdirSync(folder);
  const uplink = (await run({ cwd: folder }, 'npm', 'config', 'get', 'registry')).trim();
  const config = join(folder, 'config.yaml');
  const server = await runServer({
    configPath: config,
    self_path: config,
    storage: join(folder, 'storage'),
    web: { enable: false },
    auth: { htpasswd: { file: join(folder, 'htpasswd'), max_users: -1 } },
    uplinks: { outside: { url: uplink, cache: true, maxage: '1h', timeout: '60s', max_fails: 20 } },
    packages: {
      ...Object.fromEntries(OURS.map((pattern) => [pattern, { access: '$all', publish: '$all' }])),
      '**': { access: '$all', proxy: 'outside' },
    },
    log: { type: 'file', path: join(folder, 'log'), level: 'warn', format: 'json' },
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const url = `http://127.0.0.1:${server.address().port}/`;
  // npm refuses to publish without a token; this registry takes any, so an invented one will do.
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, `registry=${url}\n//${new URL(url).host}/:_authToken=anyone\n`);
  const env = {
    // Both spellings are in use, and npm reads either.
    NPM_CONFIG_USERCONFIG: npmrc,
    npm_config_userconfig: npmrc,
    npm_config_registry: url,
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  };
  const close = () => {
    server.closeAllConnections();
    return /** @type {Promise<void>} */ (new Promise((resolve) => server.close(() => resolve())));
  };
  return { says: `at ${url}, packages from outside through ${uplink}`, value: { url, env, close } };
}

/**
 * @param {import('./pack.mjs').Packed[]} packed
 * @param {Registry} registry
 */
export async function publish(packed, { url, env }) {
  for (const { tarball, folder } of packed) {
    // A provenance statement is made by the workflow alone: it vouches for where the build ran.
    await run({ cwd: folder, env }, 'npm', 'publish', tarball, '--registry', url, '--no-provenance');
  }
  return { says: `${packed.length} packages`, value: true };
}
