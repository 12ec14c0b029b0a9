/**
 * Where a user's file finds `callweave`, `xstate` and fast-check: in this very instance of the package, wherever the
 * file lies and whatever lies beside it, so that there is one xstate and one of each fact.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type LoadHookSync, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { LoadFault } from './fault.ts';

/** `ts` in the source tree, `js` in the built package. */
const FORM = import.meta.url.slice(import.meta.url.lastIndexOf('.') + 1);
const root = new URL('../../', import.meta.url);

/** The file behind `callweave`, `callweave/testing` and `callweave/machines/…`; undefined for what is no door. */
function doorOf(specifier: string): URL | undefined {
  if (specifier === 'callweave') return new URL(`src/index.${FORM}`, root);
  if (specifier === 'callweave/testing') return new URL(`src/testing/index.${FORM}`, root);
  const [, chart] = /^callweave\/(machines\/[\w/-]+)$/.exec(specifier) ?? [];
  return chart === undefined ? undefined : new URL(`${chart}.${FORM}`, root);
}

const isOf = (name: string, specifier: string): boolean => specifier === name || specifier.startsWith(`${name}/`);

const ESM_SYNTAX = /^\s*(?:import\s*["'{*\w]|export\s+(?:default|const|let|class|function|async|type|interface|\{|\*))/m;
const isUsers = (url: string): boolean => url.startsWith('file:') && !url.includes('/node_modules/') && /\.[jt]s$/.test(url);

/** A file of modules is loaded as what it is, though no package.json beside it says so, or one says nothing. */
const load: LoadHookSync = (url, context, next) => {
  const { format } = context;
  if (format === 'module' || format === 'module-typescript' || !isUsers(url)) return next(url, context);
  if (!ESM_SYNTAX.test(readFileSync(fileURLToPath(url), 'utf8'))) return next(url, context);
  if (format === 'commonjs' || format === 'commonjs-typescript')
    throw new LoadFault('the package.json above it says "type": "commonjs"; write "type": "module" there');
  return next(url, { ...context, format: url.endsWith('ts') ? 'module-typescript' : 'module' });
};

let isOpen = false;

/** Lets every file that is loaded from now on find this instance. */
export function openDoors(): void {
  if (isOpen) return;
  isOpen = true;
  registerHooks({
    load,
    resolve: (specifier, context, next) => {
      if (isOf('callweave', specifier)) {
        const door = doorOf(specifier);
        if (door === undefined || !existsSync(door)) {
          throw new LoadFault(
            `"${specifier}" is no door of callweave; those are callweave, callweave/testing and callweave/machines/…`,
          );
        }
        return { url: door.href, shortCircuit: true };
      }
      if (isOf('xstate', specifier)) return next(specifier, { ...context, parentURL: import.meta.url });
      if (!isOf('fast-check', specifier)) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}
