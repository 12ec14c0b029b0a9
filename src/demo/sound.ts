/** The media of a phone of the cast, on real loopback sockets: keys as telephone-events, and speech without a word. */
import { createSocket, type Socket } from 'node:dgram';
import { PhoneMedia } from '../testing/phone-media.ts';
import type { TimerQueue } from '../timers.ts';

const HOST = '127.0.0.1';

/** One phone's sockets of RTP and RTCP, and what it says of them (RFC 4566). */
export interface Sound {
  readonly media: PhoneMedia;
  readonly sdp: string;
}

/** Opens two sockets on ports that the system chooses. */
export async function openSound(timers: TimerQueue): Promise<Sound> {
  const sockets = await Promise.all([opened(), opened()]);
  const waiting = [...sockets];
  const bind: ConstructorParameters<typeof PhoneMedia>[0]['network']['bind'] = (_, receive) => {
    const socket = waiting.shift();
    if (socket === undefined) throw new Error('a phone has two sockets');
    socket.on('message', (bytes, { address, port }) => receive(bytes, { host: address, port }));
    return {
      send: (bytes, to) => socket.send(bytes, to.port, to.host),
      close: () => void socket.close(),
    };
  };
  const [first] = sockets;
  const { port } = first.address();
  const media = new PhoneMedia({ network: { bind }, timers, local: { host: HOST, port } });
  const audio = [`m=audio ${port} RTP/AVP 0 101`, 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000'];
  const lines = ['v=0', `o=phone ${port} 1 IN IP4 ${HOST}`, 's=-', `c=IN IP4 ${HOST}`, 't=0 0', ...audio, 'a=sendrecv', ''];
  return { media, sdp: lines.join('\r\n') };
}

const opened = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, HOST, () => resolve(socket));
  });
