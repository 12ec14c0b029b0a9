/** The engine of media on this machine, by the config: the service's own sockets, or rtpengine before them. */
import type { Config } from './config.ts';
import { type Problem, problem } from './errors.ts';
import { soundFiles } from './files/sound-files.ts';
import type { Log } from './log.ts';
import { openMedia } from './media/builtin.ts';
import { RtpenginePlane } from './media/rtpengine/plane.ts';
import type { OpenMedia } from './media-service.ts';
import { type DatagramInbox, listenForDatagrams, openDatagrams } from './transport/datagrams.ts';
import { endpointName } from './transport/endpoint.ts';
import { UdpRtpSockets } from './transport/rtp-sockets.ts';

export interface MediaEngine {
  readonly open: OpenMedia;
  /** After what was opened is closed. */
  close(): void;
}

/** Gets ready to open it; the reason in one line where the config asks for what this machine cannot give. */
export async function prepareMedia({ media }: Config, log: Log): Promise<MediaEngine | Problem> {
  const report = ({ problem: line }: Problem): void => log.warn({ problem: line }, 'media');
  const builtin: OpenMedia = ({ timers, random, codesOf }) => {
    const sockets = new UdpRtpSockets(media.ports, () => random.fraction());
    return openMedia(media, { sockets, timers, random, files: soundFiles, codesOf, report });
  };
  const { rtpengine, prompts, stalledAfterMs } = media;
  if (rtpengine === undefined) return { open: builtin, close: () => {} };
  let plane: RtpenginePlane | undefined;
  const inbox = await keysOf(rtpengine.dtmfLog, (datagram) => plane?.logged(datagram));
  if (inbox instanceof Error) {
    const { code } = inbox as { code?: unknown };
    const at = rtpengine.dtmfLog === undefined ? '' : endpointName(rtpengine.dtmfLog);
    return problem(
      `cannot listen on udp ${at}: ${String(code)}; set media.rtpengine.dtmfLog to an address and port that are free here`,
    );
  }
  const open: OpenMedia = (surroundings) => {
    const { timers, random } = surroundings;
    const own = builtin(surroundings);
    plane = new RtpenginePlane(rtpengine, {
      ...{ timers, random, builtin: own, prompts, stalledAfterMs, report },
      wire: openDatagrams(rtpengine.address),
    });
    return plane;
  };
  return { open, close: () => inbox?.close() };
}

type Endpoint = Parameters<typeof listenForDatagrams>[0];

const keysOf = async (at: Endpoint | undefined, heard: (datagram: string) => void): Promise<DatagramInbox | Error | undefined> =>
  at === undefined ? undefined : await listenForDatagrams(at, heard);
