import { expect, type Locator, type Page } from '@playwright/test'
import type { Conversation, SignedIn, Turn } from '../../src/lib/api/models'
import { coughed, injectEar, injectMicrophone, spoken } from './microphone'
import type { Stack } from './stack'

/** Louder than this is a voice; silence and the noise of the codec are far below. */
const VOICE_RMS = 0.01
/** How long after a turn's end, or after its words came, they may be missing from the database. */
export const STORED_WITHIN_MS = 1_000

/** Of what has been waited for. */
const SOON = { timeout: 100 }

let count = 0

interface Equipment {
  name?: string
  /** The browser's own hears what the browser was told to play into it, or beeps without end. */
  microphone?: 'injected' | 'own'
}

/** Somebody at a page, with a mouth, an ear, and an account. */
export class Learner {
  readonly page: Page
  readonly stack: Stack
  readonly email: string
  readonly password = 'a garden in the rain'
  readonly name: string
  #token: string | null = null

  private constructor(page: Page, stack: Stack, name: string) {
    this.page = page
    this.stack = stack
    this.name = name
    count += 1
    this.email = `${name.toLowerCase()}-${Date.now()}-${count}@example.org`
  }

  /** Somebody without an account at the door, whose microphone says what the test says. */
  static async arrive(page: Page, stack: Stack): Promise<Learner> {
    const learner = await Learner.equipped(page, stack)
    await page.goto(stack.webUrl)
    return learner
  }

  /**
   * A new learner who is signed in, and to whom the tutor's door is open. The account is made past
   * the page, which is quicker; `register` goes the way of the page.
   */
  static async signedIn(page: Page, stack: Stack, as: Equipment = {}): Promise<Learner> {
    const learner = await Learner.equipped(page, stack, as)
    await learner.#registerPastThePage()
    await page.goto(stack.webUrl)
    await learner.#expectDoor()
    return learner
  }

  private static async equipped(
    page: Page,
    stack: Stack,
    { name = 'Ada', microphone = 'injected' }: Equipment = {},
  ): Promise<Learner> {
    if (microphone === 'injected') await page.addInitScript(injectMicrophone)
    await page.addInitScript(injectEar)
    return new Learner(page, stack, name)
  }

  /** A new learner whom the tutor has greeted. */
  static async inATalk(
    page: Page,
    stack: Stack,
    { provider, ...as }: Equipment & { provider?: 'openai' | 'gemini' } = {},
  ): Promise<Learner> {
    const learner = await Learner.signedIn(page, stack, as)
    if (provider !== undefined) await learner.choosesProvider(provider)
    await learner.startTalking()
    await learner.expectStatus('listening', 30_000)
    return learner
  }

  /** Makes an account, and leaves the questions of the first minutes to those who test them. */
  async register(): Promise<void> {
    await this.createAccount()
    await this.page.getByRole('button', { name: 'Skip all' }).click()
    await this.#expectDoor()
  }

  async #expectDoor(): Promise<void> {
    await expect(this.page.getByRole('button', { name: 'Talk', exact: true })).toBeVisible()
  }

  /** Makes an account with the API, whose cookie the browser keeps, and lets the page know of it. */
  async #registerPastThePage(): Promise<void> {
    const { email, password, name: display_name } = this
    const url = `${this.stack.apiUrl}/auth/register`
    const answer = await this.page.context().request.post(url, {
      data: { email, password, display_name },
    })
    expect(answer.status()).toBe(201)
    const { access_token, user } = (await answer.json()) as SignedIn
    this.#token = access_token
    await this.page.addInitScript((id) => {
      // Once: a page that was signed out stays so.
      if (sessionStorage.getItem('test.signed-in') !== null) return
      sessionStorage.setItem('test.signed-in', id)
      localStorage.setItem('avaaz.signed-in', id)
    }, user.id)
  }

  async createAccount(): Promise<void> {
    await this.page.getByRole('link', { name: 'Create your account' }).click()
    await this.page.getByLabel('Your name').fill(this.name)
    await this.page.getByLabel('E-mail').fill(this.email)
    await this.page.getByLabel('Password', { exact: true }).fill(this.password)
    await this.page.getByRole('button', { name: 'Create your account' }).click()
  }

  /** The same learner at another page: of another device, as far as anybody can tell. */
  async signInAt(page: Page): Promise<void> {
    await page.goto(this.stack.webUrl)
    await page.getByLabel('E-mail').fill(this.email)
    await page.getByLabel('Password', { exact: true }).fill(this.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  async startTalking(): Promise<void> {
    await this.page.getByRole('button', { name: 'Talk', exact: true }).click()
  }

  /** Speaks aloud; done when the last sound has left the mouth. Returns when the first one did. */
  async say(text: string): Promise<number> {
    return this.page.evaluate((wav) => window.sayIntoMicrophone(wav), spoken(text))
  }

  /** Coughs: a fifth of a second. */
  async cough(): Promise<number> {
    return this.page.evaluate((wav) => window.sayIntoMicrophone(wav), coughed())
  }

  async type(text: string): Promise<void> {
    const field = this.page.getByRole('textbox', { name: 'Write to your tutor' })
    if (!(await field.isVisible())) await this.page.getByRole('button', { name: 'Type' }).click()
    await field.fill(text)
    await field.press('Enter')
  }

  status(): Locator {
    return this.page.locator('[data-talk]')
  }

  async expectStatus(status: string, timeout = 15_000): Promise<void> {
    // Looks at every frame; an `expect` looks twice a second, and says what it is instead.
    const came = this.page.waitForFunction(
      (wanted) => document.querySelector('[data-talk]')?.getAttribute('data-talk') === wanted,
      status,
      { timeout },
    )
    await came.catch(() => expect(this.status()).toHaveAttribute('data-talk', status, SOON))
  }

  /** The lines of the script on the page. */
  lines(speaker?: 'learner' | 'tutor'): Locator {
    const which = speaker === undefined ? '[data-speaker]' : `[data-speaker=${speaker}]`
    return this.page.locator(`ol > ${which}`)
  }

  async words(): Promise<{ speaker: string | null; text: string }[]> {
    return this.lines().evaluateAll((lines) =>
      lines.map((line) => ({
        speaker: line.getAttribute('data-speaker'),
        text: line.querySelector('[data-words]')?.textContent ?? '',
      })),
    )
  }

  /** The page's own clock, in which the ear's notes are written. */
  async now(): Promise<number> {
    return this.page.evaluate(() => performance.now())
  }

  async heardSince(since: number): Promise<{ at: number; rms: number }[]> {
    return this.page.evaluate((from) => window.heard.filter(({ at }) => at >= from), since)
  }

  /** How long a voice was heard since then. */
  async voiceMsSince(since: number): Promise<number> {
    const heard = await this.heardSince(since)
    return heard.filter(({ rms }) => rms > VOICE_RMS).length * 20
  }

  /** The longest time without a voice between two voices since then. */
  async longestPauseMsSince(since: number): Promise<number> {
    const voiced = (await this.heardSince(since)).filter(({ rms }) => rms > VOICE_RMS)
    return Math.max(0, ...voiced.slice(1).map(({ at }, index) => at - (voiced[index]?.at ?? at)))
  }

  async expectVoice(since: number, leastMs = 600): Promise<void> {
    await expect
      .poll(() => this.voiceMsSince(since), { timeout: 20_000, intervals: [100] })
      .toBeGreaterThan(leastMs)
  }

  /** A token for the API, as another program of this learner would get one. */
  async token(): Promise<string> {
    this.#token ??= await this.#signInToApi()
    return this.#token
  }

  async #signInToApi(): Promise<string> {
    const answer = await fetch(`${this.stack.apiUrl}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: this.email, password: this.password }),
    })
    expect(answer.status).toBe(200)
    return ((await answer.json()) as SignedIn).access_token
  }

  async api<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
    const answer = await fetch(this.stack.apiUrl + path, {
      method,
      headers: {
        Authorization: `Bearer ${await this.token()}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect(answer.ok, `${method} ${path} answered ${answer.status}`).toBe(true)
    return (await answer.json()) as T
  }

  /** Chooses the service behind the tutor's voice. */
  async choosesProvider(provider: 'openai' | 'gemini'): Promise<void> {
    await this.api('/sessions/default', 'PATCH', { provider })
  }

  async liveConversationId(): Promise<string | null> {
    const session = await this.api<{ live: { conversation_id: string } | null }>(
      '/sessions/default',
    )
    return session.live?.conversation_id ?? null
  }

  async conversation(id: string): Promise<Conversation> {
    return this.api<Conversation>(`/conversations/${id}`)
  }

  async turns(): Promise<Turn[]> {
    const id = await this.liveConversationId()
    expect(id, 'no conversation is open').not.toBeNull()
    return (await this.conversation(id ?? '')).turns
  }

  /** Looks at the rows themselves: each was written soon after its turn's end, and none holds readable words. */
  async expectStored(atLeast: number, provider: string): Promise<void> {
    const id = (await this.liveConversationId()) ?? ''
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    const rows = await this.stack.sql(
      `SELECT seq, extract(epoch FROM created_at - ended_at) * 1000 AS late_ms,
              coalesce(position('garden'::bytea IN words_ciphertext), 0) AS readable, provider
       FROM turns WHERE conversation_id = '${id}' ORDER BY seq`,
    )
    expect(rows.length).toBeGreaterThanOrEqual(atLeast)
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1))
    for (const row of rows) {
      expect(row.late_ms).toBeLessThan(STORED_WITHIN_MS)
      expect(row.readable).toBe(0)
      expect(row.provider).toBe(provider)
    }
  }
}
