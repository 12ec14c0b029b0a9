/**
 * Brings the service's inspection events into the official inspector, a page of somebody else's in a frame: it says when it is
 * there, is shown the actors as they are, and then told what they do. A connection that was lost is opened again.
 */

import { after } from '../clock.ts';

/** What receivers of `@statelyai/inspect` say once they listen. */
const CONNECTED = '@statelyai.connected';
const AGAIN_MS = 500;
const LONGEST_AGAIN_MS = 10_000;
const FRAME_LIMIT_MS = 20_000;

const found = <T extends Element>(selector: string): T => {
  const element = document.querySelector<T>(selector);
  if (element === null) throw new Error(`the page has no ${selector}`);
  return element;
};

const frame = found<HTMLIFrameElement>('.inspect-frame');
const state = found<HTMLOutputElement>('.inspect-state');
const inspector = new URL(document.body.dataset.inspector ?? '', location.href);
const socketUrl = new URL(`/api/v1/inspect${location.search}`, location.href.replace(/^http/, 'ws'));

let socket: WebSocket | undefined;
let pauseMs = AGAIN_MS;
let told = 0;
let stopWaiting = (): void => undefined;

const say = (text: string): void => {
  if (state.textContent !== text) state.textContent = text;
};

/** Each connection begins with the actors as they are. */
function connect(): void {
  stopWaiting();
  socket?.close();
  const opened = new WebSocket(socketUrl);
  socket = opened;
  say('connecting …');
  opened.onopen = () => {
    pauseMs = AGAIN_MS;
    say('connected; waiting for a call');
  };
  opened.onmessage = ({ data }) => {
    frame.contentWindow?.postMessage(JSON.parse(String(data)), inspector.origin);
    told += 1;
    say(`connected, ${told} events`);
  };
  opened.onclose = () => {
    if (socket === opened) void explain();
  };
}

/** A refused WebSocket does not say why. */
async function explain(): Promise<void> {
  stopWaiting = after(pauseMs, connect);
  pauseMs = Math.min(2 * pauseMs, LONGEST_AGAIN_MS);
  try {
    const answer = await fetch('/api/v1/now', { cache: 'no-store' });
    say(answer.status === 401 ? 'log in on the live page first' : 'the connection was lost; trying again …');
  } catch {
    say('the service does not answer; trying again …');
  }
}

/** The form says what is shown. */
function fillForm(): void {
  const asked = new URLSearchParams(location.search);
  for (const input of document.querySelectorAll('input')) {
    input.value = asked.get(input.name) ?? '';
    // Left out where it is empty.
    input.form?.addEventListener('formdata', ({ formData }) => {
      if (input.value === '') formData.delete(input.name);
    });
  }
}

addEventListener('message', ({ source, origin, data }: MessageEvent<{ readonly type?: unknown } | null>) => {
  if (source !== frame.contentWindow || origin !== inspector.origin || data?.type !== CONNECTED) return;
  connect();
});
fillForm();
say(`opening ${inspector.host} …`);
after(FRAME_LIMIT_MS, () => {
  if (socket === undefined) say(`${inspector.host} does not answer; it needs the internet`);
});
frame.src = inspector.href;
