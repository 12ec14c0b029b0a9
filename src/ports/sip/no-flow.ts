import type { Flow } from '../../transport/transport.ts';

const NOWHERE = { host: '', port: 0 };

/** Stands where a leg has nobody on the wire: it leads nowhere. */
export const NO_FLOW: Flow = {
  id: '',
  transport: 'udp',
  reliable: true,
  secure: true,
  local: NOWHERE,
  advertised: NOWHERE,
  remote: NOWHERE,
  open: false,
  send: () => undefined,
};
