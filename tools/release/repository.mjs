// @ts-check
// Says in every manifest where the source is: npm's provenance demands that it is where the package was built. The tree
// itself knows no address, so the workflow that publishes gives it, as GITHUB_REPOSITORY.
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { publicPackages } from './packages.mjs';

/**
 * @param {string} tree
 * @param {string} repository owner/name on GitHub
 */
export function nameRepository(tree, repository) {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new Error(`release: "${repository}" is not owner/name; set GITHUB_REPOSITORY to that`);
  }
  const url = `git+https://github.com/${repository}.git`;
  for (const { folder, manifest } of publicPackages(tree)) {
    const named = { ...manifest, repository: { type: 'git', url, directory: relative(tree, folder) } };
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(named, null, 2)}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  nameRepository(fileURLToPath(new URL('../../', import.meta.url)), process.env.GITHUB_REPOSITORY ?? '');
}
