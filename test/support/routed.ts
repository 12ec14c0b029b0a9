/** The sections of a config that say where calls go, read as people write them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig } from '../../src/config.ts';

/** Throws with the config's own lines where it is wrong. */
export function routed(yaml: string): Pick<Config, 'users' | 'trunks' | 'numbers'> {
  const cwd = mkdtempSync(join(tmpdir(), 'callweave-routed-'));
  writeFileSync(join(cwd, 'callweave.yaml'), yaml);
  const config = loadConfig({ argv: [], env: {}, cwd });
  rmSync(cwd, { recursive: true });
  if (Array.isArray(config)) throw new Error(config.map(({ line }) => line).join('\n'));
  const { users, trunks, numbers } = config;
  return { users, trunks, numbers };
}
