import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { addressBytes, stunAnswer } from '../../src/transport/stun.ts';
import { closing, listening } from '../support/sockets.ts';

const ID = 'b7e7a701bc34d686fa87dfae';
/** `attributes`: type and value in hexadecimal, padded by the test. */
function request(attributes = '', type = '0001', cookie = '2112a442'): Buffer {
  const length = (attributes.length / 2).toString(16).padStart(4, '0');
  return Buffer.from(type + length + cookie + ID + attributes, 'hex');
}
const answer = (bytes: Buffer, host = '192.0.2.1', port = 32853): string | undefined =>
  stunAnswer(bytes, host, port)?.toString('hex');

describe('a Binding request', () => {
  // The mapped addresses are those of the test vectors in RFC 5769 §2.2 and §2.3, whose transaction id this is.
  it('over IPv4 is told where it came from', () =>
    expect(answer(request())).toBe(`0101000c2112a442${ID}002000080001a147e112a643`));

  it('over IPv6 too', () =>
    expect(answer(request(), '2001:db8:1234:5678:11:2233:4455:6677')).toBe(
      `010100182112a442${ID}002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9`,
    ));

  it('may carry SOFTWARE, USERNAME and FINGERPRINT', () =>
    expect(answer(request('8022000474657374' + '0006000361626300' + '80280004e57a3bcf'))).toMatch(/^0101000c/));

  it('is refused with 420 if it wants what we do not understand (RFC 8489 §6.3.1)', () =>
    // CHANGE-REQUEST of RFC 3489.
    expect(answer(request('0003000400000006'))).toBe(`011100102112a442${ID}0009000400000414000a000200030000`));

  it.each([
    ['an indication', request('', '0011')],
    ['an answer', request('', '0101')],
    ['without the magic cookie (RFC 3489)', request('', '0001', '00000000')],
    ['cut short', request().subarray(0, 19)],
    ['with a wrong length', Buffer.concat([request(), Buffer.alloc(4)])],
    ['with an attribute that runs out', request('80220008aaaaaaaa')],
    ['with half a header of an attribute', request('8022')],
  ])('%s gets no answer', (_, bytes) => expect(answer(bytes)).toBeUndefined());

  it('never gets much more than it brought, nor an exception', () => {
    const bytes = fc.uint8Array({ maxLength: 600 }).map((tail) => Buffer.concat([request().subarray(0, 20), tail]));
    fc.assert(
      fc.property(bytes, fc.boolean(), (made, fits) => {
        if (fits) made.writeUInt16BE(made.length - 20, 2);
        const found = stunAnswer(made, '::1', 5060);
        expect((found?.length ?? 0) - made.length).toBeLessThanOrEqual(24);
      }),
    );
  });

  it('is answered on the SIP port', async () => {
    const { heard, local } = await listening([{ transport: 'udp', host: '127.0.0.1', port: 0 }]);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    closing.push(() => socket.close());
    const got: Buffer[] = [];
    socket.on('message', (bytes) => got.push(bytes));
    socket.send(request(), local.port, local.host);
    await vi.waitFor(() => expect(got).toEqual([stunAnswer(request(), '127.0.0.1', socket.address().port)]));
    expect(heard.messages).toEqual([]);
  });
});

describe('the bytes of an address', () => {
  it.each([
    ['1.2.3.4', '01020304'],
    ['::1', '00000000000000000000000000000001'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
    ['2001:db8::ff00:42:8329', '20010db8000000000000ff0000428329'],
    ['::ffff:1.2.3.4', '00000000000000000000ffff01020304'],
  ])('%s', (host, hex) => expect(Buffer.from(addressBytes(host) ?? []).toString('hex')).toBe(hex));

  it.each(['example.com', '1.2.3', '1:2:3'])('are none for %s', (host) => expect(addressBytes(host)).toBeUndefined());
});
