import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test as base, chromium, type Browser, type Page } from '@playwright/test'
import { Stack } from './stack'

const SCREENS = resolve(import.meta.dirname, '../../test-results/screens')

interface Worker {
  stack: Stack
}

interface Each {
  /** Keeps a picture of the page at the size of a phone and of a desk. */
  picture: (page: Page, name: string) => Promise<void>
}

export const browserArgs = [
  '--no-sandbox',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launch(args: string[] = browserArgs): Promise<Browser> {
  const executablePath = process.env.AVAAZ_CHROMIUM ?? '/usr/bin/chromium'
  return chromium.launch({ executablePath, args })
}

export const test = base.extend<Each, Worker>({
  stack: [
    async ({}, use) => {
      const stack = await Stack.start()
      await use(stack)
      await stack.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  browser: [
    async ({}, use) => {
      const browser = await launch()
      await use(browser)
      await browser.close()
    },
    { scope: 'worker' },
  ],

  picture: async ({}, use) => {
    mkdirSync(SCREENS, { recursive: true })
    await use(async (page, name) => {
      const before = page.viewportSize()
      for (const [width, height] of [
        [390, 844],
        [1280, 800],
      ] as const) {
        await page.setViewportSize({ width, height })
        // The ring takes half a second to settle into its new size.
        await page.waitForTimeout(600)
        await page.screenshot({ path: join(SCREENS, `${name}-${width}.png`) })
      }
      if (before !== null) await page.setViewportSize(before)
    })
  },
})

export { expect } from '@playwright/test'
