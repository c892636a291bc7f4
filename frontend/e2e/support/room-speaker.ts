import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import type { Browser, Page } from '@playwright/test'
import type * as LiveKit from 'livekit-client'
import type { Stack } from './stack'
import { launch } from './test'

const CLIENT = createRequire(import.meta.url)
  .resolve('livekit-client')
  .replace(/[^/]+$/, 'livekit-client.umd.js')
const TOPIC = 'lk.transcription'

declare global {
  interface Window {
    LivekitClient: typeof LiveKit
    room: LiveKit.Room
  }
}

/** Somebody in a learner's room who streams turns as the tutor does, only faster, from a browser of its own. */
export class RoomSpeaker {
  readonly #browser: Browser
  readonly #page: Page

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser
    this.#page = page
  }

  static async enter(stack: Stack, room: string): Promise<RoomSpeaker> {
    const browser = await launch()
    const context = await browser.newContext({ bypassCSP: true })
    const page = await context.newPage()
    await page.goto(`${stack.webUrl}/config.json`)
    await page.addScriptTag({ path: CLIENT })
    const { url, key, secret } = stack.livekit
    await page.evaluate(
      async ([url, token]) => {
        window.room = new window.LivekitClient.Room()
        await window.room.connect(url, token)
      },
      [url, tokenFor(key, secret, room)] as const,
    )
    return new RoomSpeaker(browser, page)
  }

  /** Says one turn, whole. */
  async tell(turn: number, text: string, cut = false): Promise<void> {
    await this.#page.evaluate(
      async ({ turn, text, cut, topic }) => {
        const stream = await window.room.localParticipant.streamText({
          topic,
          streamId: `feed-${turn}`,
          attributes: {
            'lk.segment_id': `turn-${turn}`,
            ...(cut ? { 'avaaz.interrupted': 'true' } : {}),
          },
        })
        await stream.write(text)
        await stream.close()
      },
      { turn, text, cut, topic: TOPIC },
    )
  }

  /** Streams turns `from` to `to`, word by word, each in `turnMs`; every second one is held by a place at first. */
  async say(from: number, to: number, turnMs: number): Promise<void> {
    await this.#page.evaluate(
      async ({ from, to, turnMs, topic }) => {
        const { localParticipant } = window.room
        const open = (turn: number) =>
          localParticipant.streamText({
            topic,
            streamId: `feed-${turn}`,
            attributes: { 'lk.segment_id': `turn-${turn}` },
          })
        const until = (time: number) =>
          new Promise((done) => setTimeout(done, Math.max(0, time - performance.now())))
        const began = performance.now()
        for (let turn = from; turn < to; turn += 1) {
          const start = began + (turn - from) * turnMs
          const words = Array.from({ length: 8 + ((turn * 7) % 17) }, (_, n) => `word${turn}.${n} `)
          if (turn % 2 === 0) {
            const place = await open(turn)
            await place.write('…')
            await place.close()
          }
          const stream = await open(turn)
          for (const [index, word] of words.entries()) {
            await until(start + (turnMs * index) / words.length)
            await stream.write(word)
          }
          await stream.close()
        }
      },
      { from, to, turnMs, topic: TOPIC },
    )
  }

  async leave(): Promise<void> {
    await this.#browser.close()
  }
}

/** A token for one more participant of the room. */
function tokenFor(key: string, secret: string, room: string): string {
  const base64 = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const video = { room, roomJoin: true, canPublish: true, canSubscribe: true, canPublishData: true }
  const claims = { iss: key, sub: 'speaker', nbf: now - 5, exp: now + 600, video }
  const signed = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
