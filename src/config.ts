import { type ConfigProblem, problemAt } from './config/problem.ts';
import { resolveConfig } from './config/resolve.ts';
import type { Config } from './config/resolved.ts';
import { configSchema, KEY_SEPARATOR } from './config/schema.ts';
import { type ConfigInput, readSource, type Source } from './config/source.ts';
import { type KeyPath, shown, unknownKeyFix } from './config/wording.ts';

export type { AdminConfig } from './config/admin.ts';
export { INSPECTOR_PRESET, type InspectorConfig } from './config/inspector.ts';
export type { MediaAdvertised, MediaConfig } from './config/media.ts';
export type { Network } from './config/network.ts';
export { type PickupConfig, type PickupGroup, type PickupReach, pickupReach } from './config/pickup.ts';
export type { ConfigProblem } from './config/problem.ts';
export { isLoopback } from './config/resolve.ts';
export type {
  Config,
  HttpConfig,
  HttpTargetConfig,
  ListenAddress,
  Place,
  ProviderConfig,
  PushAddress,
  ScenarioEntry,
  UserConfig,
} from './config/resolved.ts';
export type { DiversionTargets, NumberRule, TrunkConfig, UserRouting } from './config/routing.ts';
export type { RtpengineConfig } from './config/rtpengine.ts';
export { PRESET_MAX_CASES, scenarioEntry } from './config/scenarios.ts';
export type { ConfigInput } from './config/source.ts';

const MAX_PROBLEMS = 50;

/**
 * Reads the config: `--config FILE`, else CALLWEAVE_CONFIG, else ./callweave.yaml, else embedded presets; single
 * settings from the environment on top. Problems are one line each; the caller prints them and exits 78.
 */
export function loadConfig(input: ConfigInput): Config | ConfigProblem[] {
  const source = readSource(input);
  if (Array.isArray(source)) return source;
  const parsed = configSchema.safeParse(source.written, { reportInput: true });
  if (parsed.success) return resolveConfig(parsed.data, source, input.cwd);
  // A value that breaks two rules is still one line, since its fix is one.
  const problems = new Map<string, ConfigProblem>();
  for (const issue of parsed.error.issues) for (const found of problemsOf(issue, source)) problems.set(found.line, found);
  return [...problems.values()].slice(0, MAX_PROBLEMS);
}

interface Issue {
  readonly code?: string;
  readonly path: KeyPath;
  readonly message: string;
  readonly input?: unknown;
  readonly keys?: readonly string[];
}

function problemsOf(issue: Issue, source: Source): ConfigProblem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(KEY_SEPARATOR);
    return (issue.keys ?? []).map((key) => {
      const at = [...path, key];
      const value = shown(Object(issue.input)[key], at);
      return problemAt(source.locate(at), `unknown key, set to ${value}`, unknownKeyFix(key, known));
    });
  }
  // The wrong name of a PIN may be that PIN.
  const at = isPinName(path) ? path.slice(0, -1) : path;
  if (issue.code === 'invalid_key') return [problemAt(source.locate(at), 'wrong name', `write ${nameFix(path)}`)];
  return [problemAt(source.locate(path), shown(issue.input, path), `write ${issue.message}`)];
}

const isPinName = ([first, second]: KeyPath): boolean => first === 'ivr' && second === 'pins';

const nameFix = (path: KeyPath): string => {
  if (path[0] === 'trunks') return 'a name of letters, digits, dots and dashes, such as carrier';
  if (path[0] === 'pickup') return 'a name of letters, digits, dots and dashes, such as sales';
  if (path[0] === 'http' && !path.includes('headers')) return 'a name of letters, digits, dots and dashes, such as crm';
  if (path[0] === 'inCallCodes') return '* or # and up to 7 of 0 to 9, * and # in quotes, such as "*1"';
  if (path[0] === 'ivr') return ivrNameFix(path);
  if (path[0] === 'tls') return 'the name that clients ask for, such as sip.example.com';
  if (path[0] === 'users') return 'the user part alone, without domain and spaces, such as alice or "1001"';
  return path.includes('headers')
    ? 'the name of an HTTP header, such as authorization'
    : 'a pn-provider, such as apns, fcm or webpush';
};

function ivrNameFix(path: KeyPath): string {
  if (path[1] === 'numbers') return 'a number in quotes or a name, such as "100"';
  if (path.includes('choices')) return '1 to 8 of 0 to 9, * and # in quotes, such as "1"';
  return `a name that begins with a letter, such as ${path[1] === 'pins' ? 'door' : 'main'}`;
}
