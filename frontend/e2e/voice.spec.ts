import type { Page } from '@playwright/test'
import { traceFrames, watchDrawing } from './support/frame-trace'
import { Learner } from './support/learner'
import { LEARNER_SAYS } from './support/script'
import { expect, test } from './support/test'

/** A phone of the middle, beside the machine that this runs on. */
const SLOWER = 4
const SCRIPT_MS = 4
/** What a busy machine may add to the dearest twentieth of them. */
const NOISE_MS = 2
const LONG_TASK_MS = 50
/** Without a graphics card, on a machine that does much else; a quiet one draws sixty. */
const FEWEST_PER_SECOND = 12
const STILL_PER_SECOND = 12

test('the voice is drawn cheaply while it is seen, and not at all while it is not', async ({
  page,
  stack,
}) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.addInitScript(watchDrawing)
  const ada = await Learner.inATalk(page, stack)

  await ada.type('Tell me a story.')
  const asked = await ada.now()
  await ada.expectVoice(asked, 200)
  const frames = await traceFrames(page, SLOWER, async () => {
    await page.waitForTimeout(2_500)
    await ada.say(LEARNER_SAYS[1] ?? '')
  })
  console.log(
    `the voice, ${SLOWER} times slower: ${frames.perSecond.toFixed(0)} frames/s, script ` +
      `${frames.scriptMs.p50.toFixed(2)} ms p50, ${frames.scriptMs.p95.toFixed(2)} p95, ` +
      `${frames.scriptMs.longest.toFixed(1)} at most`,
  )
  expect(frames.scriptMs.p50).toBeLessThanOrEqual(SCRIPT_MS)
  expect(frames.scriptMs.p95).toBeLessThanOrEqual(SCRIPT_MS + NOISE_MS)
  expect(frames.scriptMs.longest).toBeLessThanOrEqual(LONG_TASK_MS)
  expect(frames.perSecond).toBeGreaterThanOrEqual(FEWEST_PER_SECOND)

  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.waitForTimeout(200)
  const still = await drawnWithin(page, 1_000)
  expect(still.drawings).toBeGreaterThan(0)
  expect(still.drawings).toBeLessThanOrEqual(STILL_PER_SECOND)
  await page.emulateMedia({ reducedMotion: null })

  await page.evaluate(setHidden, true)
  expect(await drawnWithin(page, 1_000)).toEqual({ drawings: 0, readings: 0 })
  await page.evaluate(setHidden, false)
  const seen = await drawnWithin(page, 500)
  expect(Math.min(seen.drawings, seen.readings)).toBeGreaterThan(0)

  // A ring that has closed rests.
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await ada.expectStatus('ended')
  await expect.poll(() => drawnWithin(page, 500)).toEqual({ drawings: 0, readings: 0 })
})

async function drawnWithin(
  page: Page,
  ms: number,
): Promise<{ drawings: number; readings: number }> {
  const counts = () => ({ drawings: window.drawings, readings: window.readings })
  const before = await page.evaluate(counts)
  await page.waitForTimeout(ms)
  const after = await page.evaluate(counts)
  return {
    drawings: after.drawings - before.drawings,
    readings: after.readings - before.readings,
  }
}

/** What a browser does when another tab comes to the front; a page without a window has no other way. */
function setHidden(hidden: boolean): void {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
  Object.defineProperty(document, 'visibilityState', {
    configurable: true,
    get: () => (hidden ? 'hidden' : 'visible'),
  })
  document.dispatchEvent(new Event('visibilitychange'))
}
