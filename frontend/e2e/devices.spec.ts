import type { Page } from '@playwright/test'
import { Learner } from './support/learner'
import { browserArgs, expect, launch, test } from './support/test'

declare global {
  interface Window {
    opened: MediaStreamTrack[]
    plugIn: () => void
  }
}

/** Runs in the page before its own code: remembers each microphone that was opened. */
function watchMicrophones(): void {
  window.opened = []
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish)
    window.opened.push(...stream.getAudioTracks())
    return stream
  }
}

/** The microphones that are on: their names, and what the browser does to their sound. */
async function microphonesOn(page: Page) {
  return page.evaluate(() =>
    window.opened
      .filter(({ readyState }) => readyState === 'live')
      .map((track) => {
        const { noiseSuppression, echoCancellation } = track.getSettings()
        return { label: track.label, noiseSuppression, echoCancellation }
      }),
  )
}

/** Runs in the page: one microphone is gone, as browsers tell of it, until it is plugged in again. */
function unplug(label: string): void {
  const { mediaDevices } = navigator
  const list = mediaDevices.enumerateDevices.bind(mediaDevices)
  const changed = () => mediaDevices.dispatchEvent(new Event('devicechange'))
  mediaDevices.enumerateDevices = async () =>
    (await list()).filter((device) => device.label !== label)
  for (const track of window.opened.filter((one) => one.readyState === 'live')) {
    track.stop()
    track.dispatchEvent(new Event('ended'))
  }
  changed()
  window.plugIn = () => {
    mediaDevices.enumerateDevices = list
    changed()
  }
}

async function choose(page: Page, field: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: field }).click()
  await page.getByRole('option', { name: option }).click()
  await expect(page.getByRole('option')).toHaveCount(0)
}

/** The loudspeaker through which an element plays, by name. */
async function loudspeakerOf(page: Page, voice: string): Promise<string | undefined> {
  return page.evaluate(async (name) => {
    const devices = await navigator.mediaDevices.enumerateDevices()
    const element = document.querySelector<HTMLAudioElement>(`audio[data-voice=${name}]`)
    return devices.find(
      ({ kind, deviceId }) => kind === 'audiooutput' && deviceId === element?.sinkId,
    )?.label
  }, voice)
}

test('a microphone and a loudspeaker are tried, chosen, and used in the talk', async ({
  page,
  stack,
  picture,
}) => {
  await page.addInitScript(watchMicrophones)
  // Chromium's own microphones, which beep without end.
  const ada = await Learner.signedIn(page, stack, { microphone: 'own' })
  await page.goto(`${stack.webUrl}/settings/sound`)
  const said = page.locator('[data-check]').getByRole('status')
  await expect(said).toContainText('It is not stored, and nobody else hears it.')
  expect(await microphonesOn(page)).toEqual([])

  await page.getByRole('button', { name: 'Try the microphone' }).click()
  await expect(said).toHaveText('I hear you.')
  await expect
    .poll(() => page.getByRole('meter').getAttribute('aria-valuenow').then(Number))
    .toBeGreaterThan(20)
  const chosen = { label: 'Fake Audio Input 1', noiseSuppression: true, echoCancellation: true }
  await choose(page, 'Microphone', chosen.label)
  await expect.poll(() => microphonesOn(page)).toEqual([chosen])
  await page.getByRole('switch', { name: 'Noise suppression' }).click()
  chosen.noiseSuppression = false
  await expect.poll(() => microphonesOn(page)).toEqual([chosen])
  await choose(page, 'Loudspeaker', 'Fake Audio Output 1')
  await expect(said).toHaveText('I hear you.')
  await picture(page, 'microphone-open')

  const since = await ada.now()
  await page.getByRole('button', { name: 'Say something, hear it back' }).click()
  await expect(said).toHaveText('Speak now. You will hear it in a moment.')
  await page.getByRole('button', { name: 'Hear it now' }).click({ delay: 1_500 })
  await expect.poll(() => loudspeakerOf(page, 'playback')).toBe('Fake Audio Output 1')
  await expect(page.getByRole('button', { name: 'Hear it again' })).toBeVisible()
  expect(await ada.voiceMsSince(since)).toBeGreaterThan(100)

  // Pulled out and put in again: it is said, and the choice stands.
  await page.evaluate(unplug, chosen.label)
  await expect(page.getByText('Fake Audio Input 1 is not there just now.')).toBeVisible()
  await expect.poll(() => microphonesOn(page).then(([one]) => one?.label)).toContain('Default')
  await page.evaluate(() => window.plugIn())
  await expect.poll(() => microphonesOn(page)).toEqual([chosen])

  await page.getByRole('link', { name: 'Talk', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()
  expect(await microphonesOn(page)).toEqual([])
  await page.reload()
  await ada.startTalking()
  await expect
    .poll(() => loudspeakerOf(page, 'tutor'), { timeout: 30_000 })
    .toBe('Fake Audio Output 1')
  expect(await microphonesOn(page)).toEqual([chosen])
})

test('a refused microphone is tried again as soon as it is allowed', async ({ stack, picture }) => {
  const args = browserArgs.filter((arg) => !arg.startsWith('--use-fake-ui'))
  const browser = await launch([...args, '--deny-permission-prompts'])
  try {
    const context = await browser.newContext()
    const page = await context.newPage()
    await Learner.signedIn(page, stack, { microphone: 'own' })
    await page.goto(`${stack.webUrl}/welcome?step=sound`)
    await page.getByRole('button', { name: 'Try the microphone' }).click()
    const said = page.locator('[data-check]').getByRole('status')
    await expect(said).toContainText('The microphone is not allowed on this page.')
    await expect(said).toContainText('Press the icon to the left of the address')
    await picture(page, 'microphone-check-refused')
    await context.grantPermissions(['microphone'])
    await expect(said).toHaveText('I hear you.')
  } finally {
    await browser.close()
  }
})
