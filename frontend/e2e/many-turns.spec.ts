import { heldBy, tasksDuring, watch } from './support/page-cost'
import { Learner } from './support/learner'
import { RoomSpeaker } from './support/room-speaker'
import { expect, launch, test } from './support/test'

const TURNS = 300
/** Until here a page may take what it needs once. */
const WARM = 100
/** A turn of a talk takes three seconds or more: this is forty times the pace. */
const TURN_MS = 75
const LONGEST_TASK_MS = 50
/** Of two hundred turns some hundred letters each are kept, and nothing else. */
const GROWTH_MB = 1
const GROWTH_NODES = 300
const GROWTH_LISTENERS = 30

// What Playwright keeps of each moment would be measured, too.
test.use({ trace: 'off' })

const SAID = [
  'By Pythagoras $a^2 + b^2 = c^2$, see https://example.org/a_(b). It costs $5 and $10.',
  '<img src="x" onerror="document.title = 1"> $\\href{javascript:alert(1)}{x}$ ![x](https://example.org/x.png)',
  'سلام! این را ببینید: $x^2$ و London،',
  'שלום לכולם, מה שלומכם היום',
  '東京は日本の首都で、世界でも最大級の都市のひとつです。また明日会いましょう。',
]

test('three hundred turns at many times the pace leave nothing behind in a page but their words, and never hold it up', async ({
  stack,
}) => {
  // A browser of its own, so that the trace holds one page.
  const browser = await launch()
  const page = await browser.newPage()
  const ada = await Learner.inATalk(page, stack)
  const { id } = await ada.api<{ id: string }>('/sessions/default')
  const speaker = await RoomSpeaker.enter(stack, `session-${id}`)
  const session = await watch(page)
  const held = async () => {
    await page.evaluate(() => window.heard.splice(0))
    return heldBy(session)
  }
  const FIRST = 1_000
  try {
    await showsWhatIsSaid(ada, speaker)
    await speaker.say(FIRST, FIRST + WARM, TURN_MS)
    await expect(ada.lines().last()).toContainText(`${FIRST + WARM - 1}.`)
    const before = await held()
    const tasks = await tasksDuring(browser, page, () =>
      speaker.say(FIRST + WARM, FIRST + TURNS, TURN_MS),
    )
    await expect(ada.lines().last()).toContainText(`${FIRST + TURNS - 1}.`)
    await expect(ada.lines().last()).toHaveAttribute(
      'aria-setsize',
      String(TURNS + SAID.length + 1),
    )
    const after = await held()
    const [longest] = tasks
    console.log(
      `after ${WARM} turns ${JSON.stringify(before)}, after ${TURNS} ${JSON.stringify(after)}`,
    )
    console.log('the longest tasks', tasks.slice(0, 3))
    expect(after.heapMb - before.heapMb).toBeLessThan(GROWTH_MB)
    expect(after.nodes - before.nodes).toBeLessThan(GROWTH_NODES)
    expect(after.listeners - before.listeners).toBeLessThan(GROWTH_LISTENERS)
    expect(tasks.length).toBeGreaterThan(TURNS)
    expect(longest?.ownMs).toBeLessThan(LONGEST_TASK_MS)
  } finally {
    await speaker.leave()
    await browser.close()
  }
})

/** Addresses and formulae, and nothing else that a tutor might write; each script in its own direction. */
async function showsWhatIsSaid(ada: Learner, speaker: RoomSpeaker): Promise<void> {
  for (const [index, text] of SAID.entries()) await speaker.tell(100 + index, text, index > 1)
  const line = (index: number) => ada.lines().nth(index + 1)
  const link = line(0).getByRole('link')
  await expect(link).toHaveText('https://example.org/a_(b)')
  await expect(link).toHaveAttribute('href', 'https://example.org/a_(b)')
  await expect(link).toHaveAttribute('rel', 'noopener noreferrer nofollow')
  await expect(link).toHaveAttribute('target', '_blank')
  await expect(line(0).locator('math')).toHaveCount(1)
  await expect(line(0)).toContainText('It costs $5 and $10.')
  await expect(line(1)).toContainText(SAID[1] ?? '')
  await expect(line(1).locator('img, math, [onerror], a[href^="javascript"]')).toHaveCount(0)
  const looks = await ada.lines().evaluateAll((lines) =>
    lines.slice(3).map((found) => {
      const words = found.querySelector('p')
      const mark = found.querySelector('[data-cut]')?.getBoundingClientRect()
      const box = words?.getBoundingClientRect()
      return {
        direction: words === null ? '' : getComputedStyle(words).direction,
        language: words?.lang,
        // In words from right to left the end is on the left.
        markIsAtLeft: (mark?.right ?? 0) < (box?.left ?? 0) + (box?.width ?? 0) / 2,
      }
    }),
  )
  expect(looks.map(({ direction }) => direction)).toEqual(['rtl', 'rtl', 'ltr'])
  expect(looks.slice(0, 2).map(({ markIsAtLeft }) => markIsAtLeft)).toEqual([true, true])
  expect(looks.map(({ language }) => language)).toEqual(['', 'he', 'ja'])
}
