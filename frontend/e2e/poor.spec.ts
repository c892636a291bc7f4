import { Learner } from './support/learner'
import { expect, test } from './support/test'
test('poor', async ({ page, stack, picture }) => {
  const ada = await Learner.inATalk(page, stack)
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: -1,
    packetLoss: 35,
  })
  const t = Date.now()
  await ada.type('Tell me a story.')
  const notice = page.getByRole('status').filter({ hasText: 'The connection is weak' })
  await expect(notice).toBeVisible({ timeout: 60_000 })
  console.log('poor after', Date.now() - t)
  await picture(page, 'poor-line')
})
