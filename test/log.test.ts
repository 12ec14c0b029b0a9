import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createLog, type LogLevel, silentLog } from '../src/log.ts';

const AT_MS = 1_795_383_601_987.25;

function recorded(format: 'pretty' | 'json', level: LogLevel = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, format, clock: { now: () => AT_MS }, sink: { write: (line) => lines.push(line) } });
  return { log, lines };
}

describe('a log', () => {
  it('writes JSON with level names, whole milliseconds and flat fields', () => {
    const { log, lines } = recorded('json');
    log.info({ call: 'call:7', forks: 2, woken: true, gone: undefined }, 'call ended');
    expect(lines).toEqual(['{"level":"info","time":1795383601987,"call":"call:7","forks":2,"woken":true,"msg":"call ended"}\n']);
  });

  it('writes short lines for people', () => {
    const { log, lines } = recorded('pretty');
    log.warn({ call: 'call:7', why: 'no answer', empty: '' }, 'call ended');
    log.info({}, 'listening');
    expect(lines[0]).toMatch(/^\d\d:\d\d:01 warn {2}call ended {2}call=call:7 why="no answer" empty=""\n$/);
    expect(lines[1]).toMatch(/^\d\d:\d\d:01 info {2}listening\n$/);
  });

  it.each(['pretty', 'json'] as const)('keeps one line and no control character of the wire (%s)', (format) => {
    const { log, lines } = recorded(format);
    log.info({ from: 'a\r\n21:00:00 error forged\u001b[2J\u009b31m' }, 'call offered');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.slice(0, -1)).not.toMatch(format === 'pretty' ? /\p{Cc}/u : /[\r\n]/);
  });

  it.each(['pretty', 'json'] as const)('masks what is secret, by name and inside contacts (%s)', (format) => {
    const { log, lines } = recorded(format, 'debug');
    const secret = 'hunter2';
    log.info({ authorization: secret, password: secret, token: secret, prid: secret, digits: secret }, 'one');
    log.debug({ contact: `<sip:bob@192.0.2.1;pn-provider=apns;PN-PRID=${secret};ob>;expires=60`, aor: 'sip:bob' }, 'two');
    log.error({ contact: `sip:bob@192.0.2.1;pn-prid="${secret} x"`, uri: `sip:b@c;pn-prid = ${secret}>` }, 'three');
    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toContain(secret);
    expect(lines[1]).toContain('PN-PRID=***;ob>;expires=60');
    expect(lines[1]).toContain('sip:bob');
  });

  it('leaves out what is below its level, and says so', () => {
    const { log, lines } = recorded('json', 'warn');
    log.info({}, 'no');
    log.debug({}, 'no');
    log.warn({}, 'yes');
    expect(lines).toHaveLength(1);
    expect(log.enabled('info')).toBe(false);
    expect(recorded('json', 'debug').log.enabled('debug')).toBe(true);
  });

  it('is silent where tests ask for it', () => {
    silentLog.error({ call: 'call:1' }, 'nothing');
    expect(silentLog.enabled('info')).toBe(false);
  });

  it('loses no buffered line when the process exits', async () => {
    const log = fileURLToPath(new URL('../src/log.ts', import.meta.url));
    const program = `
      const { createLog } = await import(${JSON.stringify(log)});
      const log = createLog({ level: 'info', format: 'auto', clock: { now: () => 5 } });
      for (let i = 0; i < 300; i += 1) log.info({ i }, 'line');
      process.exit(0);`;
    const written = await new Promise<string>((done, failed) => {
      execFile(process.execPath, ['--input-type=module', '-e', program], (error, stdout) =>
        error ? failed(error) : done(stdout),
      );
    });
    const lines = written.trimEnd().split('\n');
    // A block whose writing was under way when the process ended may come out behind the last one: each line is there, once.
    const numbers = lines.map((line) => (JSON.parse(line) as { i: number }).i).toSorted((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });
});
