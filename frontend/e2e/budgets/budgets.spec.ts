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
/**
 * What `fixedWork` takes on an idle machine of the kind that the budget was set on, at `SLOWER`. A machine that takes
 * longer for it, because it is slower or busy, is given as much longer for a page. One that is faster is given no less.
 */
const FIXED_WORK_MS = 100

interface Load {
  scripts: Map<string, number>
  /** As it was. */
  seenLcpMs: number
  /** As it would have been on the machine of the budget. */
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
  const before = await page.evaluate(fixedWork)
  await page.goto(url)
  await ready(page)
  // What is fetched at leisure comes then, too.
  await page.waitForLoadState('networkidle')
  const { lcpMs: seenLcpMs, cls } = await page.evaluate(() => window.seen)
  await page.goto('about:blank')
  const after = await page.evaluate(fixedWork)
  await page.close()
  const slower = Math.max(1, (before + after) / 2 / FIXED_WORK_MS)
  return { scripts, seenLcpMs, lcpMs: seenLcpMs / slower, cls }
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

function report(name: string, { scripts, seenLcpMs, lcpMs, cls }: Load): void {
  console.log(
    `${name}: ${total(scripts).toFixed(1)} kB of scripts, LCP ${lcpMs.toFixed(0)} ms (seen: ${seenLcpMs.toFixed(0)}), layout shift ${cls.toFixed(4)}`,
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

/**
 * Runs in an empty page: always the same work, of the kinds that a page's start is made of. Returns the time of the
 * middle one of some rounds, in ms.
 */
function fixedWork(): number {
  const round = () => {
    const began = performance.now()
    const rows = Array.from({ length: 2_000 }, (_, at) => ({ at, words: `turn ${at} `.repeat(5) }))
    const kept = JSON.parse(JSON.stringify(rows)) as typeof rows
    const list = document.createElement('div')
    for (const { at, words } of kept.filter(({ words }) => /7\d* turn/.test(words)).slice(0, 300)) {
      const row = document.createElement('p')
      row.className = `row-${at % 7}`
      row.textContent = words
      list.append(row)
    }
    // Compiled anew each time, as the scripts of a page are.
    const code = document.createElement('script')
    const functions = rows.map(({ at }) => `function f${at}(x){return x+${at + began}}f${at}(1)`)
    code.textContent = `{${functions.join(';')}}`
    document.body.append(list, code)
    if (list.getBoundingClientRect().height === 0) throw new Error('the work was not done')
    list.remove()
    code.remove()
    return performance.now() - began
  }
  const rounds = Array.from({ length: 7 }, round).sort((one, other) => one - other)
  return rounds[3] ?? NaN
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
