import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../src/config.ts';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'callweave-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const write = (yaml: string, name = 'callweave.yaml'): void => writeFileSync(join(cwd, name), yaml);
const load = (env: Record<string, string> = {}, argv: string[] = []) => loadConfig({ argv, env, cwd });

const ELEVEN_HUNDRED = Array.from({ length: 1100 }, (_, i) => `u${i}`);

/** The lines of a config that is wrong. */
function lines(yaml: string, env: Record<string, string> = {}): string[] {
  write(yaml);
  const loaded = load(env);
  if (!Array.isArray(loaded)) throw new Error('the config was taken');
  return loaded.map((found) => found.line);
}

/** A config that is right. */
function taken(yaml: string, env: Record<string, string> = {}): Config {
  write(yaml);
  const loaded = load(env);
  if (Array.isArray(loaded)) throw new Error(loaded.map((found) => found.line).join('\n'));
  return loaded;
}

describe('presets', () => {
  it('are safe without a file: loopback, three demo users who may pick up each other’s calls, digest', () => {
    const config = load() as Config;
    expect(config.file).toBeUndefined();
    expect(config.demo).toBe(true);
    expect(config.listen).toEqual([
      { transport: 'udp', host: '127.0.0.1', port: 5060 },
      { transport: 'tcp', host: '127.0.0.1', port: 5060 },
    ]);
    expect(config).toMatchObject({ realm: 'callweave', auth: 'digest', digest: { algorithm: 'MD5', nonceMs: 300_000 } });
    expect([...config.users.keys()]).toEqual(['alice', 'bob', 'carol']);
    expect(config.pickup).toEqual({
      groups: new Map([['demo', { members: ['alice', 'bob', 'carol'], pickers: [] }]]),
      codes: { group: '*8', directed: '**' },
      mode: 'join',
      takeOver: [],
      watch: 'group',
    });
    expect(config.push).toMatchObject({ wakeLimitMs: 20_000, awakeForMs: 0, progress: 182 });
    expect([...config.push.providers]).toEqual(['apns', 'fcm', 'webpush', 'demo'].map((name) => [name, { sender: 'log' }]));
    expect(config.registrar).toEqual({
      minExpiresMs: 60_000,
      maxExpiresMs: 7_200_000,
      defaultExpiresMs: 3_600_000,
      maxContacts: 10,
    });
    expect(config.calls).toEqual({
      ringLimitMs: 60_000,
      silentAfterMs: 10_000,
      maxForks: 16,
      earlyDialogs: 'forked',
      declineEndsCall: false,
      sessionExpiresSeconds: 1800,
      minSessionExpiresSeconds: 90,
      aliveCheckMs: 300_000,
      transfer: 'local',
      maxCalls: 200_000,
    });
    expect(config.store.path).toBe(join(cwd, 'callweave.sqlite'));
  });

  it('fill what a file leaves out or leaves empty, without the demo users', () => {
    const config = taken('push:\nlog:\ndomains: [Example.com, example.org]\n');
    expect(config.demo).toBe(false);
    expect(config.users.size).toBe(0);
    expect(config.domains).toEqual(['example.com', 'example.org']);
    expect(config.realm).toBe('example.com');
    expect(config.push.wakeLimitMs).toBe(20_000);
    expect(config.pickup).toBeUndefined();
    expect(config.log).toEqual({ level: 'info', format: 'auto' });
  });
});

describe('a file', () => {
  it('says who may pick up whose calls, in short or in full', () => {
    const { pickup } = taken(
      'users: { bob: { password: x }, carol: { password: x }, erin: { password: x } }\npickup:\n  groups:\n    sales: [bob, carol]\n    desk: { members: [erin], pickers: all }\n  codes: { directed: false, group: "*7" }\n  mode: callback\n  takeOver: [erin]\n  watch: all\n',
    );
    expect(pickup).toEqual({
      groups: new Map([
        ['sales', { members: ['bob', 'carol'], pickers: [] }],
        ['desk', { members: ['erin'], pickers: 'all' }],
      ]),
      codes: { group: '*7', directed: undefined },
      mode: 'callback',
      takeOver: ['erin'],
      watch: 'all',
    });
    expect(taken('pickup:\n').pickup).toBeUndefined();
    expect(taken('auth: none\npickup: { groups: { sales: [anybody] } }\n').pickup?.groups.size).toBe(1);
  });

  it('sets everything, in seconds where people write it and milliseconds where the program reads it', () => {
    const config = taken(`
listen: [ "udp:0.0.0.0:5060", { transport: tcp, host: "::1", port: 0 }, "tcp:[::]:5070", "udp:localhost:5090" ]
users:
  alice: { password: "s3cret", displayName: Alice, wakeable: true }
  "1001": { password: " ", wakeable: { provider: APNS, prid: tok, param: com.example } }
  carol: { password: x, wakeable: false }
dns: { servers: [192.0.2.53, "[2001:db8::53]:5353"], timeoutSeconds: 1.5 }
push:
  wakeLimitSeconds: 0.5
  progress: none
  providers:
    demo: { sender: log }
    APNS: { sender: http, url: "https://push.example.com/wake", timeoutSeconds: 1.5, retries: 0, headers: { authorization: "Bearer x" } }
store: { path: ":memory:" }
limits: { overloadLagMs: 50 }
`);
    expect(config.listen).toEqual([
      { transport: 'udp', host: '0.0.0.0', port: 5060 },
      { transport: 'tcp', host: '::1', port: 0 },
      { transport: 'tcp', host: '::', port: 5070 },
      { transport: 'udp', host: '127.0.0.1', port: 5090 },
    ]);
    expect(config.users.get('alice')).toEqual({
      name: 'alice',
      password: 's3cret',
      displayName: 'Alice',
      wakeable: { provider: 'demo', prid: 'alice', param: undefined },
    });
    expect(config.users.get('1001')?.wakeable).toEqual({ provider: 'apns', prid: 'tok', param: 'com.example' });
    expect(config.users.get('carol')?.wakeable).toBeUndefined();
    expect(config.push.wakeLimitMs).toBe(500);
    expect(config.push.providers.get('apns')).toEqual({
      sender: 'http',
      url: 'https://push.example.com/wake',
      timeoutMs: 1500,
      retries: 0,
      headers: { authorization: 'Bearer x' },
    });
    expect(config.store.path).toBe(':memory:');
    expect(config.limits.overloadLagMs).toBe(50);
    expect(config.dns).toEqual({ servers: ['192.0.2.53', '[2001:db8::53]:5353'], timeoutMs: 1500, failoverMs: 4000 });
  });

  it('says which media comes to us, and through what', () => {
    expect(taken('domains: [example.com]').media).toEqual({
      anchor: 'auto',
      ports: { first: 20_000, last: 29_999 },
      advertise: [],
      prompts: undefined,
      recordings: undefined,
      stalledAfterMs: 10_000,
      stalledEndsCallAfterMs: 0,
      inband: false,
    });
    const { media } = taken(`
auth: none
listen:
  - { transport: udp, host: 10.0.0.1, port: 5060, advertise: 203.0.113.5 }
  - { transport: udp, host: 0.0.0.0, port: 5070, advertise: "203.0.113.6:5070" }
  - { transport: udp, host: 10.0.0.2, port: 5060, advertise: sip.example.com }
media:
  anchor: always
  ports: [10000, 10007]
  advertise: 203.0.113.9
  prompts: ./prompts
  recordings: /var/spool/callweave
  stalledAfterSeconds: 2.5
  stalledEndsCallAfterSeconds: 60
  inband: true
`);
    expect(media).toEqual({
      anchor: 'always',
      ports: { first: 10_000, last: 10_007 },
      advertise: [
        { local: undefined, host: '203.0.113.9' },
        { local: '10.0.0.1', host: '203.0.113.5' },
        { local: undefined, host: '203.0.113.6' },
      ],
      prompts: join(cwd, 'prompts'),
      recordings: '/var/spool/callweave',
      stalledAfterMs: 2500,
      stalledEndsCallAfterMs: 60_000,
      inband: true,
    });
  });

  it('says where rtpengine is, if it is to relay', () => {
    const written = 'domains: [example.com]\nmedia: { rtpengine: { whenDown: refuse } }';
    expect(taken(written).media.rtpengine).toBeUndefined();
    expect(taken('domains: [example.com]\nmedia: { engine: rtpengine }').media.rtpengine).toEqual({
      address: { host: '127.0.0.1', port: 2223 },
      dtmfLog: undefined,
      timeoutMs: 1_000,
      whenDown: 'builtin',
    });
    const all = 'rtpengine: { address: "[::1]:22222", dtmfLog: "127.0.0.1:2224", timeoutSeconds: 0.25, whenDown: refuse }';
    expect(taken(`domains: [example.com]\nmedia: { engine: rtpengine, ${all} }`).media.rtpengine).toEqual({
      address: { host: '::1', port: 22_222 },
      dtmfLog: { host: '127.0.0.1', port: 2224 },
      timeoutMs: 250,
      whenDown: 'refuse',
    });
  });

  it('names certificates, and what peers are told of a listener', () => {
    const config = taken(`
listen:
  - tls:127.0.0.1:5061
  - { transport: udp, host: 127.0.0.1, port: 5060, advertise: 203.0.113.5 }
  - { transport: tcp, host: 127.0.0.1, port: 5060, advertise: "Sip.Example.com:5070" }
  - { transport: ws, host: "::1", port: 80, advertise: "2001:db8::1" }
  - { transport: wss, host: "::1", port: 443, advertise: "[2001:db8::1]:8443" }
users: { alice: { password: x } }
tls:
  certificate: a.pem
  key: /keys/a.key
  names: { Sip.Example.net: { certificate: b.pem, key: b.key } }
  clientCertificates: ask
  ca: ca.pem
  minVersion: 1.3
websocket: { path: /sip, origins: ["https://App.example.com", "*"] }
`);
    expect(config.listen.map(({ advertise }) => advertise)).toEqual([
      undefined,
      { host: '203.0.113.5', port: undefined },
      { host: 'sip.example.com', port: 5070 },
      { host: '2001:db8::1', port: undefined },
      { host: '2001:db8::1', port: 8443 },
    ]);
    expect(config.tls).toEqual({
      certificate: join(cwd, 'a.pem'),
      key: '/keys/a.key',
      names: new Map([['sip.example.net', { certificate: join(cwd, 'b.pem'), key: join(cwd, 'b.key') }]]),
      clientCertificates: 'ask',
      ca: join(cwd, 'ca.pem'),
      minVersion: 'TLSv1.3',
      verifyServers: true,
    });
    expect(config.websocket).toEqual({ path: '/sip', origins: ['https://app.example.com', '*'] });
    expect(taken('realm: x')).toMatchObject({ tls: undefined, websocket: { path: undefined, origins: undefined } });
  });

  it('is found by --config before CALLWEAVE_CONFIG before ./callweave.yaml', () => {
    write('realm: preset');
    write('realm: environment', 'b.yaml');
    write('realm: option', 'c.yaml');
    expect(load()).toMatchObject({ realm: 'preset', file: 'callweave.yaml' });
    expect(load({ CALLWEAVE_CONFIG: 'b.yaml' })).toMatchObject({ realm: 'environment', file: 'b.yaml' });
    expect(load({ CALLWEAVE_CONFIG: 'b.yaml' }, ['--config', 'c.yaml'])).toMatchObject({ realm: 'option' });
    expect(load({}, ['--config=c.yaml'])).toMatchObject({ realm: 'option', file: 'c.yaml' });
  });

  it('has a door on loopback unless it is off', () => {
    const preset = { scheme: 'http', host: '127.0.0.1', port: 8060, isPreset: true, token: undefined, names: [] };
    expect(load()).toMatchObject({ admin: { ...preset, keep: { calls: 500, maxAgeMs: 3_600_000 } } });
    for (const off of ['admin: off', 'admin: false', 'admin: { listen: off }']) expect(taken(off).admin).toBeUndefined();
    expect(load({ CALLWEAVE_ADMIN: 'off' })).toMatchObject({ admin: undefined });
    expect(load({ CALLWEAVE_ADMIN: 'http:[::1]:0' })).toMatchObject({ admin: { host: '::1', port: 0, isPreset: false } });
    const token = 'tHWT7_0123456789';
    const written = taken(
      `domains: [Example.com]\nadmin: { listen: "http:0.0.0.0:80", token: ${token}, names: [OPS.example.com] }`,
    );
    expect(written.admin).toMatchObject({ host: '0.0.0.0', token, names: ['example.com', 'ops.example.com'], isPreset: false });
  });

  it('has no inspector unless it is on, or has a page of its own', () => {
    expect(load()).toMatchObject({ inspector: undefined });
    for (const off of ['inspector: off', 'inspector: false', 'inspector:']) expect(taken(off).inspector).toBeUndefined();
    for (const on of ['inspector: on', 'inspector: true', 'inspector: {}'])
      expect(taken(on).inspector).toEqual({ page: 'https://stately.ai/inspect' });
    expect(taken('inspector: { page: "http://127.0.0.1:3000" }').inspector).toEqual({ page: 'http://127.0.0.1:3000/' });
  });

  it('gives way to single settings of the environment, also where there is none', () => {
    const env = { CALLWEAVE_LISTEN: 'udp:127.0.0.1:0, tcp:[::1]:5080', CALLWEAVE_DB: 'x.sqlite', CALLWEAVE_LOG_LEVEL: 'debug' };
    const expected = {
      listen: [
        { transport: 'udp', host: '127.0.0.1', port: 0 },
        { transport: 'tcp', host: '::1', port: 5080 },
      ],
      store: { path: join(cwd, 'x.sqlite') },
      log: { level: 'debug', format: 'json' },
    };
    expect(load(env)).toMatchObject({ ...expected, demo: true, log: { level: 'debug', format: 'auto' } });
    expect(taken('store: { path: y.sqlite }\nlog: { level: warn, format: json }', env)).toMatchObject(expected);
    expect(taken('realm: x', { CALLWEAVE_LISTEN: '', CALLWEAVE_DB: '' }).listen).toHaveLength(2);
  });
});

describe('a wrong config is one line that names place, key, value and fix', () => {
  const cases: readonly [name: string, yaml: string, ...expected: string[]][] = [
    [
      'number',
      'push:\n  wakeLimitSeconds: soon',
      'callweave.yaml:2: push.wakeLimitSeconds: "soon"; write a number of seconds from 0.5 to 300, such as 20',
    ],
    [
      'bounds',
      'push: { wakeLimitSeconds: 301 }',
      'callweave.yaml:1: push.wakeLimitSeconds: 301; write a number of seconds from 0.5 to 300, such as 20',
    ],
    ['whole', 'calls: { maxForks: 1.5 }', 'callweave.yaml:1: calls.maxForks: 1.5; write a whole number from 1 to 32, such as 16'],
    [
      'collector',
      'hep: { address: "homer.example.com:9060" }',
      'callweave.yaml:1: hep.address: "homer.example.com:9060"; write an IP address and a port, such as 192.0.2.9:9060 or "[2001:db8::9]:9060"',
    ],
    [
      'traced users',
      'trace: { users: alice }',
      'callweave.yaml:1: trace.users: "alice"; write a list of at most 1000 users or numbers, such as [alice, "1001"]',
    ],
    [
      'trace without size',
      'trace: { maxMegabytes: 0 }',
      'callweave.yaml:1: trace.maxMegabytes: 0; write a whole number from 1 to 100000, such as 100',
    ],
    [
      'door without scheme',
      'admin: { listen: "127.0.0.1:8060" }',
      'callweave.yaml:1: admin.listen: "127.0.0.1:8060"; write http: or https:, an IP address of this machine and a port, such as http:127.0.0.1:8060, or off',
    ],
    [
      'open door',
      'admin: { listen: "http:0.0.0.0:8060" }',
      'callweave.yaml:1: admin.token: missing; write a token of 16 to 256 letters, digits and signs without spaces, as text in quotes, or listen on 127.0.0.1: http:0.0.0.0:8060 is not loopback',
    ],
    [
      'inspector without an address',
      'inspector: { page: stately }',
      'callweave.yaml:1: inspector.page: "stately"; write the https: address of the inspector page, such as https://stately.ai/inspect',
    ],
    [
      'inspector as a word',
      'inspector: maybe',
      'callweave.yaml:1: inspector: "maybe"; write on, off or a map such as { page: https://stately.ai/inspect }',
    ],
    [
      'inspector without a door',
      'admin: off\ninspector: on',
      'callweave.yaml:2: inspector: it is shown by the HTTP API, which is off; take admin: off away, or write inspector: off',
    ],
    [
      'short token',
      'admin: { token: "hunter2" }',
      'callweave.yaml:1: admin.token: ***; write a token of 16 to 256 letters, digits and signs without spaces, as text in quotes',
    ],
    [
      'door without certificate',
      'admin: { listen: "https:127.0.0.1:8060" }',
      'callweave.yaml:1: admin.listen: https:127.0.0.1:8060 needs a certificate; write tls: { certificate: FILE, key: FILE }',
    ],
    [
      'name with a port',
      'admin: { names: ["ops.example.com:8060"] }',
      'callweave.yaml:1: admin.names[0]: "ops.example.com:8060"; write the name that browsers ask for, without scheme and port, such as ops.example.com',
    ],
    [
      'kept calls',
      'admin: { keep: { calls: -1 } }',
      'callweave.yaml:1: admin.keep.calls: -1; write a whole number from 0 to 100000, such as 500',
    ],
    ['records', 'records: { path: 7 }', 'callweave.yaml:1: records.path: 7; write a file such as ./calls.jsonl'],
    ['journal', 'journal: { path: [] }', 'callweave.yaml:1: journal.path: a list; write a file such as ./journal.jsonl'],
    ['journal', 'journal: { calls: bad }', 'callweave.yaml:1: journal.calls: "bad"; write one of all, failed'],
    [
      'journal',
      'journal: { users: alice }',
      'callweave.yaml:1: journal.users: "alice"; write a list of at most 1000 users or numbers, such as [alice, "1001"]',
    ],
    [
      'journal',
      'journal: { maxMegabytes: 0 }',
      'callweave.yaml:1: journal.maxMegabytes: 0; write a whole number from 1 to 100000, such as 100',
    ],
    ...['dns.example.net', '192.0.2.53:0', '192.0.2.53:70000', '192.0.2.256'].map((server): [string, string, string] => [
      `name server ${server}`,
      `dns: { servers: ["${server}"] }`,
      `callweave.yaml:1: dns.servers[0]: "${server}"; write the IP address of a name server, such as 192.0.2.53, 192.0.2.53:5353 or "[2001:db8::53]:53"`,
    ]),
    ['choice', 'auth: no', 'callweave.yaml:1: auth: "no"; write one of digest, none'],
    [
      'session timer below its own minimum',
      'calls: { sessionExpiresSeconds: 120, minSessionExpiresSeconds: 600 }',
      'callweave.yaml:1: calls.sessionExpiresSeconds: 120; write at least minSessionExpiresSeconds, 600, or 0 for no session timer',
    ],
    [
      'least session timer',
      'calls: { minSessionExpiresSeconds: 60 }',
      'callweave.yaml:1: calls.minSessionExpiresSeconds: 60; write whole seconds from 90 to 86400, such as 90',
    ],
    ['flag', 'calls: { declineEndsCall: 1 }', 'callweave.yaml:1: calls.declineEndsCall: 1; write true or false'],
    ['progress', 'push: { progress: 181 }', 'callweave.yaml:1: push.progress: 181; write one of none, 182, 180'],
    [
      'algorithm',
      'digest: { algorithm: md5 }',
      'callweave.yaml:1: digest.algorithm: "md5"; write one of MD5, SHA-256, SHA-512-256',
    ],
    [
      'unknown key',
      'push:\n  wakeLimitSecond: 3',
      'callweave.yaml:2: push.wakeLimitSecond: unknown key, set to 3; did you mean wakeLimitSeconds?',
    ],
    [
      'unit left out',
      'push: { wakeLimit: 3 }',
      'callweave.yaml:1: push.wakeLimit: unknown key, set to 3; did you mean wakeLimitSeconds?',
    ],
    [
      'far from all',
      'store: { colour: red }',
      'callweave.yaml:1: store.colour: unknown key, set to "red"; known keys here: path',
    ],
    ['section', 'log: debug', 'callweave.yaml:1: log: "debug"; write a map of keys, indented below it'],
    ['no map at all', '- 1', 'callweave.yaml:1: config: a list; write a map of keys, indented below it'],
    [
      'listener',
      'listen: [ "5060" ]',
      'callweave.yaml:1: listen[0]: "5060"; write a listener such as udp:127.0.0.1:5060 or tcp:[::1]:5060',
    ],
    [
      'no listeners',
      'listen: []',
      'callweave.yaml:1: listen: a list; write a list of 1 to 32 listeners, each like udp:127.0.0.1:5060',
    ],
    [
      'host',
      'listen:\n  - tcp:sip.example:5060',
      'callweave.yaml:2: listen[0].host: "sip.example"; write an IP address of this machine, such as 127.0.0.1',
    ],
    [
      'port and transport',
      'listen: [ { transport: sctp, host: "::1", port: 70000 } ]',
      'callweave.yaml:1: listen[0].transport: "sctp"; write one of udp, tcp, tls, ws, wss',
      'callweave.yaml:1: listen[0].port: 70000; write a port from 0 to 65535, such as 5060',
    ],
    [
      'same listener twice',
      'listen:\n  - udp:127.0.0.1:5060\n  - udp:127.0.0.1:5060',
      'callweave.yaml:3: listen[1]: udp:127.0.0.1:5060 again; remove one of the two, or choose another port',
    ],
    [
      'a port that two transports want',
      'listen: [tcp:127.0.0.1:5060, udp:127.0.0.1:5060, ws:127.0.0.1:5060]',
      'callweave.yaml:1: listen[2]: ws:127.0.0.1:5060 again; remove one of the two, or choose another port',
    ],
    [
      'advertised addresses',
      'listen:\n  - { transport: udp, host: 127.0.0.1, port: 1, advertise: 203.0.113.256 }\n  - { transport: udp, host: 127.0.0.1, port: 2, advertise: "sip:a" }\n  - { transport: udp, host: 127.0.0.1, port: 3, advertise: "a:70000" }',
      ...[
        ['2: listen[0]', '203.0.113.256'],
        ['3: listen[1]', 'sip:a'],
        ['4: listen[2]', 'a:70000'],
      ].map(
        ([at, value]) =>
          `callweave.yaml:${at}.advertise: "${value}"; write a name or address, with a port if it is another, such as sip.example.com or 203.0.113.5:5060`,
      ),
    ],
    [
      'TLS without a certificate',
      'listen: [udp:127.0.0.1:5060, "tls:[::1]:5061"]',
      'callweave.yaml:1: listen[1]: tls:[::1]:5061 needs a certificate; write tls: { certificate: FILE, key: FILE }',
    ],
    [
      'half a certificate, and clients that nobody believes',
      'tls:\n  certificate: a.pem\n  clientCertificates: always',
      'callweave.yaml:1: tls.key: missing; write a PEM file with the private key of that certificate',
      'callweave.yaml:3: tls.clientCertificates: "always"; write one of none, ask, require',
    ],
    [
      'client certificates without an authority',
      'tls: { certificate: a.pem, key: a.key, clientCertificates: require }',
      'callweave.yaml:1: tls.ca: missing; name the file of the authorities whose client certificates you believe',
    ],
    [
      'origins and paths',
      'websocket:\n  origins: [https://a.test/, app.test]\n  path: sip',
      'callweave.yaml:3: websocket.path: "sip"; write a path such as /sip',
      'callweave.yaml:2: websocket.origins[0]: "https://a.test/"; write an origin such as https://app.example.com, or "*" for any page',
      'callweave.yaml:2: websocket.origins[1]: "app.test"; write an origin such as https://app.example.com, or "*" for any page',
    ],
    [
      'domains',
      'domains: example.com',
      'callweave.yaml:1: domains: "example.com"; write a list of domains, such as [example.com]',
    ],
    [
      'domain',
      'domains: [ "sip:example.com" ]',
      'callweave.yaml:1: domains[0]: "sip:example.com"; write a domain name or address without scheme and port, such as example.com',
    ],
    [
      'user name',
      'users: { "alice@example.com": { password: x } }',
      'callweave.yaml:1: users.alice@example.com: wrong name; write the user part alone, without domain and spaces, such as alice or "1001"',
    ],
    [
      'empty password',
      'users: { alice: { password: "" } }',
      'callweave.yaml:1: users.alice.password: empty; write a password that is not empty, as text in quotes',
    ],
    [
      'an HTTP target with a password in its address',
      'http: { targets: { crm: { url: "https://u:hunter2@crm.example.com/" } } }',
      'callweave.yaml:1: http.targets.crm.url: ***; write an address without user, password and #, such as https://crm.example.com/api/',
    ],
    [
      'an HTTP target that is no web server',
      'http: { targets: { crm: { url: "file:///etc/passwd" } } }',
      'callweave.yaml:1: http.targets.crm.url: ***; write an address without user, password and #, such as https://crm.example.com/api/',
    ],
    [
      'an HTTP target with a name of spaces',
      'http: { targets: { "the crm": { url: "https://crm.example.com/" } } }',
      'callweave.yaml:1: http.targets.the crm: wrong name; write a name of letters, digits, dots and dashes, such as crm',
    ],
    [
      'a header of an HTTP target that frames requests',
      'http: { targets: { crm: { url: "https://crm.example.com/", headers: { Transfer-Encoding: chunked } } } }',
      'callweave.yaml:1: http.targets.crm.headers.Transfer-Encoding: a header that callweave writes itself; remove it',
    ],
    [
      'media ports',
      'media: { ports: 20000 }',
      'callweave.yaml:1: media.ports: 20000; write a list of the first and the last port, at least 8 of them from 1024 to 65535, such as [20000, 29999]',
    ],
    [
      'too few media ports',
      'media: { ports: [20000, 20006] }',
      'callweave.yaml:1: media.ports: a list; write a list of the first and the last port, at least 8 of them from 1024 to 65535, such as [20000, 29999]',
    ],
    [
      'privileged media ports',
      'media: { ports: [80, 20006] }',
      'callweave.yaml:1: media.ports[0]: 80; write a list of the first and the last port, at least 8 of them from 1024 to 65535, such as [20000, 29999]',
    ],
    [
      'what is anchored',
      'media: { anchor: sometimes }',
      'callweave.yaml:1: media.anchor: "sometimes"; write one of auto, always, never',
    ],
    [
      'a name where media needs an address',
      'media: { advertise: sip.example.com }',
      'callweave.yaml:1: media.advertise: "sip.example.com"; write the public IP address of this machine, such as 203.0.113.5',
    ],
    [
      'an engine of media that there is not',
      'media: { engine: rtpproxy }',
      'callweave.yaml:1: media.engine: "rtpproxy"; write one of builtin, rtpengine',
    ],
    [
      'a name where rtpengine needs an address',
      'media: { engine: rtpengine, rtpengine: { address: "media.example.com:2223" } }',
      'callweave.yaml:1: media.rtpengine.address: "media.example.com:2223"; write the IP address and port of its ng protocol, such as 127.0.0.1:2223 or "[::1]:2223"',
    ],
    [
      'a port that there is not',
      'media: { rtpengine: { dtmfLog: "127.0.0.1:99999" } }',
      'callweave.yaml:1: media.rtpengine.dtmfLog: "127.0.0.1:99999"; write an IP address of this machine and a port, as its dtmf-log-dest says, such as 127.0.0.1:2224',
    ],
    [
      'a key of media',
      'media: { stalledAfter: 10 }',
      'callweave.yaml:1: media.stalledAfter: unknown key, set to 10; did you mean stalledAfterSeconds?',
    ],
    [
      'a password of a user without a phone',
      'users: { support: { phone: false, password: x } }',
      'callweave.yaml:1: users.support.password: ***; remove it, or write phone: true: nobody registers without a phone',
    ],
    [
      'no password',
      'users:\n  alice: {}',
      'callweave.yaml:2: users.alice.password: missing; write a password that is not empty, as text in quotes',
    ],
    [
      'empty user',
      'users:\n  alice:',
      'callweave.yaml:2: users.alice: empty; write a map with a password, such as { password: "…" }',
    ],
    [
      'wakeable without prid',
      'users: { a: { password: x, wakeable: { provider: apns } } }',
      'callweave.yaml:1: users.a.wakeable.prid: missing; write both provider and prid',
    ],
    [
      'wakeable by an unknown provider',
      'users: { a: { password: x, wakeable: { provider: foo, prid: t } } }',
      'callweave.yaml:1: users.a.wakeable.provider: "foo"; write one of push.providers: apns, fcm, webpush, demo',
    ],
    [
      'wakeable: true without a plain provider',
      'users: { a: { password: x, wakeable: true } }\npush: { providers: { apns: { sender: log }, fcm: { sender: log } } }',
      'callweave.yaml:1: users.a.wakeable: true, with several providers to choose from; write { provider: apns, prid: "…" }',
    ],
    [
      'sender without url',
      'push:\n  providers:\n    apns: { sender: http }',
      'callweave.yaml:3: push.providers.apns.url: missing; write the address to post to, such as https://push.example.com/wake',
    ],
    [
      'url without sender',
      'push: { providers: { apns: { sender: log, url: "http://u:p@x/?t=1" } } }',
      'callweave.yaml:1: push.providers.apns.url: "http://***@x/?***"; remove it, or write sender: http',
    ],
    [
      'url',
      'push: { providers: { apns: { sender: http, url: "ftp://x" } } }',
      'callweave.yaml:1: push.providers.apns.url: "ftp://x"; write an address such as https://push.example.com/wake',
    ],
    [
      'provider name',
      'push: { providers: { "web push": { sender: log } } }',
      'callweave.yaml:1: push.providers.web push: wrong name; write a pn-provider, such as apns, fcm or webpush',
    ],
    [
      'header name',
      'push: { providers: { x: { sender: http, url: "http://x", headers: { "a b": c } } } }',
      'callweave.yaml:1: push.providers.x.headers.a b: wrong name; write the name of an HTTP header, such as authorization',
    ],
    [
      'expires',
      'registrar: { minExpiresSeconds: 100, maxExpiresSeconds: 50 }',
      'callweave.yaml:1: registrar.minExpiresSeconds: 100; write at most maxExpiresSeconds, 50',
    ],
    [
      'preset outside the bounds beside it',
      'registrar: { maxExpiresSeconds: 600 }',
      'callweave.yaml:1: registrar.defaultExpiresSeconds: 3600; write a number from 60 to 600, the bounds set beside it',
    ],
    [
      'open to strangers',
      'listen: [ "udp:0.0.0.0:5060" ]',
      'callweave.yaml:1: listen[0]: udp:0.0.0.0:5060 is not loopback; write users of your own in the config, or auth: none to let everybody in, or listen on 127.0.0.1',
    ],
    [
      'syntax',
      'push:\n  a: [1\nlog: x',
      'callweave.yaml:3: YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; mend the syntax at this line',
    ],
    [
      'same key twice',
      'auth: none\nauth: digest',
      'callweave.yaml:2: YAML: Map keys must be unique; mend the syntax at this line',
    ],
    [
      'a name of two users',
      'users:\n  a: { password: x, aliases: [front], numbers: ["+49 30 1", "100"] }\n  b:\n    password: x\n    aliases: [front, a]\n    numbers: ["+49-30-1", "1O0", "100", "100"]',
      'callweave.yaml:5: users.b.aliases[0]: "front"; write it for one user only, it is a’s',
      'callweave.yaml:5: users.b.aliases[1]: "a"; write it for one user only, it is a’s',
      'callweave.yaml:6: users.b.numbers[0]: "+49301"; write it for one user only, it is a’s',
      'callweave.yaml:6: users.b.numbers[1]: "1O0"; write a number in quotes, such as "+49301234" or "100"',
      'callweave.yaml:6: users.b.numbers[2]: "100"; write it for one user only, it is a’s',
      'callweave.yaml:6: users.b.numbers[3]: "100"; write it for one user only, it is a’s',
    ],
    [
      'codes that somebody would hide behind',
      'users:\n  a: { password: x, aliases: ["*370"], numbers: ["#21"] }\ntrunks: { t: { server: "sip:192.0.2.1" } }\nnumbers: [ { match: "*8", trunk: t } ]\ncodes:\n  - "*37"\n  - "#21"\n  - "*8"\n  - "**"\n  - "**"',
      'callweave.yaml:6: codes[0]: "*37"; remove it, "*370" of a would hide behind it',
      'callweave.yaml:7: codes[1]: "#21"; remove it, "#21" of a would hide behind it',
      'callweave.yaml:8: codes[2]: "*8"; remove it, the number "*8" would hide behind it',
      'callweave.yaml:10: codes[4]: "**"; remove it, it is there already',
    ],
    [
      'pickup groups of nobody',
      'users:\n  bob: { password: x }\n  carol: { password: x }\npickup:\n  groups:\n    sales: [bob, carl, bob]\n    desk: { members: [carol], pickers: [eve] }\n    "a b": [bob]\n    empty:\n    one: bob\n    none: { pickers: all }\n  takeOver: [bobby]\n',
      'callweave.yaml:8: pickup.groups.a b: wrong name; write a name of letters, digits, dots and dashes, such as sales',
      'callweave.yaml:9: pickup.groups.empty: empty; write a list of users such as [bob, carol], or a map such as { members: [bob, carol], pickers: [erin] }',
      'callweave.yaml:10: pickup.groups.one: "bob"; write a list of users such as [bob, carol], or a map such as { members: [bob, carol], pickers: [erin] }',
      'callweave.yaml:11: pickup.groups.none.members: missing; write a list of at most 1000 users, such as [bob, carol]',
    ],
    [
      'pickup by users who are not there',
      'users:\n  bob: { password: x }\n  carol: { password: x }\npickup:\n  groups:\n    sales: [bob, carl, bob]\n    desk: { members: [carol], pickers: [zoe-marie] }\n  takeOver: [bobby]\n',
      'callweave.yaml:6: pickup.groups.sales.members[1]: "carl"; did you mean carol?',
      'callweave.yaml:7: pickup.groups.desk.pickers[0]: "zoe-marie"; write one of users: bob, carol',
      'callweave.yaml:8: pickup.takeOver[0]: "bobby"; did you mean bob?',
    ],
    [
      'pickup where nobody is',
      'pickup: { groups: { sales: [bob] } }',
      'callweave.yaml:1: pickup.groups.sales.members[0]: "bob"; write users first',
    ],
    [
      'pickup of too many',
      `users:\n${ELEVEN_HUNDRED.map((name) => `  ${name}: { password: x }\n`).join('')}pickup:\n  groups:\n    one: [${ELEVEN_HUNDRED.slice(0, 1000)}]\n    two: [${ELEVEN_HUNDRED.slice(999)}]`,
      'callweave.yaml:1103: pickup.groups: u999 may take the calls of 1100 users; write at most 1000',
    ],
    [
      'pickup codes that somebody would hide behind',
      'users:\n  a: { password: x, aliases: ["**1"], numbers: ["*80"] }\ntrunks: { t: { server: "sip:192.0.2.1" } }\nnumbers: [ { match: "*8", trunk: t } ]\ncodes: ["*81", "**"]\npickup:\n  codes:\n    group: "*8"\n    directed: "**"\n',
      'callweave.yaml:5: codes[1]: "**"; remove it, "**1" of a would hide behind it',
      'callweave.yaml:8: pickup.codes.group: "*8"; write another code, or false: it would hide "*81" of codes',
      'callweave.yaml:8: pickup.codes.group: "*8"; write another code, or false: it would hide "*80" of a',
      'callweave.yaml:8: pickup.codes.group: "*8"; write another code, or false: it would hide the number "*8"',
      'callweave.yaml:9: pickup.codes.directed: "**"; write another code, or false: it would hide "**" of codes',
      'callweave.yaml:9: pickup.codes.directed: "**"; write another code, or false: it would hide "**1" of a',
    ],
    [
      'codes that a rule for numbers would hide behind',
      'trunks: { t: { server: "sip:192.0.2.1" } }\nnumbers: [ { match: "_*8X.", trunk: t }, { match: "_**X.", trunk: t }, { match: "_*9X.", trunk: t }, { match: "_*X.", trunk: t } ]\ncodes: ["*9"]\npickup: {}\n',
      'callweave.yaml:3: codes[0]: "*9"; remove it, the number "_*9X." would hide behind it',
      'callweave.yaml:4: pickup.codes.group: "*8"; write another code, or false: it would hide the number "_*8X."',
      'callweave.yaml:4: pickup.codes.directed: "**"; write another code, or false: it would hide the number "_**X."',
    ],
    [
      'pickup that is none',
      'pickup: { codes: { group: 8, directed: true }, mode: yes, watch: nobody, takeOver: bob, group: {} }',
      'callweave.yaml:1: pickup.codes.group: 8; write a code in quotes that begins with * or #, such as "*8", or false for none',
      'callweave.yaml:1: pickup.codes.directed: true; write a code in quotes that begins with * or #, such as "**", or false for none',
      'callweave.yaml:1: pickup.mode: "yes"; write one of join, callback',
      'callweave.yaml:1: pickup.takeOver: "bob"; write a list of at most 1000 users, such as [bob, carol]',
      'callweave.yaml:1: pickup.watch: "nobody"; write one of group, all',
      'callweave.yaml:1: pickup.group: unknown key, set to a map; did you mean groups?',
    ],
    [
      'codes that are none',
      'codes: ["37", "*", "*3a", 37]',
      'callweave.yaml:1: codes[0]: "37"; write a code in quotes that begins with * or #, such as "*37"',
      'callweave.yaml:1: codes[1]: "*"; write a code in quotes that begins with * or #, such as "*37"',
      'callweave.yaml:1: codes[2]: "*3a"; write a code in quotes that begins with * or #, such as "*37"',
      'callweave.yaml:1: codes[3]: 37; write a code in quotes that begins with * or #, such as "*37"',
    ],
    [
      'a number that is no text',
      'users: { a: { password: x, numbers: [100] } }',
      'callweave.yaml:1: users.a.numbers[0]: ***; write a number in quotes, such as "+49301234" or "100"',
    ],
    [
      'targets that lead nowhere',
      'users:\n  a: { password: x, always: nobody, onBusy: a }\n  b: { password: x, onNoAnswer: "0123", onUnreachable: "sip:x y" }\ntrunks: { t: { server: "sip:192.0.2.1" } }\nnumbers: [ { match: "_0X.", trunk: t } ]',
      'callweave.yaml:3: users.b.onUnreachable: ***; write a user, an alias, a number in quotes or a sip: URI',
    ],
    [
      'targets that lead nowhere, once they are readable',
      'users:\n  a: { password: x, always: nobody, onBusy: a }\n  b: { password: x, onNoAnswer: "0123", onUnreachable: "sip:" }\ntrunks: { t: { server: "sip:192.0.2.1" } }\nnumbers: [ { match: "_0X.", trunk: t } ]',
      'callweave.yaml:2: users.a.always: "nobody"; write a user, an alias, a number that a rule of numbers knows, or a sip: URI',
      'callweave.yaml:2: users.a.onBusy: "a"; write somebody else',
      'callweave.yaml:3: users.b.onNoAnswer: "0123"; write outside: true for b, since this number is outside',
      'callweave.yaml:3: users.b.onUnreachable: "sip:"; write a user, an alias, a number that a rule of numbers knows, or a sip: URI',
    ],
    [
      'ringSeconds and outside',
      'users: { a: { password: x, ringSeconds: 0, outside: maybe } }',
      'callweave.yaml:1: users.a.outside: ***; write true, false, or a list of names of trunks or of number rules',
      'callweave.yaml:1: users.a.ringSeconds: ***; write a number of seconds from 1 to 600, such as 20',
    ],
    [
      'outside by an unknown name',
      'users: { a: { password: x, outside: [carier] } }\ntrunks: { carrier: { server: "sip:192.0.2.1" } }',
      'callweave.yaml:1: users.a.outside[0]: "carier"; did you mean carrier?',
    ],
    [
      'a trunk',
      'trunks:\n  "my trunk": { server: "sip:x" }\n  a: {}\n  b: { server: [] }\n  c: { server: "sip:x", allowFrom: [everybody], tryForSeconds: 0, maxCalls: none }',
      'callweave.yaml:2: trunks.my trunk: wrong name; write a name of letters, digits, dots and dashes, such as carrier',
      'callweave.yaml:3: trunks.a.server: missing; write a server such as sip:sip.carrier.example, sip:192.0.2.7:5080 or sip:sip.carrier.example;transport=tcp',
      'callweave.yaml:4: trunks.b.server: a list; write a list of 1 to 8 servers',
      'callweave.yaml:5: trunks.c.allowFrom[0]: "everybody"; write an address or a network, such as 192.0.2.7 or 192.0.2.0/24',
      'callweave.yaml:5: trunks.c.maxCalls: "none"; write a whole number from 1 to 1000000, such as 1000',
      'callweave.yaml:5: trunks.c.tryForSeconds: 0; write a number of seconds from 0.5 to 32, such as 5',
    ],
    [
      'a trunk, once it is readable',
      'trunks:\n  a: { server: "tel:1", register: true }\n  b: { server: "sip:x", username: u, allowFrom: ["10.0.0.0/33"] }\n  c: { server: "sip:x", inboundTo: nobody }',
      'callweave.yaml:2: trunks.a.server[0]: "tel:1"; write a server such as sip:sip.carrier.example;transport=tcp',
      'callweave.yaml:2: trunks.a.username: missing; write it, or register: false',
      'callweave.yaml:3: trunks.b.password: missing; write both username and password',
      'callweave.yaml:3: trunks.b.allowFrom[0]: "10.0.0.0/33"; write an address or a network, such as 192.0.2.0/24',
      'callweave.yaml:4: trunks.c.inboundTo: "nobody"; write a user, an alias or a number of a user',
    ],
    [
      'a rule for numbers',
      'trunks: { carrier: { server: "sip:x" } }\nnumbers:\n  - { match: "_0Y.", trunk: carrier }\n  - { match: "110", trunk: carier }\n  - { match: "111", trunk: carrier, strip: -1 , prepend: abc }',
      'callweave.yaml:5: numbers[2].strip: -1; write a whole number of digits from 0 to 40, such as 0',
      'callweave.yaml:5: numbers[2].prepend: "abc"; write digits in quotes, such as "+49"',
    ],
    [
      'a rule for numbers, once it is readable',
      'trunks: { carrier: { server: "sip:x" } }\nnumbers:\n  - { match: "_0Y.", trunk: carrier }\n  - { match: "110", trunk: carier }',
      'callweave.yaml:3: numbers[0].match: "_0Y."; write a number such as "110", or a pattern such as "_0X."',
      'callweave.yaml:4: numbers[1].trunk[0]: "carier"; did you mean carrier?',
    ],
    ['prototype', 'users:\n  __proto__: {}', 'callweave.yaml:2: YAML: __proto__ is no key; mend the syntax at this line'],
  ];
  it.each(cases)('%s', (_, yaml, ...expected) => {
    expect(lines(yaml)).toEqual(expected);
  });

  it('names the variable where the environment is wrong', () => {
    const env = { CALLWEAVE_LISTEN: 'udp:127.0.0.1:5060,tcp', CALLWEAVE_LOG_LEVEL: 'loud' };
    expect(lines('', env)).toEqual([
      'environment: CALLWEAVE_LISTEN: "tcp"; write a listener such as udp:127.0.0.1:5060 or tcp:[::1]:5060',
      'environment: CALLWEAVE_LOG_LEVEL: "loud"; write one of trace, debug, info, warn, error, fatal, silent',
    ]);
  });

  it('refuses demo users on an open listener, and takes it with users or with auth: none', () => {
    const open = { CALLWEAVE_LISTEN: 'udp:192.0.2.1:5060' };
    const loaded = load(open);
    expect(loaded).toMatchObject([
      {
        line: 'environment: CALLWEAVE_LISTEN: udp:192.0.2.1:5060 is not loopback; write users of your own in the config, or auth: none to let everybody in, or listen on 127.0.0.1',
      },
    ]);
    expect(taken('auth: none', open).auth).toBe('none');
    expect(taken('users: { a: { password: b } }', open).users.size).toBe(1);
    expect(taken('listen: [ "udp:127.9.9.9:5060", "tcp:[::1]:5060" ]').listen).toHaveLength(2);
  });

  it('names the option where the command line is wrong', () => {
    const line = (...argv: string[]) => (load({}, argv) as { line: string }[]).map((found) => found.line);
    expect(line('--confg', 'x')).toEqual(['command line: --confg: unknown argument; did you mean --config FILE?']);
    expect(line('start')).toEqual(['command line: start: unknown argument; the one option is --config FILE']);
    expect(line('--config')).toEqual([
      'command line: --config: missing; name a readable YAML file, such as --config callweave.yaml',
    ]);
    expect(line('--config', 'nope.yaml')).toEqual([
      'nope.yaml: file: cannot be read (ENOENT); name a readable YAML file, such as --config callweave.yaml',
    ]);
  });

  it('shows no secret, whatever is wrong with it and beside it', () => {
    const secret = 'hunter2';
    for (const yaml of [
      `users: { a: { pasword: ${secret} } }`,
      `users: { a: ${secret} }`,
      `users: { a: { password: x, wakeable: ${secret} } }`,
      `users: { a: { password: x, wakeable: { provider: demo, prid: [${secret}] } } }`,
      `users: { a: { password: *${secret} } }`,
      `users: { a: { password: !${secret} x } }`,
      `users: { a: { password: "${secret} } }`,
      `users: { a: { password: x } ${secret}`,
      `users:\n  a: { password: x }\n ${secret}`,
      `users:\n  a:\n    password: @${secret}`,
      `push: { providers: { x: { sender: http, url: "http://x", headers: { authorization: "${secret}\\n" } } } }`,
      `push: { providers: { x: { sender: http, url: "http://x", apiKey: ${secret} } } }`,
      `http: { targets: { x: { url: "hooks.example.com/${secret}" } } }`,
      `http: { targets: { x: { url: "http://x", token: ${secret} } } }`,
      `password: ${secret}`,
    ]) {
      const found = lines(yaml);
      expect(found.length, yaml).toBeGreaterThan(0);
      expect(found.join('\n')).not.toContain(secret);
    }
  });

  it('stays one line whatever the key holds', () => {
    const found = lines('"a\\nb\\u0085c": 1');
    expect(found).toHaveLength(1);
    expect(found[0]).not.toMatch(/[\n\r\u0085]/);
  });

  it('bounds aliases and the number of lines', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 9; i += 1)
      bomb.push(
        `b${i}: &b${i} [${Array(10)
          .fill(i === 1 ? '*a' : `*b${i - 1}`)
          .join(',')}]`,
      );
    expect(lines(bomb.join('\n'))).toHaveLength(1);
    expect(lines(Array.from({ length: 200 }, (_, i) => `zz${i}: 1`).join('\n'))).toHaveLength(50);
  });
});
