import { defineConfig } from '@playwright/test'
import everyday from './playwright.config'

/** What the built app may weigh and take: `make check`. */
export default defineConfig(everyday, {
  testDir: './e2e/budgets',
  testIgnore: [],
  outputDir: './test-results/budgets',
  reporter: [['list']],
  // What watches a page slows it.
  use: { ...everyday.use, trace: 'off', screenshot: 'off' },
})
