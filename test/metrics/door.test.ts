import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { isProblem } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { start } from '../../src/start.ts';
import { readPrometheus, sampleOf } from '../support/prometheus.ts';

it('the door of a service that runs tells Prometheus of it and of its process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'callweave-metrics-'));
  try {
    const file = join(folder, 'callweave.yaml');
    writeFileSync(file, 'listen: ["udp:127.0.0.1:0"]\nstore: { path: store.sqlite }\nadmin: { listen: "http:127.0.0.1:0" }\n');
    const config = loadConfig({ argv: ['--config', file], env: {}, cwd: folder });
    if (Array.isArray(config)) throw new Error(config.map(({ line }) => line).join('\n'));
    const running = await start(config, silentLog);
    if (isProblem(running)) throw new Error(running.problem);
    try {
      const response = await fetch(`${running.door}/metrics`);
      expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      const families = readPrometheus(await response.text());
      expect(sampleOf(families, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
      expect(sampleOf(families, 'nodejs_heap_size_used_bytes')).toBeGreaterThan(1_000_000);
      expect(sampleOf(families, 'process_cpu_seconds_total')).toBeGreaterThan(0);
      expect(sampleOf(families, 'callweave_draining')).toBe(0);
      expect(families.get('callweave_info')?.samples[0]?.labels.version).toMatch(/^\d+\.\d+\.\d+/);
    } finally {
      await running.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
