// The long tests with many processes, for `npm run chaos`. They run alone, since each of them wants the whole machine.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/chaos/*.test.ts'],
    globalSetup: ['test/helpers/build.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 30_000,
  },
});
