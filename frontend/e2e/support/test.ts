import { appendFileSync, mkdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { test as base, chromium, type Browser, type Page } from '@playwright/test'
import { expectAccessible } from './accessible'
import { Stack } from './stack'

const SCREENS = resolve(import.meta.dirname, '../../screens')

interface Worker {
  stack: Stack
}

interface Each {
  /**
   * Looks at the page as it is now: it must be accessible (accessible.ts), and `make screens` keeps
   * pictures of it under this name. A state that is `passing` is only pictured. What one run has
   * seen under a name is not looked at again.
   */
  picture: (page: Page, name: string, look?: Look) => Promise<void>
}

interface Look {
  /** Over in a few seconds, too soon to look closely. */
  passing?: boolean
  /** A dialog or a menu lies over the page. */
  overlay?: boolean
}

const SIZES = [
  { label: '390-light', width: 390, height: 844, theme: 'light' },
  { label: '390-dark', width: 390, height: 844, theme: 'dark' },
  { label: '768-light', width: 768, height: 1024, theme: 'light' },
  { label: '1280-light', width: 1280, height: 800, theme: 'light' },
] as const

/** By name; the tests of a run share one worker. */
const seen = new Set<string>()

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

  picture: async ({}, use, { file, title }) => {
    await use(async (page, name, { passing = false, overlay = false } = {}) => {
      if (seen.has(name)) return
      seen.add(name)
      if (process.env.AVAAZ_SCREENS === '1') await keep(page, name, { file, title })
      if (!passing) await expectAccessible(page, name, { overlay })
    })
  },
})

/** Takes the pictures of a screen at each size and theme, and notes where they belong. */
async function keep(page: Page, name: string, from: { file: string; title: string }) {
  mkdirSync(SCREENS, { recursive: true })
  const before = page.viewportSize()
  for (const { label, theme: colorScheme, ...size } of SIZES) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize(size)
    // The shape takes a moment to settle into its new size.
    await page.waitForTimeout(600)
    await page.screenshot({ path: join(SCREENS, `${name}-${label}.png`) })
  }
  await page.emulateMedia({ colorScheme: null })
  if (before !== null) await page.setViewportSize(before)
  const note = { name, file: basename(from.file), title: from.title }
  appendFileSync(join(SCREENS, 'screens.jsonl'), `${JSON.stringify(note)}\n`)
}

export { expect } from '@playwright/test'
