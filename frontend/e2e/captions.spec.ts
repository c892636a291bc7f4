import { giveBeepEar, latenesses, quantile, slowDownSound } from './support/beeps'
import { Learner } from './support/learner'
import { BEEPED } from './support/script'
import { expect, test } from './support/test'

const WITHIN_MS = 300

test.use({ bypassCSP: true })

for (const [line, delayMs] of [
  ['good', 0],
  ['bad', 600],
] as const) {
  test(`each word is shown when it is heard, on a ${line} line`, async ({ page, stack }) => {
    await giveBeepEar(page, BEEPED[0] ?? '')
    if (delayMs > 0) await slowDownSound(page, delayMs)
    const ada = await Learner.inATalk(page, stack)
    await page.evaluate(() => window.beepTimes.heardAt.splice(0))
    await ada.type('Count, please.')
    const line = ada.lines('tutor').nth(1)
    await expect(line).toContainText(BEEPED.at(-1) ?? '', { timeout: 30_000 })
    const times = await page.evaluate(() => window.beepTimes)
    const late = latenesses(times)
    console.log(late.map(Math.round).join(' '))
    const [p50, p95, most] = [0.5, 0.95, 1].map((part) => Math.round(quantile(late, part)))
    console.log(`words are shown p50 ${p50}, p95 ${p95}, at most ${most} ms after their beeps`)
    expect(times.heardAt).toHaveLength(BEEPED.length)
    expect(quantile(late.map(Math.abs), 0.95)).toBeLessThan(WITHIN_MS)
  })
}
