import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, resolve } from 'node:path'
import type { Page } from '@playwright/test'
import en from '../src/locales/en/talk.json' with { type: 'json' }
import fr from '../src/locales/fr/talk.json' with { type: 'json' }
import { Learner } from './support/learner'
import { everyday } from './support/script'
import { expect, test } from './support/test'

const FRONTEND = resolve(import.meta.dirname, '..')
const SITE = join(FRONTEND, 'dist-www')
const WEIGHT_LIMIT = 250_000

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** The built site as any web server has it, and nothing but it: no inline script, nobody else's files. */
function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const file = join(SITE, pathname, pathname.endsWith('/') ? 'index.html' : '')
    if (!file.startsWith(SITE) || !(statSync(file, { throwIfNoEntry: false })?.isFile() ?? false)) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Content-Security-Policy': "default-src 'self'",
    })
    response.end(readFileSync(file))
  })
  return new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(server)))
}

test('the site of www. is light, still and readable, in both languages', async ({
  page,
  picture,
}) => {
  execFileSync(process.execPath, [join(FRONTEND, 'scripts/www.js')])
  const server = await serve()
  const { port } = server.address() as AddressInfo
  const asked: string[] = []
  const refused: string[] = []
  let bytes = 0
  page.on('request', (request) => asked.push(request.url()))
  page.on('response', (response) => {
    if (!response.ok()) refused.push(response.url())
  })
  page.on('requestfinished', (request) => {
    void request.sizes().then(({ responseBodySize }) => (bytes += responseBodySize))
  })
  try {
    for (const [path, name] of [
      ['/', 'www-en'],
      ['/fr/', 'www-fr'],
    ] as const) {
      asked.length = 0
      bytes = 0
      await page.goto(`http://127.0.0.1:${port}${path}`)
      await seeAll(page)
      expect(await layoutShift(page), `${name} moves`).toBe(0)
      expect(bytes, `${name} is heavy`).toBeLessThan(WEIGHT_LIMIT)
      expect(asked.filter((url) => new URL(url).port !== String(port))).toEqual([])
      await page.evaluate(() => scrollTo(0, 0))
      await picture(page, name)
    }
    expect(refused).toEqual([])
    await page.getByRole('link', { name: 'English' }).first().click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/patient tutor/)
  } finally {
    server.close()
  }
})

/** Scrolls to the end, so that what is loaded late is loaded. */
async function seeAll(page: Page): Promise<void> {
  for (const image of await page.locator('img').all()) {
    await image.scrollIntoViewIfNeeded()
    await expect.poll(() => image.evaluate((img: HTMLImageElement) => img.complete)).toBe(true)
  }
}

function layoutShift(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let total = 0
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) total += (entry as LayoutShift).value
        }).observe({ type: 'layout-shift', buffered: true })
        requestAnimationFrame(() => setTimeout(() => resolve(total), 100))
      }),
  )
}

interface LayoutShift extends PerformanceEntry {
  value: number
}

// The pictures that the site shows of the app, at twice the size: only for `make screens`.
if (process.env.AVAAZ_SCREENS === '1') {
  test('pictures of a talk for the site of www.', async ({ browser, stack }) => {
    await stack.startSimulator({
      default: {
        greeting: 'Hello, Ada. How was the market that you wanted to see?',
        matches: [
          {
            text_contains: 'buyed',
            reply:
              'You bought too many apples, I see. What will you make of them, a cake or a jam?',
          },
          {
            text_contains: 'cake',
            reply:
              'A cake, then. Tell me how you make it, step by step: what comes first, what goes into the oven, and who gets the largest piece of it?',
          },
        ],
      },
    })
    const folder = join(FRONTEND, 'screens/www')
    for (const [language, words] of Object.entries({ en, fr })) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        deviceScaleFactor: 2,
      })
      const ada = await Learner.arrive(await context.newPage(), stack)
      await ada.register()
      await ada.page.evaluate((spoken) => localStorage.setItem('avaaz.language', spoken), language)
      await ada.page.reload()
      await ada.page.getByRole('button', { name: words.start, exact: true }).click()
      await ada.expectStatus('listening', 30_000)
      await ada.page.keyboard.press('t')
      await write(ada, 'I have buyed too much apples.')
      await expect(ada.lines('tutor')).toHaveCount(2)
      await ada.expectStatus('listening')
      await write(ada, 'I think a cake.')
      await ada.page.keyboard.press('Escape')
      await ada.expectStatus('speaking')
      await expect(ada.lines('tutor').last()).toContainText('step')
      await keepPictures(ada.page, join(folder, language))
      await context.close()
    }
    await stack.startSimulator(everyday)
  })
}

async function write(learner: Learner, words: string): Promise<void> {
  const field = learner.page.getByRole('textbox')
  await field.fill(words)
  await field.press('Enter')
}

async function keepPictures(page: Page, folder: string): Promise<void> {
  const taken: { name: string; png: Buffer }[] = []
  for (const [name, width, height] of [
    ['phone', 390, 844],
    ['desk', 1280, 800],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.waitForTimeout(600)
      const png = await page.screenshot({ scale: name === 'phone' ? 'device' : 'css' })
      taken.push({ name: `${name}-${colorScheme}.webp`, png })
    }
  }
  mkdirSync(folder, { recursive: true })
  for (const { name, png } of taken) writeFileSync(join(folder, name), await webp(page, png))
}

async function webp(page: Page, png: Buffer): Promise<Buffer> {
  const url = await page.evaluate(
    async (source) => {
      const image = new Image()
      image.src = source
      await image.decode()
      const canvas = document.createElement('canvas')
      canvas.width = image.naturalWidth
      canvas.height = image.naturalHeight
      canvas.getContext('2d')?.drawImage(image, 0, 0)
      return canvas.toDataURL('image/webp', 0.86)
    },
    `data:image/png;base64,${png.toString('base64')}`,
  )
  return Buffer.from(url.split(',')[1] ?? '', 'base64')
}
