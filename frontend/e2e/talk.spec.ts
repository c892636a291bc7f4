import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Learner, STORED_WITHIN_MS } from './support/learner'
import { speakInto } from './support/microphone'
import { BREATHLESS, COUGHS, GREETING, LEARNER_SAYS, LONG_REPLY, REPLY } from './support/script'
import { browserArgs, expect, launch, test } from './support/test'

const [FIRST_WORDS = ''] = LEARNER_SAYS

for (const provider of ['openai', 'gemini'] as const) {
  test.describe(`with ${provider}`, () => {
    test('a new learner talks, hears the tutor, and both sides’ words stand in order', async ({
      page,
      stack,
      picture,
    }) => {
      const ada = await Learner.signedIn(page, stack)
      await ada.choosesProvider(provider)
      await picture(page, 'door')

      const called = await ada.now()
      await ada.startTalking()
      await ada.expectVoice(called)
      await expect(ada.lines('tutor').first()).toContainText(GREETING)
      await ada.expectStatus('listening')
      await picture(page, 'listening')

      const spoke = await ada.now()
      await ada.say(FIRST_WORDS)
      await expect(ada.lines('learner')).toContainText(FIRST_WORDS)
      await expect
        .poll(async () => (await ada.turns())[1], { timeout: STORED_WITHIN_MS })
        .toMatchObject({ seq: 2, speaker: 'learner', text: FIRST_WORDS, text_pending: false })

      await ada.expectVoice(spoke)
      await expect(ada.lines('tutor').nth(1)).toContainText(REPLY)
      await ada.expectStatus('listening')
      await expect
        .poll(async () => (await ada.turns())[2], { timeout: STORED_WITHIN_MS })
        .toMatchObject({ seq: 3, speaker: 'tutor', text: REPLY, interrupted: false })
      expect((await ada.turns())[2]?.ended_at).not.toBeNull()
      await ada.expectStored(3, provider)
      // What the provider says of tokens is on the account, too.
      const { total } = await ada.api<{ total: { output_audio_tokens: number } }>(
        '/sessions/default/usage',
      )
      expect(total.output_audio_tokens).toBeGreaterThan(0)

      expect(await ada.words()).toEqual([
        { speaker: 'tutor', text: GREETING },
        { speaker: 'learner', text: FIRST_WORDS },
        { speaker: 'tutor', text: REPLY },
      ])
    })

    test('a second utterance silences the tutor, and only what was heard is kept', async ({
      page,
      stack,
      picture,
    }) => {
      const ada = await Learner.inATalk(page, stack, { provider })
      await ada.say(FIRST_WORDS)
      await expect(ada.lines('tutor').nth(1)).toContainText(REPLY)
      await ada.expectStatus('listening')

      await ada.type('Tell me a story.')
      const asked = await ada.now()
      await ada.expectVoice(asked, 2_000)
      await picture(page, 'speaking')
      const cutIn = await ada.say(LEARNER_SAYS[1] ?? '')

      // Speech is noticed within a syllable or two; after a second nothing of the story may sound.
      const story = ada.lines('tutor').nth(2)
      await expect(story).toContainText('You cut in here')
      const heard = await ada.heardSince(cutIn + 1_000)
      const quiet = heard.filter(({ at }) => at < cutIn + 1_500)
      expect(quiet.length).toBeGreaterThan(10)
      expect(Math.max(...quiet.map(({ rms }) => rms))).toBeLessThan(0.01)
      await picture(page, 'interrupted')

      await expect.poll(async () => (await ada.turns())[4]).toMatchObject({ interrupted: true })
      await ada.expectStored(5, provider)
      const kept = (await ada.turns())[4]?.text ?? ''
      expect(kept.length).toBeGreaterThan(0)
      expect(kept.length).toBeLessThan(LONG_REPLY.length)
      expect(LONG_REPLY.startsWith(kept)).toBe(true)
      await expect(story.locator('[data-words]')).toHaveText(kept)
    })

    test('a cough makes the tutor wait for a moment, and no more', async ({ page, stack }) => {
      const cora = await Learner.inATalk(page, stack, { name: COUGHS, provider })

      await cora.type('What is a quay?')
      const asked = await cora.now()
      await cora.expectVoice(asked, 1_000)
      const coughed = await cora.cough()
      await cora.expectStatus('listening')

      const reply = { seq: 3, speaker: 'tutor', text: BREATHLESS, interrupted: false }
      await expect.poll(async () => (await cora.turns())[2]).toMatchObject(reply)
      const pause = await cora.longestPauseMsSince(coughed)
      expect(pause).toBeGreaterThan(200)
      expect(pause).toBeLessThan(1_500)
      expect(await cora.words()).toEqual([
        { speaker: 'tutor', text: GREETING },
        { speaker: 'learner', text: 'What is a quay?' },
        { speaker: 'tutor', text: BREATHLESS },
      ])
      expect(await cora.turns()).toHaveLength(3)
    })
  })
}

test('a refresh comes back into the same conversation, words and all', async ({ page, stack }) => {
  const ada = await Learner.inATalk(page, stack)
  await ada.say(FIRST_WORDS)
  await expect(ada.lines('tutor').nth(1)).toContainText(REPLY)
  await ada.expectStatus('listening')
  const before = await ada.liveConversationId()
  const words = await ada.words()

  await page.reload()
  await expect(ada.lines()).toHaveCount(3)
  await ada.expectStatus('listening')
  expect(await ada.liveConversationId()).toBe(before)
  expect(await ada.words()).toEqual(words)

  await ada.type('And the weather?')
  const asked = await ada.now()
  await expect(ada.lines('tutor').nth(2)).toContainText('It rains in the north')
  await ada.expectVoice(asked)
  // No second greeting: the conversation went on.
  expect((await ada.words()).filter(({ text }) => text === GREETING)).toHaveLength(1)
})

test('a microphone of the browser’s own, fed from a spoken file, is understood', async ({
  stack,
}) => {
  const file = join(tmpdir(), `avaaz-microphone-${process.pid}.wav`)
  // The browser plays it over and over; the pause lets the sentence end.
  speakInto(file, FIRST_WORDS, { before: 3.5, after: 4 })
  const browser = await launch([...browserArgs, `--use-file-for-fake-audio-capture=${file}`])
  try {
    const ben = await Learner.signedIn(await browser.newPage(), stack, {
      name: 'Ben',
      microphone: 'own',
    })
    await ben.startTalking()
    await expect(ben.lines('learner').first()).toContainText(FIRST_WORDS, { timeout: 30_000 })
  } finally {
    await browser.close()
    rmSync(file)
  }
})

test('two learners at once never hear each other', async ({ browser, stack }) => {
  const [ada, ben] = (await Promise.all(
    ['Ada', 'Ben'].map(async (name) => Learner.signedIn(await browser.newPage(), stack, { name })),
  )) as [Learner, Learner]
  await Promise.all([ada.startTalking(), ben.startTalking()])
  await Promise.all([ada.expectStatus('listening', 30_000), ben.expectStatus('listening', 30_000)])
  // The last of the greeting is still in the air for a moment.
  await ben.page.waitForTimeout(500)

  const since = await ben.now()
  await ada.say(FIRST_WORDS)
  await expect(ada.lines('tutor').nth(1)).toContainText(REPLY)
  await ada.expectStatus('listening')
  const silence = await ben.heardSince(since)
  expect(silence.length).toBeGreaterThan(50)
  expect(Math.max(...silence.map(({ rms }) => rms))).toBeLessThan(0.002)
  await expect(ben.lines()).toHaveCount(1)

  await ben.type('What is the weather like?')
  await expect(ben.lines('tutor').nth(1)).toContainText('It rains in the north')
  expect((await ada.words()).map(({ text }) => text)).toEqual([GREETING, FIRST_WORDS, REPLY])
  await Promise.all([ada.page.context().close(), ben.page.context().close()])
})

test('typed words are answered aloud', async ({ page, stack }) => {
  const ada = await Learner.inATalk(page, stack)
  const asked = await ada.now()
  await ada.type('What is the weather like?')
  await expect(ada.lines('learner')).toContainText('What is the weather like?')
  await expect(ada.lines('tutor').nth(1)).toContainText('It rains in the north')
  await ada.expectVoice(asked)
})

test('while the tutor thinks for long, the page says so', async ({ page, stack, picture }) => {
  const ada = await Learner.inATalk(page, stack)
  await ada.type('Answer slowly.')
  await ada.expectStatus('thinking')
  await picture(page, 'thinking')
  await expect(ada.lines('tutor').nth(1)).toContainText('There you are.')
})

test('a muted learner is not heard', async ({ page, stack, picture }) => {
  const ada = await Learner.inATalk(page, stack)
  await page.getByRole('button', { name: 'Mute', exact: true }).click()
  await ada.expectStatus('muted')
  await picture(page, 'muted')
  await ada.say(FIRST_WORDS)
  await page.waitForTimeout(1_500)
  await expect(ada.lines('learner')).toHaveCount(0)
  expect(await ada.turns()).toHaveLength(1)

  await page.getByRole('button', { name: 'Unmute' }).click()
  await ada.say(FIRST_WORDS)
  await expect(ada.lines('learner')).toContainText(FIRST_WORDS)
})

test('with push-to-talk the tutor hears what is said while Space or the button is held', async ({
  page,
  stack,
  picture,
}) => {
  const ada = await Learner.signedIn(page, stack)
  await ada.api('/sessions/default', 'PATCH', { push_to_talk: true })
  await page.reload()
  await ada.startTalking()
  await ada.expectStatus('hold_to_speak', 30_000)
  await picture(page, 'push-to-talk')
  await ada.say('Not yet.')

  await page.locator('body').press('Escape')
  await page.keyboard.down('Space')
  await ada.expectStatus('holding')
  await picture(page, 'push-to-talk-held', { passing: true })
  await ada.say(FIRST_WORDS)
  await page.keyboard.up('Space')
  await expect(ada.lines('tutor').nth(1)).toContainText(REPLY)
  // What was said before the press was not heard.
  await expect(ada.lines('learner')).toHaveCount(1)
  await expect(ada.lines('learner')).toContainText(FIRST_WORDS)
  await ada.expectStatus('hold_to_speak')

  const button = page.getByRole('button', { name: 'Hold to speak' })
  await button.dispatchEvent('pointerdown', { button: 0, pointerId: 1, isPrimary: true })
  await ada.expectStatus('holding')
  await page.getByRole('button', { name: 'I hear you' }).dispatchEvent('pointerup')
  await ada.expectStatus('hold_to_speak')

  // Switched off elsewhere, it is off here as soon as somebody looks.
  await ada.api('/sessions/default', 'PATCH', { push_to_talk: false })
  await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
  await ada.expectStatus('listening')
})

test('a talk is ended, summed up, and kept in the history', async ({ page, stack, picture }) => {
  const ada = await Learner.signedIn(page, stack)
  await ada.startTalking()
  await ada.expectStatus('listening', 30_000)
  await ada.say(FIRST_WORDS)
  await expect(ada.lines('tutor').nth(1)).toContainText(REPLY)
  await ada.expectStatus('listening')
  const id = (await ada.liveConversationId()) ?? ''
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await ada.expectStatus('ended')
  await expect(page.getByText('You talked for one minute.')).toBeVisible()
  await expect(page.getByText('You took the floor once.')).toBeVisible()
  await picture(page, 'ended')
  expect(await ada.conversation(id)).toMatchObject({ end_reason: 'learner_ended' })

  await page.getByRole('link', { name: 'See the conversation' }).click()
  await expect(ada.lines()).toHaveCount(3)
})

test('a conversation open in another tab can be moved, and never snatched back', async ({
  page,
  context,
  stack,
  picture,
}) => {
  const ada = await Learner.inATalk(page, stack)
  const id = await ada.liveConversationId()

  const second = await context.newPage()
  await second.addInitScript(() => sessionStorage.clear())
  await second.goto(stack.webUrl)
  const status = second.locator('[data-talk]')
  await expect(status).toHaveAttribute('data-talk', 'elsewhere')
  await expect(second.locator('[data-words]').first()).toHaveText(GREETING)
  await second.getByRole('button', { name: 'Move it here' }).click()
  await expect(status).toHaveAttribute('data-talk', 'listening')
  await ada.expectStatus('moved')
  // A page behind another one draws nothing.
  await page.bringToFront()
  await picture(page, 'moved')

  await page.waitForTimeout(3_000)
  await ada.expectStatus('moved')
  await expect(status).toHaveAttribute('data-talk', 'listening')
  expect(await ada.liveConversationId()).toBe(id)
})
