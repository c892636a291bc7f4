import type { Browser, Page } from '@playwright/test'
import { Learner } from './support/learner'
import { injectMicrophone } from './support/microphone'
import type { Stack } from './support/stack'
import { expect, test } from './support/test'

/** The page and the tutor find each other again within this of being able to. */
const BACK_WITHIN_MS = 2_000

/** A learner in mid conversation, and what must be there again. */
async function talking(page: Page, stack: Stack) {
  const ada = await Learner.signedIn(page, stack)
  await ada.startTalking()
  await ada.expectStatus('listening', 30_000)
  await ada.type('What is the weather like?')
  await expect(ada.lines('tutor').nth(1)).toContainText('It rains in the north')
  await ada.expectStatus('listening')
  return { ada, id: await ada.liveConversationId(), words: await ada.words() }
}

/** The same conversation with the same words, in which the tutor answers. */
async function goesOn({ ada, id, words }: Awaited<ReturnType<typeof talking>>) {
  expect(await ada.liveConversationId()).toBe(id)
  expect(await ada.words()).toEqual(words)
  const asked = await ada.now()
  await ada.type('And the weather tomorrow?')
  await expect(ada.lines('tutor').nth(2)).toContainText('It rains in the north')
  await ada.expectVoice(asked)
}

async function expectBackSince(ada: Learner, since: number): Promise<void> {
  // Looks at every frame; an `expect` looks once a second.
  await ada.page.locator('[data-talk=listening]').waitFor({ timeout: 30_000 })
  const tookMs = Date.now() - since
  console.log(`back after ${tookMs} ms`)
  expect(tookMs).toBeLessThan(BACK_WITHIN_MS)
}

test('after a change of the network the page is back in the same conversation', async ({
  page,
  stack,
}) => {
  const talk = await talking(page, stack)
  const network = await networkOf(page)
  stack.line.cut()
  await network.cut()
  await talk.ada.expectStatus('reconnecting')
  await page.waitForTimeout(5_000)
  stack.line.mend()
  await network.mend()
  await expectBackSince(talk.ada, Date.now())
  await goesOn(talk)
})

test('a page that was away while its conversation was moved does not take it back', async ({
  page,
  stack,
  browser,
  picture,
}) => {
  const { ada, id } = await talking(page, stack)
  const network = await networkOf(page)
  stack.line.cut()
  await network.cut()
  await ada.expectStatus('reconnecting')
  stack.line.mend()

  // Another device: nothing of this browser is there to tell of it.
  const context = await browser.newContext()
  const other = await context.newPage()
  await other.addInitScript(injectMicrophone)
  await ada.signInAt(other)
  await other.getByRole('button', { name: /Move it here|Go on/ }).click()
  const there = other.locator('[data-talk]')
  await expect(there).toHaveAttribute('data-talk', 'listening', { timeout: 30_000 })

  await network.mend()
  await ada.expectStatus('moved')
  await picture(page, 'moved-while-away')
  await page.reload()
  await ada.expectStatus('elsewhere')
  await expect(there).toHaveAttribute('data-talk', 'listening')
  expect(await ada.liveConversationId()).toBe(id)
  await context.close()
})

test('after a restart of LiveKit the page and the tutor are back in the same conversation', async ({
  page,
  stack,
  picture,
}) => {
  const talk = await talking(page, stack)
  await stack.stopLiveKit()
  await talk.ada.expectStatus('reconnecting', 30_000)
  expect(await talk.ada.words()).toEqual(talk.words)
  await picture(page, 'reconnecting')
  await page.waitForTimeout(4_000)
  await stack.startLiveKit()
  await expectBackSince(talk.ada, Date.now())
  await goesOn(talk)
})

test('while the server is away the tutor is late; after its restart the tutor is back in the same conversation', async ({
  page,
  stack,
  picture,
}) => {
  test.setTimeout(150_000)
  const talk = await talking(page, stack)
  await stack.stopAvaaz()
  await talk.ada.expectStatus('late')
  await picture(page, 'tutor-late')
  await talk.ada.expectStatus('very_late', 20_000)
  await expect(page.getByRole('button', { name: 'Call again' })).toBeVisible()
  await picture(page, 'tutor-very-late')
  expect(await talk.ada.words()).toEqual(talk.words)
  await stack.startAvaaz()
  await expectBackSince(talk.ada, Date.now())
  await goesOn(talk)
})

test('a laptop that is opened again finds the same conversation', async ({
  page,
  stack,
  browser,
}) => {
  const talk = await talking(page, stack)
  // Asked for before the sleep: it may be over as soon as the page has woken.
  const reconnects = page.locator('[data-talk=reconnecting]').waitFor({ timeout: 30_000 })
  const renderers = await renderersOf(browser)
  for (const pid of renderers) process.kill(pid, 'SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 9_000))
  for (const pid of renderers) process.kill(pid, 'SIGCONT')
  const opened = Date.now()
  await reconnects
  await expectBackSince(talk.ada, opened)
  await goesOn(talk)
})

/** What the browser has for a network: requests and packets of sound, as long as it is there. */
async function networkOf(
  page: Page,
): Promise<{ cut: () => Promise<void>; mend: () => Promise<void> }> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const whole = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
  const set = async (offline: boolean) => {
    const packetLoss = offline ? 100 : 0
    await session.send('Network.emulateNetworkConditions', { ...whole, offline, packetLoss })
  }
  return { cut: () => set(true), mend: () => set(false) }
}

async function renderersOf(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
}
