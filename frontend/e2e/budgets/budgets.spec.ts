import { gzipSync } from 'node:zlib'
import type { BrowserContext, Page } from '@playwright/test'
import { Learner } from '../support/learner'
import { injectMicrophone } from '../support/microphone'
import { expect, test } from '../support/test'

const INITIAL_JS_KB = 150
const TALK_JS_KB = 185
const LCP_MS = 1_500
const CLS = 0.02
/** A phone of the middle, beside the machine that this runs on. */
const SLOWER = 4
const LOADS = 3

interface Load {
  scripts: Map<string, number>
  lcpMs: number
  cls: number
}

/** Loads a page as somebody does who was never here, on a slow device, and waits until it rests. */
async function load(context: BrowserContext, url: string, ready: (page: Page) => Promise<void>) {
  const page = await context.newPage()
  const scripts = new Map<string, number>()
  page.on('response', (response) => {
    if (response.request().resourceType() !== 'script') return
    const name = new URL(response.url()).pathname
    void response.body().then(
      (body) => scripts.set(name, gzipSync(body).length / 1000),
      () => undefined,
    )
  })
  await page.addInitScript(watch)
  const cdp = await context.newCDPSession(page)
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
  await page.goto(url)
  await ready(page)
  // What is fetched at leisure comes then, too.
  await page.waitForLoadState('networkidle')
  const seen = await page.evaluate(() => window.seen)
  await page.close()
  return { scripts, ...seen }
}

/** The middle of some loads: what a busy moment of the machine did to one is not the page's. */
async function usual(loads: () => Promise<Load>): Promise<Load> {
  const all: Load[] = []
  for (let round = 0; round < LOADS; round += 1) all.push(await loads())
  const byLcp = all.toSorted((one, other) => one.lcpMs - other.lcpMs)
  const middle = byLcp[Math.floor(LOADS / 2)]
  if (middle === undefined) throw new Error('nothing was loaded')
  return { ...middle, cls: Math.max(...all.map(({ cls }) => cls)) }
}

function report(name: string, { scripts, lcpMs, cls }: Load): void {
  console.log(
    `${name}: ${total(scripts).toFixed(1)} kB of scripts, LCP ${lcpMs.toFixed(0)} ms, layout shift ${cls.toFixed(4)}`,
  )
}

function total(scripts: Map<string, number>): number {
  return [...scripts.values()].reduce((sum, kB) => sum + kB, 0)
}

const isTalk = (name: string) => name.includes('/talk-page-') || name.includes('/livekit-')

test('the app stays within its budgets on a slow phone', async ({ browser, stack }) => {
  const stranger = await browser.newContext({ serviceWorkers: 'block' })
  const door = await usual(() =>
    load(stranger, stack.webUrl, (page) =>
      expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible(),
    ),
  )
  report('sign in', door)
  await stranger.close()
  expect([...door.scripts.keys()].filter(isTalk), 'the talk is loaded on intent').toEqual([])
  expect(total(door.scripts)).toBeLessThanOrEqual(INITIAL_JS_KB)

  const context = await browser.newContext({ serviceWorkers: 'block' })
  const first = await context.newPage()
  await first.addInitScript(injectMicrophone)
  const ada = await Learner.arrive(first, stack)
  await ada.register()
  await ada.startTalking()
  await ada.expectStatus('listening', 30_000)
  await first.getByRole('button', { name: 'End', exact: true }).click()
  await ada.expectStatus('ended')
  await first.close()

  const talk = await usual(() =>
    load(context, stack.webUrl, (page) =>
      expect(page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible(),
    ),
  )
  report('talk', talk)
  const talkScripts = new Map([...talk.scripts].filter(([name]) => isTalk(name)))
  console.log(`of it the talk's own, with LiveKit: ${total(talkScripts).toFixed(1)} kB`)
  expect(talkScripts.size, 'the page and LiveKit').toBe(2)
  expect(total(talkScripts)).toBeLessThanOrEqual(TALK_JS_KB)

  const history = await usual(() =>
    load(context, `${stack.webUrl}/history`, (page) =>
      expect(page.getByRole('heading', { name: 'Today' })).toBeVisible(),
    ),
  )
  report('history', history)
  await context.close()

  for (const [name, { lcpMs, cls }] of Object.entries({ 'sign in': door, talk, history })) {
    expect.soft(lcpMs, `${name}: LCP`).toBeGreaterThan(0)
    expect.soft(lcpMs, `${name}: LCP`).toBeLessThan(LCP_MS)
    expect.soft(cls, `${name}: layout shift`).toBeLessThanOrEqual(CLS)
  }
})

interface Seen {
  lcpMs: number
  cls: number
}

declare global {
  interface Window {
    seen: Seen
  }
}

/** Runs in the page, before anything else does. */
function watch(): void {
  window.seen = { lcpMs: 0, cls: 0 }
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.seen.lcpMs = entry.startTime
  }).observe({ type: 'largest-contentful-paint', buffered: true })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      window.seen.cls += (entry as PerformanceEntry & { value: number }).value
    }
  }).observe({ type: 'layout-shift', buffered: true })
}
