import { describe, expect, it } from 'vitest';
import {
  answerChallenge,
  challengeHeader,
  type DigestCredentials,
  ha1,
  NonceMint,
  parseAuthorization,
  parseChallenge,
  verify,
} from '../../src/sip/digest.ts';

function credentials(line: string | undefined): DigestCredentials {
  const parsed = line === undefined ? undefined : parseAuthorization(line);
  if (parsed === undefined) throw new Error(`unreadable: ${line}`);
  return parsed;
}

describe('verify', () => {
  it.each([
    // RFC 7616 §3.9.1.
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('agrees with the example of RFC 7616 in %s', (algorithm, response) => {
    const line = `Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=${algorithm},
      nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
      qop=auth, response="${response}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`.replace(/\s+/g, ' ');
    expect(verify(credentials(line), { method: 'GET', password: 'Circle of Life' })).toBe(true);
    expect(verify(credentials(line), { method: 'GET', password: 'Circle of Strife' })).toBe(false);
    expect(verify(credentials(line), { method: 'PUT', password: 'Circle of Life' })).toBe(false);
  });

  it('agrees with the example of RFC 2617 in MD5, by HA1 too', () => {
    const line =
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", ' +
      'qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc"';
    expect(verify(credentials(line), { method: 'GET', password: 'Circle Of Life' })).toBe(true);
    const stored = ha1('MD5', 'Mufasa', 'testrealm@host.com', 'Circle Of Life');
    expect(stored).toBe('939e7578ed9e3c518a452acee763bce9');
    expect(verify(credentials(line), { method: 'GET', ha1: stored })).toBe(true);
  });

  it('takes the legacy form without qop (RFC 2069)', () => {
    const line =
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", ' +
      'response="1949323746fe6a43ef61f9606e7febea", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
    expect(verify(credentials(line), { method: 'GET', password: 'CircleOfLife' })).toBe(true);
  });

  it.each(['MD5', 'SHA-256', 'SHA-512-256'] as const)('takes what answerChallenge makes in %s', (algorithm) => {
    const challenge = challengeHeader({ realm: 'a "b" \\c', nonce: 'n', algorithm, stale: true, opaque: 'o' });
    expect(parseChallenge(challenge)).toEqual({
      realm: 'a "b" \\c',
      nonce: 'n',
      algorithm,
      stale: true,
      opaque: 'o',
      qop: 'auth',
    });
    const who = { method: 'REGISTER', uri: 'sip:example.com', username: 'al"ice', password: 'pw', cnonce: 'c' };
    const answer = credentials(answerChallenge(challenge, { ...who, count: 11 }));
    expect(answer).toMatchObject({
      algorithm,
      nc: '0000000b',
      qop: 'auth',
      opaque: 'o',
      username: 'al"ice',
      uri: 'sip:example.com',
    });
    expect(verify(answer, { method: 'REGISTER', password: 'pw' })).toBe(true);
    expect(verify(answer, { method: 'REGISTER', password: 'px' })).toBe(false);
    expect(verify({ ...answer, uri: 'sip:other.example.com' }, { method: 'REGISTER', password: 'pw' })).toBe(false);
    expect(verify({ ...answer, nc: '0000000c' }, { method: 'REGISTER', password: 'pw' })).toBe(false);
  });
  it('counts names and passwords in UTF-8', () => {
    const who = {
      method: 'REGISTER',
      uri: 'sip:example.com',
      username: 'J\u00e4s\u00f8n',
      password: '\u0159\u00e4ksm\u00f6rg\u00e5s',
      cnonce: 'c',
    };
    const answer = credentials(answerChallenge(challengeHeader({ realm: 'r', nonce: 'n', algorithm: 'SHA-256' }), who));
    expect(Buffer.from(answer.username, 'latin1').toString('utf8')).toBe(who.username);
    expect(verify(answer, { method: 'REGISTER', password: who.password })).toBe(true);
    // Characters beyond one byte must not be cut to one: U+0159 is no U+0059.
    expect(verify(answer, { method: 'REGISTER', password: who.password.replace('\u0159', 'Y') })).toBe(false);
  });
  it('answers a challenge without qop, and none that it cannot', () => {
    const who = { method: 'INVITE', uri: 'sip:b@example.com', username: 'a', password: 'p', cnonce: 'c' };
    expect(answerChallenge('Digest realm="r", nonce="n"', who)).not.toContain('qop');
    expect(answerChallenge('Digest realm="r", nonce="n", qop="auth-int"', who)).toBeUndefined();
    expect(answerChallenge('Digest realm="r", nonce="n", algorithm=MD5-sess', who)).toBeUndefined();
    expect(answerChallenge('Basic realm="r"', who)).toBeUndefined();
  });
});

describe('parseAuthorization', () => {
  const good = 'Digest username="a", realm="r", nonce="n", uri="sip:b", response="00"';
  it('is indifferent to case and blanks, and refuses what is not its own', () => {
    expect(parseAuthorization(good.replace('Digest', 'dIGEST').replace('realm=', 'REALM = '))?.realm).toBe('r');
    const others = [
      good.replace('Digest', 'Bearer'),
      good.replace(', uri="sip:b"', ''),
      `${good}, realm="twice"`,
      `${good}, userhash=true`,
      `${good}, qop=auth-int, nc=00000001, cnonce="c"`,
      `${good}, qop=auth, nc=1, cnonce="c"`,
      `${good}, qop=auth, nc=00000001`,
      `${good}, algorithm=SHA-1`,
      `${good} x`,
      `${good},`.concat(' x="'),
      'Digest',
      '',
      `Digest ${'a=b,'.repeat(50)}`,
    ];
    for (const line of others) expect(parseAuthorization(line), line).toBeUndefined();
  });
  it('keeps names that objects are born with apart', () => {
    expect(parseAuthorization(`${good}, __proto__="x"`)?.username).toBe('a');
    expect(parseAuthorization('Digest __proto__="x", constructor=y')).toBeUndefined();
  });
});

describe('NonceMint', () => {
  const at = { ms: 1_700_000_000_000 };
  const mint = (bounds: { maxRemembered?: number } = {}): NonceMint =>
    new NonceMint({ key: Buffer.alloc(32, 7), now: () => at.ms, ...bounds });

  it('takes its own nonce for its purpose until it expires, in a window of counts', () => {
    const nonces = mint();
    const nonce = nonces.mint('realm');
    expect(nonces.mint('realm')).not.toBe(nonce);
    expect(nonces.use(nonce, 'other', '00000001')).toBe('foreign');
    expect(nonces.use(nonce, 'realm', '00000001')).toBe('fresh');
    expect(nonces.use(nonce, 'realm', '00000001')).toBe('replayed');
    expect(nonces.use(nonce, 'realm', '00000005')).toBe('fresh');
    expect(nonces.use(nonce, 'realm', '00000003')).toBe('fresh');
    expect(nonces.use(nonce, 'realm', '00000003')).toBe('replayed');
    expect(nonces.use(nonce, 'realm', '00000045')).toBe('fresh');
    expect(nonces.use(nonce, 'realm', '00000005')).toBe('replayed');
    expect(nonces.use(nonce, 'realm', '00000006')).toBe('fresh');
    at.ms += 300_001;
    expect(nonces.use(nonce, 'realm', '00000046')).toBe('stale');
  });

  it('remembers nothing of nonces that were only made, and takes them after a restart with its key', () => {
    const nonces = mint();
    const nonce = nonces.mint('realm');
    expect(nonces.remembered).toBe(0);
    expect(mint().use(nonce, 'realm', '00000001')).toBe('fresh');
    expect(new NonceMint({ key: Buffer.alloc(32, 8), now: () => at.ms }).use(nonce, 'realm', '00000001')).toBe('foreign');
    for (const forged of [
      '',
      'x',
      nonce.slice(1),
      `${nonce.slice(0, -1)}${nonce.endsWith('0') ? '1' : '0'}`,
      nonce.toUpperCase().replace(/^0/, '1'),
    ]) {
      expect(nonces.use(forged, 'realm', '00000001')).toBe('foreign');
    }
  });

  it('counts a use without qop once', () => {
    const nonces = mint();
    const nonce = nonces.mint('realm');
    expect(nonces.use(nonce, 'realm', undefined)).toBe('fresh');
    expect(nonces.use(nonce, 'realm', undefined)).toBe('replayed');
  });

  it('never remembers more than its bound, and forgetting one never makes its replay fresh', () => {
    const nonces = mint({ maxRemembered: 4 });
    const all = Array.from({ length: 20 }, () => {
      at.ms++;
      return nonces.mint('realm');
    });
    for (const nonce of all) expect(nonces.use(nonce, 'realm', '00000001')).toBe('fresh');
    expect(nonces.remembered).toBeLessThanOrEqual(4);
    for (const nonce of all) expect(nonces.use(nonce, 'realm', '00000001')).not.toBe('fresh');
    at.ms += 400_000;
    nonces.use(nonces.mint('realm'), 'realm', '00000001');
    expect(nonces.remembered).toBe(1);
  });
});
