import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: './e2e',
  // Too long for every day, or not about what the app does: configurations of their own.
  testIgnore: ['soak/**', 'budgets/**'],
  outputDir: './test-results',
  // One stack, one provider, two cores: the tests take turns.
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: 'test-results/report.json' }]],
  use: {
    // A worker would answer with the pages of an earlier test; offline.spec.ts is about it.
    serviceWorkers: 'block',
    screenshot: 'only-on-failure',
    // Without pictures of every moment, which cost each test a second at its end.
    trace: { mode: 'retain-on-failure', screenshots: false, sources: false },
    actionTimeout: 15_000,
  },
})
