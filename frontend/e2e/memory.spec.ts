import { Learner } from './support/learner'
import { remembered, RETURNS, tripTo } from './support/script'
import { expect, test } from './support/test'

/** It stands in no script: the tutor can have it only from what the learner said. */
const PLACE = 'Trondheim'
const SUMMARY_WITHIN_MS = 10_000

test('the second conversation begins with something from the first one', async ({
  page,
  stack,
}) => {
  const rosa = await Learner.signedIn(page, stack, { name: RETURNS })
  await rosa.startTalking()
  // Nothing is known yet, and so nothing is quoted.
  await expect(rosa.lines('tutor').first()).toContainText(remembered(''))
  await rosa.expectStatus('listening', 30_000)
  await rosa.type(tripTo(PLACE))
  await expect(rosa.lines('tutor').nth(1)).not.toBeEmpty()
  await rosa.expectStatus('listening')
  const id = (await rosa.liveConversationId()) ?? ''
  const ended = Date.now()
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await rosa.expectStatus('ended')

  await expect
    .poll(() => summaryOf(rosa, id), { timeout: SUMMARY_WITHIN_MS, intervals: [200] })
    .toContain(PLACE)
  const tookMs = Date.now() - ended
  console.log(`summed up after ${tookMs} ms`)
  expect(tookMs).toBeLessThan(SUMMARY_WITHIN_MS)
  const brief = await rosa.api<{ instructions: string }>('/sessions/default/brief')
  expect(brief.instructions).toContain(PLACE)

  await page.goto(stack.webUrl)
  await rosa.startTalking()
  await expect(rosa.lines('tutor').first()).toContainText(remembered(PLACE), { timeout: 30_000 })
})

/** What is remembered of a conversation: nothing before its summary is written. */
async function summaryOf(learner: Learner, conversation: string): Promise<string> {
  const answer = await fetch(`${learner.stack.apiUrl}/conversations/${conversation}/summary`, {
    headers: { Authorization: `Bearer ${await learner.token()}` },
  })
  return answer.ok ? ((await answer.json()) as { text: string }).text : ''
}
