/**
 * Builds the live page of src/page into dist/page: index.html and assets/ with a hash of the content in each name, so that
 * browsers may keep them for ever. `node .ci/page.mjs` builds or fails. `--if-needed` builds only where the sources are newer,
 * and `--if-possible` says in a line what is missing instead of failing: the service runs without its page too.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(root, 'src/page');
const TARGET = join(root, 'dist/page');
const INDEX = join(TARGET, 'index.html');

const sources = () => readdirSync(SOURCE, { recursive: true }).filter((name) => /\.(tsx?|css|html|svg)$/.test(name));

/** The words of the design come first in the cascade; the pages' own sheets follow by name. */
const sheets = () => {
  const found = sources().filter((name) => name.endsWith('.css')).sort();
  return [...found.filter((name) => name.startsWith('styles')), ...found.filter((name) => !name.startsWith('styles'))];
};

const changedAt = (paths) => Math.max(...paths.map((path) => statSync(path).mtimeMs));

function isNeeded() {
  if (!existsSync(INDEX)) return existsSync(SOURCE);
  return changedAt([...sources().map((name) => join(SOURCE, name)), fileURLToPath(import.meta.url)]) > statSync(INDEX).mtimeMs;
}

const hashed = (name, ending, text) =>
  `${name}-${createHash('sha256').update(text).digest('base64url').slice(0, 10)}.${ending}`;

/** Without comments and indentation: what gzip would not take out. */
const squeezed = (css) => css.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\s*\n\s*/g, '\n').trim();

/** One program with the parts that it loads later; the name of its first file. */
async function script(rolldown, name, source, format, dir) {
  const bundle = await rolldown({
    input: { [name]: join(SOURCE, source) },
    platform: 'browser',
    tsconfig: join(SOURCE, 'tsconfig.json'),
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    logLevel: 'warn',
  });
  const names = { entryFileNames: '[name]-[hash].js', chunkFileNames: '[name]-[hash].js' };
  const { output } = await bundle.write({ dir, format, minify: true, ...names });
  await bundle.close();
  return output.find((chunk) => chunk.isEntry).fileName;
}

async function build() {
  const { rolldown } = await import('rolldown');
  // Into a folder beside it, so that a service that runs never sees half a page.
  const fresh = `${TARGET}-${process.pid}`;
  try {
    await buildInto(fresh, rolldown);
    putInPlace(fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Who builds at the same time builds the same: whichever comes to lie there will do. */
function putInPlace(fresh) {
  rmSync(TARGET, { recursive: true, force: true });
  try {
    renameSync(fresh, TARGET);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
}

async function buildInto(fresh, rolldown) {
  const assets = join(fresh, 'assets');
  mkdirSync(assets, { recursive: true });
  const main = await script(rolldown, 'main', 'main.tsx', 'esm', assets);
  const inspect = await script(rolldown, 'inspect', 'inspect/main.ts', 'esm', assets);
  const theme = await script(rolldown, 'theme', 'theme-first.ts', 'iife', assets);
  const css = squeezed(sheets().map((sheet) => readFileSync(join(SOURCE, sheet), 'utf8')).join('\n'));
  const style = hashed('page', 'css', css);
  writeFileSync(join(assets, style), css);
  const icon = readFileSync(join(SOURCE, 'icon.svg'), 'utf8');
  const iconName = hashed('icon', 'svg', icon);
  writeFileSync(join(assets, iconName), icon);
  const document = (path, program) =>
    readFileSync(join(SOURCE, path), 'utf8')
      .replace('{icon}', `/assets/${iconName}`)
      .replace('{style}', `/assets/${style}`)
      .replace('{theme}', `/assets/${theme}`)
      .replace('{main}', `/assets/${program}`);
  writeFileSync(join(fresh, 'index.html'), document('index.html', main));
  writeFileSync(join(fresh, 'inspect.html'), document('inspect/inspect.html', inspect));
}

const wishes = new Set(process.argv.slice(2));
try {
  if (!wishes.has('--if-needed') || isNeeded()) await build();
} catch (error) {
  if (!wishes.has('--if-possible')) throw error;
  const why = error.code === 'ERR_MODULE_NOT_FOUND' ? 'the packages that build it are not installed' : error.message;
  process.stderr.write(`callweave: the live page is not built (${why}); npm ci && npm run build:page builds it\n`);
}
