import { Learner } from './support/learner'
import { REMEMBERS, REMEMBERED, GREETING } from './support/script'
import { expect, test } from './support/test'

test('the second conversation begins with something from the first one', async ({
  page,
  stack,
}) => {
  const ada = await Learner.arrive(page, stack, 'Rosa')
  await ada.register()
  await ada.startTalking()
  await expect(ada.lines('tutor').first()).toContainText(GREETING)
  await ada.expectStatus('listening', 30_000)
  await ada.type(`I am planning ${REMEMBERS} in May.`)
  await expect(ada.lines('tutor').nth(1)).not.toBeEmpty()
  await ada.expectStatus('listening')
  const id = (await ada.liveConversationId()) ?? ''
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await ada.expectStatus('ended')

  await expect
    .poll(
      async () => {
        const summary = await fetch(`${stack.apiUrl}/conversations/${id}/summary`, {
          headers: { Authorization: `Bearer ${await ada.token()}` },
        })
        return summary.ok ? ((await summary.json()) as { text: string }).text : ''
      },
      { timeout: 10_000 },
    )
    .toContain(REMEMBERS)
  const brief = await ada.api<{ instructions: string }>('/sessions/default/brief')
  expect(brief.instructions).toContain(REMEMBERS)

  // This tutor speaks of the trip only where its instructions do (support/script.ts).
  await page.goto(stack.webUrl)
  await ada.startTalking()
  await expect(ada.lines('tutor').first()).toContainText(REMEMBERED, { timeout: 30_000 })
})
