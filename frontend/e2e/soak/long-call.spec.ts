import { Learner } from '../support/learner'
import { heldBy, tasksDuring, watch, type Held, type Task } from '../support/page-cost'
import { expect, test } from '../support/test'

const MINUTES = 12
/** Longer than a LiveKit token lives (10 minutes), so that the page needs a fresh one to come back. */
const RESTART_AFTER_MINUTES = 11
const minutes = (count: number) => count * 60_000
/** Long enough for the tutor's longest answer to what is said here. */
const BETWEEN_MS = 15_000
/** Until then a page may take what it needs once. */
const WARM_MINUTES = 3
/** What the words of nine minutes and a second line may take. */
const GROWTH_MB = 1.5
const LONGEST_TASK_MS = 50

// What Playwright keeps of each moment would be measured, too.
test.use({ trace: 'off' })

test('a call of twelve minutes outlives its token and a restart of LiveKit', async ({
  browser,
  page,
  stack,
}) => {
  const ada = await Learner.signedIn(page, stack)
  await ada.startTalking()
  await ada.expectStatus('listening', 30_000)
  const id = (await ada.liveConversationId()) ?? ''
  const began = Date.now()
  const session = await watch(page)
  const held: Held[] = []
  /** Of the tutor's answers, one of each minute, by the processor's time: other programs take theirs. */
  const tasks: Task[] = []
  let spoken = 0
  let restarted = false
  while (Date.now() - began < minutes(MINUTES)) {
    if (!restarted && Date.now() - began >= minutes(RESTART_AFTER_MINUTES)) {
      await stack.stopLiveKit()
      await ada.expectStatus('reconnecting', 30_000)
      await stack.startLiveKit()
      await ada.expectStatus('listening', 60_000)
      restarted = true
      console.log(`LiveKit was restarted after ${Math.round((Date.now() - began) / 1000)} s`)
    }
    const asked = await ada.now()
    await ada.say('I would like to tell you something about my garden.')
    spoken += 1
    await ada.expectVoice(asked)
    const answered = () => page.waitForTimeout(BETWEEN_MS)
    if (Date.now() - began >= minutes(held.length)) {
      tasks.push(...(await tasksDuring(browser, page, answered)).slice(0, 5))
      held.push(await heldBy(session))
    } else {
      await answered()
    }
    await page.evaluate(() => window.heard.splice(0))
  }
  expect(restarted).toBe(true)
  console.log(`held each minute, in MB: ${held.map(({ heapMb }) => heapMb.toFixed(1)).join(' ')}`)
  console.log(`nodes ${held.map(({ nodes }) => nodes).join(' ')}`)
  console.log(`listeners ${held.map(({ listeners }) => listeners).join(' ')}`)
  const warm = held.slice(WARM_MINUTES)
  expect(Math.max(...warm.map(({ heapMb }) => heapMb)) - (warm[0]?.heapMb ?? 0)).toBeLessThan(
    GROWTH_MB,
  )
  const [longest] = tasks.sort((one, other) => other.ownMs - one.ownMs)
  console.log(`the longest task took ${longest?.ownMs.toFixed(1)} ms: ${longest?.what}`)
  expect(longest?.ownMs).toBeLessThanOrEqual(LONGEST_TASK_MS)
  expect(await ada.liveConversationId()).toBe(id)

  await page.getByRole('button', { name: 'End' }).click()
  await expect
    .poll(async () => (await ada.conversation(id)).end_reason, { timeout: 15_000 })
    .toBe('learner_ended')
  const { turns } = await ada.conversation(id)
  expect(turns.map(({ seq }) => seq)).toEqual(turns.map((_, index) => index + 1))
  const heard = turns.filter(({ speaker }) => speaker === 'learner').length
  const answers = turns.filter(({ speaker, text }) => speaker === 'tutor' && text !== '').length
  console.log(`spoken ${spoken}, learner's turns ${heard}, tutor's turns ${answers}`)
  expect(heard).toBeGreaterThanOrEqual(spoken)
  expect(answers).toBeGreaterThanOrEqual(spoken)
})
