/**
 * What a published package has and the repository has not, and the reverse: `node .ci/pack.mjs before` and `after`,
 * called by npm pack and npm publish.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const KEPT = '.package.kept.json';

function restore() {
  if (existsSync(KEPT)) renameSync(KEPT, 'package.json');
}

/**
 * npm's overrides act in the root project only, so a dependency on sip would bring its old ws along. Its one file is
 * shipped inside dist, where it finds our ws.
 */
function shipSip() {
  const folder = 'dist/node_modules/sip';
  mkdirSync(folder, { recursive: true });
  for (const file of ['sip.js', 'LICENSE']) copyFileSync(`node_modules/sip/${file}`, `${folder}/${file}`);
  const { name, version, author, main } = JSON.parse(readFileSync('node_modules/sip/package.json', 'utf8'));
  writeFileSync(`${folder}/package.json`, `${JSON.stringify({ name, version, author, license: 'MIT', main })}\n`);
}

function reduce() {
  const text = readFileSync('package.json', 'utf8');
  writeFileSync(KEPT, text);
  // The Node that comes along is for npm scripts of the repository.
  const { scripts, devDependencies, optionalDependencies, overrides, dependencies, ...published } = JSON.parse(text);
  const { sip, ...others } = dependencies;
  if (sip === undefined || scripts === undefined) throw new Error('package.json is not the one of the repository');
  writeFileSync('package.json', `${JSON.stringify({ ...published, dependencies: others }, null, 2)}\n`);
}

restore();
if (process.argv[2] === 'before') {
  shipSip();
  reduce();
}
