import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/**
 * A group of cases that need other programs: a laptop without them skips the group and says why; in CI it fails, since there a
 * skip would be a proof that nobody gives.
 */
export function describeWith(programs: Readonly<Record<string, string>>, name: string, cases: () => void): void {
  const missing = Object.keys(programs).filter((program) => !isInstalled(program));
  if (missing.length === 0) {
    describe(name, cases);
    return;
  }
  const hint = `apt-get install ${missing.map((program) => programs[program]).join(' ')}`;
  if (process.env.CI === undefined) describe.skip(`${name} [skipped: no ${missing.join(', ')} here; ${hint}]`, cases);
  else it(`${name} needs ${missing.join(', ')}`, () => expect.fail(`CI must have ${missing.join(', ')}: ${hint}`));
}

const isInstalled = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Debian packages of the peers used here. */
export const SIPP = { sipp: 'sip-tester' };
export const SIPSAK = { sipsak: 'sipsak' };
export const BARESIP = { baresip: 'baresip-core' };
export const CHROMIUM = { chromium: 'chromium' };
export const LINPHONE = { linphonec: 'linphone-cli' };
export const KAMAILIO = { kamailio: 'kamailio' };
export const RTPENGINE = { rtpengine: 'rtpengine-daemon' };
