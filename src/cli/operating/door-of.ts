/** Which door a command knocks at: one that is named, else that of the config with which the service would start here. */
import { loadConfig } from '../../config.ts';
import { isProblem, type Problem, problem } from '../../errors.ts';
import type { Given } from '../command.ts';
import type { Door } from './door.ts';

const PRESET_URL = 'http://127.0.0.1:8060';

/** What the arguments say of it. */
export interface NamedDoor {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly config?: string | undefined;
}

/** The door, or what is wrong with what was said of it. */
export function doorOf({ url, token, config }: NamedDoor, given: Pick<Given, 'env' | 'cwd'>): Door | Problem {
  const known = token ?? given.env.CALLWEAVE_TOKEN;
  if (url !== undefined) return named(url, known);
  const door = ofConfig(config, given);
  return isProblem(door) || known === undefined ? door : { ...door, token: known };
}

function named(url: string, token: string | undefined): Door | Problem {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return problem(`--url ${url} is no address; write one such as ${PRESET_URL}`);
  return { url: url.replace(/\/+$/, ''), token };
}

const ANY: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function ofConfig(file: string | undefined, { env, cwd }: Pick<Given, 'env' | 'cwd'>): Door | Problem {
  const config = loadConfig({ argv: file === undefined ? [] : ['--config', file], env, cwd });
  // One that nobody named is no reason to refuse: it may be unreadable, since it holds passwords.
  if (Array.isArray(config)) return file === undefined ? { url: PRESET_URL, token: undefined } : problem(config[0]?.line ?? file);
  const { admin } = config;
  if (admin === undefined) return problem(`${config.file ?? 'the config'} has admin: off, so that nobody can ask the service`);
  const host = ANY[admin.host] ?? admin.host;
  return { url: `${admin.scheme}://${host.includes(':') ? `[${host}]` : host}:${admin.port}`, token: admin.token };
}
