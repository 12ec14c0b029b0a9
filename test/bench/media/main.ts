/**
 * `node test/bench/media/main.ts [calls|legs]… [--count N,N…] [--seconds S]`
 *
 * Relays calls, and plays to parties, and prints what that costs. Delays are from one socket to another of the load's own
 * process; the line `direct` is the same load without a relay, so what a relay adds is the difference. Nothing here is a test.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Phones } from './load.ts';
import { BuiltInRelay, HOST, type Relay } from './relay.ts';
import { RtpengineRelay } from './rtpengine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string', default: '50,200' }, seconds: { type: 'string', default: '10' } },
});
const counts = values.count.split(',').map(Number);
const forMs = Number(values.seconds) * 1000;
const asked = positionals.length === 0 ? ['calls', 'legs'] : positionals;
const relays: readonly (() => Relay | Promise<Relay>)[] = [
  () => new BuiltInRelay(),
  ...(RtpengineRelay.isInstalled() ? [() => RtpengineRelay.open()] : []),
];

const rows: string[] = [];
const ms = (value: number): string => value.toFixed(2);

function row(name: string, count: number, phones: Phones, cpu: { ms: number; rss: number } | undefined, expected: number): void {
  const { delays, jitter } = phones;
  const cells = [
    ...[name, String(count), String(Math.round(phones.heard / (forMs / 1000)))],
    cpu === undefined ? '' : `${((cpu.ms / forMs) * 100).toFixed(0)} %`,
    cpu === undefined ? '' : `${(((cpu.ms / forMs) * 1000) / count).toFixed(2)}`,
    cpu === undefined ? '' : `${((cpu.ms * 1000) / phones.heard).toFixed(1)}`,
    delays.count === 0 ? '' : `${ms(delays.quantile(0.5))} / ${ms(delays.quantile(0.99))}`,
    `${ms(jitter.quantile(0.5))} / ${ms(jitter.quantile(0.99))}`,
    `${(((expected - phones.heard) / expected) * 100).toFixed(2)} %`,
    cpu === undefined ? '' : `${(cpu.rss / 2 ** 20).toFixed(0)} MB`,
    `${phones.latestMs.toFixed(0)}`,
  ];
  rows.push(`| ${cells.join(' | ')} |`);
  console.error(rows.at(-1));
}

async function played(relay: Relay, phones: Phones): Promise<{ ms: number; rss: number }> {
  // Warm: compiled, latched.
  await phones.run(2000);
  const before = relay.cpuMs();
  await phones.run(forMs);
  return { ms: relay.cpuMs() - before, rss: relay.rssBytes() };
}

for (const count of asked.includes('calls') ? counts : []) {
  const direct = new Phones(2 * count);
  for (let n = 0; n < 2 * count; n += 2) join(direct, n);
  await direct.run(forMs);
  row('direct', count, direct, undefined, direct.sent);
  direct.close();
  for (const open of relays) {
    const relay = await open();
    const phones = new Phones(2 * count);
    const parties = Array.from({ length: count }, (_, n) => [portOf(phones, 2 * n), portOf(phones, 2 * n + 1)] as const);
    const answers = await relay.calls(parties);
    for (const [n, [caller, callee]] of answers.entries()) {
      const [one, two] = [phones.all[2 * n], phones.all[2 * n + 1]];
      if (one !== undefined) one.to = caller;
      if (two !== undefined) two.to = callee;
    }
    const cpu = await played(relay, phones);
    row(relay.name, count, phones, cpu, phones.sent);
    phones.close();
    await relay.close();
  }
}
for (const count of asked.includes('legs') ? counts : []) {
  const relay = new BuiltInRelay();
  const phones = new Phones(count);
  await relay.attend(phones.all.map(({ port }) => port));
  const cpu = await played(relay, phones);
  row('prompts', count, phones, cpu, (count * forMs) / 20);
  phones.close();
  await relay.close();
}

console.log(`\n${cpus().length} cores of ${cpus()[0]?.model.trim()}, Node ${process.version}\n`);
console.log(
  '| | calls | packets/s | CPU of a core | CPU ms/s each | CPU µs/packet | delay ms p50 / p99 | jitter ms p50 / p99 | lost | memory | load late ms |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|');
console.log(rows.join('\n'));

function portOf(phones: Phones, n: number): number {
  return phones.all[n]?.port ?? 0;
}

function join(phones: Phones, n: number): void {
  const [one, two] = [phones.all[n], phones.all[n + 1]];
  if (one === undefined || two === undefined) return;
  one.to = { host: HOST, port: two.port };
  two.to = { host: HOST, port: one.port };
}
