import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], exclude: string[] = []) => ({
  test: { name, include, exclude: ['node_modules/**', ...exclude], testTimeout: 30_000 },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['test/**/*.test.ts'], ['test/properties/**', 'test/simulation/**', 'test/interop/**', 'test/bench/**']),
      project('properties', ['test/properties/**/*.test.ts']),
      project('simulation', ['test/simulation/**/*.test.ts']),
      {
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
