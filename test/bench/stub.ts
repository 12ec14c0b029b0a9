/**
 * The least that can stand in for the service: it forwards by registered contact and keeps an INVITE until its callee registers.
 * No transactions, no bounds, no checks. It is there to try the generator itself: `--target stub`.
 */
import { createSocket } from 'node:dgram';
import { field, requestUser } from './load/wire.ts';

interface Binding {
  contact: string;
  readonly asleep: boolean;
}

const HOST = '127.0.0.1';
const port = Number(process.argv[2]);
const bindings = new Map<string, Binding>();
const waiting = new Map<string, string>();
const seen = new Set<string>();
const ignore = () => {};

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 4 * 1024 * 1024 });
const send = (text: string, to: number): void => socket.send(Buffer.from(text, 'latin1'), to, HOST, ignore);
const portOf = (uri: string): number => Number(/:(\d+)/.exec(uri.slice(uri.indexOf('@')))?.[1]);
const viaPort = (text: string): number => Number(/:(\d+)/.exec(field(text, 'Via'))?.[1]);

function respond(request: string, status: string): void {
  const end = request.indexOf('\r\n');
  const head = request.slice(end, request.indexOf('\r\n\r\n')).replace(/\r\n(Content-[^\r]*|Expires[^\r]*|Max-[^\r]*)/g, '');
  send(`SIP/2.0 ${status}${head};tag=stub\r\nContent-Length: 0\r\n\r\n`, viaPort(request));
}

function forward(request: string, uri: string): void {
  const end = request.indexOf('\r\n');
  const method = request.slice(0, request.indexOf(' '));
  const branch = `${field(request, 'Via').replace(/.*branch=([^;]*).*/, '$1')}-stub`;
  const via = `Via: SIP/2.0/UDP ${HOST}:${port};branch=${branch}`;
  send(`${method} ${uri} SIP/2.0\r\n${via}${request.slice(end)}`, portOf(uri));
}

function registered(text: string): void {
  const user = /<sip:([^@]*)@/.exec(field(text, 'To'))?.[1] ?? '';
  const contact = /<([^>]*)>/.exec(field(text, 'Contact'))?.[1] ?? '';
  bindings.set(user, { contact, asleep: contact.includes('pn-prid') });
  respond(text, '200 OK');
  const invite = waiting.get(user);
  waiting.delete(user);
  if (invite !== undefined) forward(invite, contact);
}

function invited(text: string): void {
  const id = field(text, 'Call-ID');
  if (seen.has(id)) return;
  seen.add(id);
  const binding = bindings.get(requestUser(text));
  respond(text, binding === undefined ? '404 Not Found' : '100 Trying');
  if (binding === undefined) return;
  if (binding.asleep) waiting.set(requestUser(text), text);
  else forward(text, binding.contact);
}

socket.on('message', (bytes) => {
  const text = bytes.toString('latin1');
  if (text.startsWith('SIP/2.0 ')) {
    const below = text.replace(/\r\n[Vv]ia:[^\r]*/, '');
    send(below, viaPort(below));
  } else if (text.startsWith('REGISTER ')) registered(text);
  else if (text.startsWith('INVITE ')) invited(text);
  else forward(text, text.slice(text.indexOf(' ') + 1, text.indexOf(' SIP/2.0')));
});
socket.bind(port, HOST, () => console.log(`listening on udp ${HOST}:${port}`));
