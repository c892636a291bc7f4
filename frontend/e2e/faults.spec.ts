import { rmSync } from 'node:fs'
import { Learner } from './support/learner'
import { silentFile } from './support/microphone'
import {
  BROKEN_OFF,
  busy,
  everyday,
  MUMBLED,
  refusing,
  TYPED,
  WRITTEN,
  type Script,
} from './support/script'
import type { Stack } from './support/stack'
import { browserArgs, expect, launch, test } from './support/test'

/** The shortest life of an access token that the server takes. */
const SHORT_SIGN_IN_S = '5'

test('a refused microphone leaves the keyboard', async ({ stack, picture }) => {
  const args = browserArgs.filter((arg) => !arg.startsWith('--use-fake-ui'))
  const browser = await launch([...args, '--deny-permission-prompts'])
  try {
    const page = await (await browser.newContext()).newPage()
    const ada = await Learner.signedIn(page, stack, { microphone: 'own' })
    await ada.startTalking()
    await ada.expectStatus('denied')
    await picture(page, 'microphone-refused')
    await page.getByRole('button', { name: 'Type instead' }).click()
    await ada.expectStatus('typed_only', 30_000)
    await ada.type('What is the weather like?')
    await expect(ada.lines('tutor').nth(1)).toContainText('It rains in the north')
  } finally {
    await browser.close()
  }
})

test('a missing microphone and one that does not open are told apart from a refused one', async ({
  stack,
  picture,
}) => {
  const without = browserArgs.filter((arg) => !arg.startsWith('--use-fake-device'))
  for (const { args, status } of [
    { args: without, status: 'absent' },
    // As if another program had it: the device is there, and does not open.
    { args: [...browserArgs, '--fail-audio-stream-creation'], status: 'busy' },
  ]) {
    const browser = await launch(args)
    try {
      const context = await browser.newContext()
      const ada = await Learner.signedIn(await context.newPage(), stack, { microphone: 'own' })
      await ada.startTalking()
      await ada.expectStatus(status)
      await picture(ada.page, `microphone-${status}`)
    } finally {
      await browser.close()
    }
  }
})

test('a microphone that is taken back or pulled out in mid-talk is told, and taken up again', async ({
  stack,
  picture,
}) => {
  const silence = silentFile()
  const args = browserArgs.filter((arg) => !arg.startsWith('--use-fake-ui'))
  const browser = await launch([...args, `--use-file-for-fake-audio-capture=${silence}`])
  try {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.addInitScript(pluggable)
    const ada = await Learner.signedIn(page, stack, { microphone: 'own' })
    const session = await browser.newBrowserCDPSession()
    const allow = (setting: 'granted' | 'denied') =>
      session.send('Browser.setPermission', {
        permission: { name: 'microphone' },
        setting,
        origin: stack.webUrl,
        browserContextId: contextId,
      })
    const pageSession = await context.newCDPSession(page)
    const { targetInfo } = await pageSession.send('Target.getTargetInfo')
    const contextId = targetInfo.browserContextId
    await allow('granted')
    await ada.startTalking()
    await ada.expectStatus('listening', 30_000)

    await allow('denied')
    await ada.expectStatus('withdrawn')
    await picture(page, 'microphone-withdrawn')
    await allow('granted')
    await ada.expectStatus('listening')

    await page.evaluate(() => window.unplug('audioinput'))
    await ada.expectStatus('unplugged')
    await expect(page.getByText('Your microphone was unplugged.')).toBeVisible()
    await picture(page, 'microphone-unplugged')
    await page.evaluate(() => window.plugIn())
    await ada.expectStatus('listening')

    await page.evaluate(chooseLoudspeaker)
    await page.evaluate(() => window.unplug('audiooutput'))
    const notice = page.getByRole('status').filter({ hasText: 'Your loudspeaker is gone.' })
    await expect(notice).toBeVisible()
    await picture(page, 'loudspeaker-gone')
    await page.evaluate(() => window.plugIn())
    await expect(notice).toBeHidden()

    await page.evaluate(() => window.unplug('audioinput'))
    await page.getByRole('button', { name: 'Type instead' }).click()
    await ada.expectStatus('typed_only')
    await ada.type('What is the weather like?')
    await expect(ada.lines('tutor').nth(1)).toContainText('It rains in the north')
  } finally {
    await browser.close()
    rmSync(silence)
  }
})

declare global {
  interface Window {
    unplug: (kind: MediaDeviceKind) => void
    plugIn: () => void
  }
}

/** Runs in the page: takes a loudspeaker of its own, as if another tab had chosen it in the settings. */
async function chooseLoudspeaker(): Promise<void> {
  const devices = await navigator.mediaDevices.enumerateDevices()
  const own = devices.find(({ kind, deviceId }) => kind === 'audiooutput' && deviceId.length > 20)
  if (own === undefined) throw new Error('no loudspeaker')
  const output = { id: own.deviceId, label: own.label }
  localStorage.setItem('avaaz.devices', JSON.stringify({ input: null, output, processing: {} }))
  dispatchEvent(new StorageEvent('storage', { key: 'avaaz.devices' }))
  const player = document.querySelector<HTMLAudioElement>('audio[data-voice]')
  while (player?.sinkId !== own.deviceId) await new Promise((wait) => setTimeout(wait, 50))
}

/** Runs in the page before its own code: devices of the browser that can be pulled out, which nobody else can. */
function pluggable(): void {
  const { mediaDevices } = navigator
  const list = mediaDevices.enumerateDevices.bind(mediaDevices)
  let missing: MediaDeviceKind | null = null
  mediaDevices.enumerateDevices = async () => (await list()).filter(({ kind }) => kind !== missing)
  const change = (kind: MediaDeviceKind | null) => {
    missing = kind
    mediaDevices.dispatchEvent(new Event('devicechange'))
  }
  window.unplug = change
  window.plugIn = () => change(null)
}

test('a browser that holds the sound back offers to let it out', async ({ stack, picture }) => {
  const args = browserArgs.filter((arg) => !arg.startsWith('--use-fake-ui'))
  const browser = await launch([...args, '--deny-permission-prompts'])
  try {
    const page = await (await browser.newContext()).newPage()
    // A browser without a screen lets everything sound; this one asks for a press, as others do.
    await page.addInitScript(() => {
      let pressed = false
      addEventListener('pointerdown', () => (pressed = true), true)
      // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its element below
      const play = HTMLMediaElement.prototype.play
      HTMLMediaElement.prototype.play = function () {
        return pressed
          ? play.call(this)
          : Promise.reject(new DOMException('press first', 'NotAllowedError'))
      }
    })
    const ada = await Learner.signedIn(page, stack, { microphone: 'own' })
    await ada.startTalking()
    await page.getByRole('button', { name: 'Type instead' }).click()
    await ada.expectStatus('typed_only', 30_000)
    // Back without a press: the new page has not earned the right to make a sound.
    await page.reload()
    const offer = page.getByRole('button', { name: 'Tap to hear your tutor' })
    await expect(offer).toBeVisible()
    await picture(page, 'sound-blocked')
    await offer.click()
    await expect(offer).toBeHidden()
    const asked = await ada.now()
    await ada.type('What is the weather like?')
    await ada.expectVoice(asked)
  } finally {
    await browser.close()
  }
})

/** Something is done while no provider will have us. */
async function withoutAProvider(stack: Stack, script: Script, what: () => Promise<void>) {
  await stack.startSimulator(script)
  try {
    await what()
  } finally {
    await stack.startSimulator(everyday)
    // A provider that failed is left alone for a while, by every conversation. The next test begins without that.
    await stack.stopAvaaz()
    await stack.startAvaaz()
  }
}

test('without a voice the page says so, the tutor writes, and speaks again once it can', async ({
  page,
  stack,
  picture,
}) => {
  test.setTimeout(150_000)
  const ada = await Learner.signedIn(page, stack)
  await withoutAProvider(stack, busy, async () => {
    await ada.startTalking()
    await ada.expectStatus('unavailable', 30_000)
    await picture(page, 'voice-unavailable')
    await ada.type(TYPED)
    await expect(ada.lines('learner')).toContainText(TYPED)
    await expect(ada.lines('tutor').filter({ hasText: WRITTEN })).toHaveCount(1)
    await stack.startSimulator(everyday)
    await ada.expectStatus('listening', 60_000)
    const asked = await ada.now()
    await ada.type('And the weather?')
    await expect(ada.lines('tutor').last()).toContainText('It rains in the north')
    await ada.expectVoice(asked)
    await expect(ada.lines('tutor').filter({ hasText: WRITTEN })).toHaveCount(1)
  })
})

test('a provider that refuses our key ends the conversation, and what was typed is kept', async ({
  page,
  stack,
}) => {
  test.setTimeout(210_000)
  const ada = await Learner.signedIn(page, stack)
  await withoutAProvider(stack, refusing, async () => {
    await ada.startTalking()
    await ada.expectStatus('unavailable', 30_000)
    await ada.type(TYPED)
    await expect(ada.lines('learner')).toContainText(TYPED)
    const id = (await ada.liveConversationId()) ?? ''
    await expect
      .poll(async () => (await ada.conversation(id)).end_reason, { timeout: 150_000 })
      .toBe('provider_failed')
    const kept = (await ada.conversation(id)).turns
    expect(kept[0]).toMatchObject({ speaker: 'learner', text: TYPED })
    await ada.expectStatus('ended')
  })
})

test('a provider that closes in mid-reply loses no word that was heard', async ({
  page,
  stack,
}) => {
  const ada = await Learner.inATalk(page, stack, { provider: 'openai' })
  await ada.type('Tell it, and break off.')
  await expect(ada.lines('tutor').nth(1)).toContainText('Let me tell you')
  await expect.poll(async () => (await ada.turns())[2]).toMatchObject({ interrupted: true })
  const heard = (await ada.turns())[2]?.text ?? ''
  expect(heard.length).toBeGreaterThan(0)
  expect(BROKEN_OFF.startsWith(heard)).toBe(true)

  // A new session takes up what was broken off, and knows what was said.
  await expect(ada.lines('tutor')).toHaveCount(3, { timeout: 20_000 })
  await ada.expectStatus('listening', 60_000)
  const asked = await ada.now()
  await ada.type('And the weather?')
  await expect(ada.lines('tutor').last()).toContainText('It rains in the north')
  await ada.expectVoice(asked)
  await ada.expectStored(5, 'openai')
})

test('a provider that sends rubbish is understood all the same', async ({ page, stack }) => {
  const ada = await Learner.inATalk(page, stack, { provider: 'openai' })
  await ada.type('Please mumble.')
  await expect(ada.lines('tutor').nth(1)).toContainText(MUMBLED)
  await ada.expectStatus('listening')
  await expect
    .poll(async () => (await ada.turns())[2])
    .toMatchObject({ text: MUMBLED, interrupted: false })
  await ada.expectStored(3, 'openai')
})

test('without LiveKit a call fails in words, and works once it is back', async ({
  page,
  stack,
  picture,
}) => {
  const ada = await Learner.signedIn(page, stack)
  await stack.stopLiveKit()
  try {
    await ada.startTalking()
    await ada.expectStatus('failed', 30_000)
    await picture(page, 'line-down')
  } finally {
    await stack.startLiveKit()
  }
  await page.getByRole('button', { name: 'Call again' }).click()
  await ada.expectStatus('listening', 30_000)
})

test('a server that went away is told in words, and the page recovers', async ({
  page,
  stack,
  picture,
}) => {
  test.setTimeout(150_000)
  const ada = await Learner.signedIn(page, stack)
  // The files of the page are kept by the browser; what is missing is the server behind them.
  await page.getByRole('link', { name: 'History' }).click()
  await expect(page.getByText('You have not talked yet.')).toBeVisible()
  await page.getByRole('link', { name: 'Talk', exact: true }).click()
  await stack.stopAvaaz()
  try {
    await ada.startTalking()
    await ada.expectStatus('failed', 30_000)
    await expect(page.getByText('I cannot reach the server.')).toBeVisible()
    await picture(page, 'server-away')
  } finally {
    await stack.startAvaaz({ AVAAZ_ACCESS_TOKEN_S: SHORT_SIGN_IN_S })
  }
  await page.getByRole('button', { name: 'Call again' }).click()
  await ada.expectStatus('listening', 30_000)

  // The sign-in ends in mid-talk: it is renewed without a word.
  await page.reload()
  await ada.expectStatus('listening', 30_000)
  const renewed = page.waitForResponse(
    (answer) => answer.url().endsWith('/auth/refresh') && answer.ok(),
    { timeout: 30_000 },
  )
  await renewed
  await ada.expectStatus('listening')
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await ada.expectStatus('ended')
  await stack.stopAvaaz()
  await stack.startAvaaz()
})
