/** A line of the log for each message, for those who set its level to debug. */
import type { Log } from '../log.ts';
import { masked } from './mask.ts';
import type { Observer } from './wiretap.ts';

export const messageLog = (log: Log): Observer => ({
  see: ({ isIncoming, startLine, callId, flow }) =>
    log.debug({ line: masked(startLine), callId, flow: flow.id }, isIncoming ? 'received' : 'sent'),
});
