import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** These change the product's charts themselves, which a file beside them would feel. */
const SABOTAGE = ['test/simulation/crash.test.ts', 'test/simulation/records.test.ts'];

/** The doors lead into the source tree here. */
const resolve = {
  alias: [
    { find: /^callweave$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
    { find: /^callweave\/testing$/, replacement: fileURLToPath(new URL('src/testing/index.ts', import.meta.url)) },
    { find: /^callweave\/(machines\/.+)$/, replacement: fileURLToPath(new URL('$1.ts', import.meta.url)) },
  ],
};

const project = (name: string, include: string[], exclude: string[] = [], isolate = false) => ({
  resolve,
  test: { name, include, exclude: ['node_modules/**', ...exclude], testTimeout: 60_000, isolate },
});

export default defineConfig({
  test: {
    // Many tests wait for sockets and processes: one worker more than two cores have.
    maxWorkers: 3,
    projects: [
      project('unit', ['test/**/*.test.ts'], ['test/properties/**', 'test/simulation/**', 'test/interop/**', 'test/bench/**']),
      project('properties', ['test/properties/**/*.test.ts']),
      project('simulation', ['test/simulation/**/*.test.ts'], SABOTAGE),
      project('sabotage', SABOTAGE, [], true),
      {
        resolve,
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
