import { defineConfig } from 'vitest/config'

// Tests against servers from Debian's packages, which test/system/install.sh puts in place.
export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts'],
    globalSetup: './test/global-setup.ts',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
