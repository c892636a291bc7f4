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
    await speaker.say(FIRST, FIRST + WARM, TURN_MS)
    await expect(ada.lines().last()).toContainText(`${FIRST + WARM - 1}.`)
    const before = await held()
    const tasks = await tasksDuring(browser, page, () =>
      speaker.say(FIRST + WARM, FIRST + TURNS, TURN_MS),
    )
    await expect(ada.lines().last()).toContainText(`${FIRST + TURNS - 1}.`)
    await expect(ada.lines().last()).toHaveAttribute('aria-setsize', String(TURNS + 1))
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
