import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/chaos/**'],
    globalSetup: ['test/helpers/build.ts'],
    // Most of the time is spent waiting for processes, so two files at once even on one core.
    maxWorkers: 2,
    // Nothing here has global state, so the files of a worker share what they load: that was a tenth of the work.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
