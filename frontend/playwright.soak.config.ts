import { defineConfig } from '@playwright/test'
import everyday from './playwright.config'

/** What takes too long for every day: `make soak`. */
export default defineConfig(everyday, {
  testDir: './e2e/soak',
  testIgnore: [],
  timeout: 20 * 60_000,
})
