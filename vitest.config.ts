import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** These change the product's charts themselves, which a file beside them would feel. */
const SABOTAGE = ['test/simulation/crash.test.ts', 'test/simulation/records.test.ts'];

/**
 * These keep a core busy for some time, which the audio and the time limits of others beside them would feel; their own need no
 * machine to themselves.
 */
const BUSY = ['fuzz', 'package', 'race', 'kill', 'pickup-race'].map((name) => `test/interop/${name}.test.ts`);

/** The doors lead into the source tree here. */
const resolve = {
  alias: [
    { find: /^callweave$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
    { find: /^callweave\/testing$/, replacement: fileURLToPath(new URL('src/testing/index.ts', import.meta.url)) },
    { find: /^callweave\/(machines\/.+)$/, replacement: fileURLToPath(new URL('$1.ts', import.meta.url)) },
  ],
};

// What is looked for on sockets and in processes has the time that a busy machine may take: a second, as by itself, is not enough.
const project = (name: string, include: string[], exclude: string[] = [], isolate = false) => ({
  resolve,
  test: {
    ...{ name, include, exclude: ['node_modules/**', ...exclude], testTimeout: 60_000, isolate },
    expect: { poll: { timeout: 20_000 } },
  },
});

/**
 * Files in processes of their own, some at once: mostly they wait for phones. One project runs after the other, and after those
 * without a group.
 */
const interop = (name: string, include: string[], exclude: string[], maxWorkers: number, groupOrder: number) => ({
  resolve,
  test: {
    ...{ name, include, exclude, testTimeout: 180_000, hookTimeout: 60_000, maxWorkers, sequence: { groupOrder } },
    expect: { poll: { timeout: 20_000 } },
  },
});

export default defineConfig({
  test: {
    // Many tests wait for sockets and processes: one worker more than two cores have.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      project('unit', ['test/**/*.test.ts'], ['test/properties/**', 'test/simulation/**', 'test/interop/**', 'test/bench/**']),
      project('properties', ['test/properties/**/*.test.ts']),
      project('simulation', ['test/simulation/**/*.test.ts'], SABOTAGE),
      project('sabotage', SABOTAGE, [], true),
      interop('interop', ['test/interop/**/*.test.ts'], BUSY, 3, 1),
      interop('interop-busy', BUSY, [], 2, 2),
    ],
  },
});
