import { expect, it } from 'vitest';
import { listenForDatagrams, openDatagrams } from '../../src/transport/datagrams.ts';

const AT = { host: '127.0.0.1', port: 0 };

it('carries bytes to an inbox, also those said before the socket stood', async () => {
  const heard: string[] = [];
  let all = (): void => {};
  const done = new Promise<void>((resolve) => {
    all = resolve;
  });
  const inbox = await listenForDatagrams(AT, (datagram, from) => {
    heard.push(`${from} ${datagram}`);
    if (heard.length === 2) all();
  });
  if (inbox instanceof Error) throw inbox;
  const wire = openDatagrams(inbox.local);
  wire.send('early');
  wire.send('\xe4\x00\xff');
  await done;
  expect(heard).toEqual(['127.0.0.1 early', '127.0.0.1 \xe4\x00\xff']);
  expect(await listenForDatagrams(inbox.local, () => {})).toMatchObject({ code: 'EADDRINUSE' });
  wire.close();
  inbox.close();
  wire.send('late');
});

it('tells when nobody is there', async () => {
  const inbox = await listenForDatagrams(AT, () => {});
  if (inbox instanceof Error) throw inbox;
  inbox.close();
  const wire = openDatagrams(inbox.local);
  const failed = new Promise<void>((resolve) => wire.hear(() => {}, resolve));
  wire.send('anybody?');
  await failed;
  wire.close();
});
