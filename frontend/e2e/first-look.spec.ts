import { Learner } from './support/learner'
import { expect, test } from './support/test'

/** A phone at the edge of the net. */
const SLOW_NETWORK = {
  offline: false,
  latency: 2_500,
  downloadThroughput: 200_000,
  uploadThroughput: 10_000,
}
const FREE_NETWORK = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
const TOKEN_TAKES_MS = 6_000

test('on a very slow line the page says what it waits for, and each thing in reach can be read', async ({
  page,
  context,
  stack,
  picture,
}) => {
  test.setTimeout(150_000)
  const ada = await Learner.arrive(page, stack)
  await page.addInitScript(holdTheQuestion)
  await ada.register()

  const network = await context.newCDPSession(page)
  await network.send('Network.setCacheDisabled', { cacheDisabled: true })
  await network.send('Network.emulateNetworkConditions', SLOW_NETWORK)
  await page.reload({ waitUntil: 'commit' })
  await ada.expectStatus('opening', 60_000)
  await expect(page.getByText('One moment …')).toBeVisible()
  await picture(page, 'opening', { passing: true })
  await network.send('Network.emulateNetworkConditions', FREE_NETWORK)
  await expect(page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()

  await ada.startTalking()
  await ada.expectStatus('asking')
  await expect(
    page.getByText('Allow the microphone, so that your tutor can hear you.'),
  ).toBeVisible()
  await picture(page, 'asking')
  await page.route('**/sessions/default/token', async (route) => {
    await new Promise((passed) => setTimeout(passed, TOKEN_TAKES_MS))
    await route.continue()
  })
  await page.evaluate(() => window.answerTheQuestion())
  await ada.expectStatus('calling')
  await expect(page.getByText('Calling your tutor …')).toBeVisible()
  await picture(page, 'calling', { passing: true })
  await ada.expectStatus('listening', 30_000)

  await page.getByRole('button', { name: 'Your account' }).click()
  await expect(page.getByRole('menu')).toBeVisible()
  await picture(page, 'account-menu', { overlay: true })
  await page.keyboard.press('Escape')
  await expect(page.getByRole('menu')).toBeHidden()
  await page.getByRole('button', { name: 'Captions' }).click()
  await picture(page, 'captions-menu', { overlay: true })
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible()
  await picture(page, 'keys', { overlay: true })
  await page.keyboard.press('Escape')

  await page.setViewportSize({ width: 390, height: 844 })
  await page.getByRole('button', { name: 'Transcript' }).click()
  await expect(ada.lines('tutor').first()).toBeVisible()
  await picture(page, 'script-on-a-phone')
})

declare global {
  interface Window {
    answerTheQuestion: () => void
  }
}

/** Runs in the page before its own code: the browser asks for the microphone until somebody answers, as one with a screen does. */
function holdTheQuestion(): void {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  const answered = new Promise<void>((answer) => {
    window.answerTheQuestion = answer
  })
  navigator.mediaDevices.getUserMedia = async (wish) => {
    await answered
    return open(wish)
  }
}
