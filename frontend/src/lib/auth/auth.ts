import type { SignedIn, User } from '../api/models'
import { ApiError, asApiError, problemOf } from '../api/problem'
import { connection } from '../connection'
import { forgetKnown, keepKnown, knownUser, type KnownUser } from './known-user'
import { underRefreshLock } from './refresh-lock'

export type AuthState =
  | { status: 'unknown' }
  | { status: 'signed_out' }
  | { status: 'unreachable' }
  /** The server does not answer, but this browser knows who was signed in: what is kept here can be read. */
  | { status: 'away'; user: KnownUser }
  | { status: 'signed_in'; user: User }

interface Access {
  token: string
  renewAt: number
}

const RENEW_BEFORE_END_MS = 60_000
const PATIENCE_MS = 15_000
/** How long somebody whom this browser knows looks at nothing before the rooms open without the server. */
const KNOWN_WAITS_MS = 4_000
/** Holds the user's id while this browser is signed in: the token itself lives in memory only. */
const HINT = 'avaaz.signed-in'

/**
 * Keeps the learner signed in: the access token in memory, the refresh token in a cookie that
 * scripts cannot read. Tabs renew one after the other, because each refresh token works once.
 */
export class Auth {
  readonly #apiUrl: string
  #state: AuthState = { status: 'unknown' }
  #access: Access | null = null
  #renewing: Promise<string | null> | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #listeners = new Set<() => void>()
  readonly #lastWords = new Set<() => Promise<void>>()

  constructor(apiUrl: string) {
    this.#apiUrl = apiUrl
  }

  snapshot = (): AuthState => this.#state

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether the rooms are somebody's: signed in, or known from before while the server is away. */
  knowsLearner(): boolean {
    return 'user' in this.#state
  }

  /** Takes up the sign-in that this browser remembers, if any. */
  async start(): Promise<void> {
    window.addEventListener('storage', this.#onOtherTab)
    document.addEventListener('visibilitychange', this.#onVisible)
    if (localStorage.getItem(HINT) === null) {
      this.#become({ status: 'signed_out' })
      return
    }
    const opens = setTimeout(() => this.#openWithoutServer(), KNOWN_WAITS_MS)
    const opened = new Promise<void>((resolve) => {
      const stop = this.subscribe(() => {
        clearTimeout(opens)
        stop()
        resolve()
      })
    })
    await Promise.race([this.renew(null), opened])
  }

  async signIn(email: string, password: string): Promise<void> {
    this.#accept(await this.#post<SignedIn>('/auth/login', { email, password }))
  }

  /** Makes an account. `about` is what the browser knows of the learner, so that nobody has to ask. */
  async register(
    email: string,
    password: string,
    displayName: string,
    about: Pick<User, 'time_zone' | 'ui_language'>,
  ): Promise<void> {
    const body = { email, password, display_name: displayName }
    const answer = await this.#post<SignedIn>('/auth/register', body)
    // The account stands: what could not be saved of it can be settled later.
    const user = await this.#introduce(answer, about).catch(() => ({ ...answer.user, ...about }))
    this.#registeredHere = true
    this.#accept({ ...answer, user })
  }

  /** Whether the account was made on this very page, so that its first minutes are now. */
  registeredHere(): boolean {
    return this.#registeredHere
  }
  #registeredHere = false

  async #introduce(answer: SignedIn, about: Partial<User>): Promise<User> {
    return this.#send<User>('PATCH', '/auth/me', about, answer.access_token)
  }

  /** What must still be said to the server in the learner's name; signing out waits for it. */
  beforeSignOut(task: () => Promise<void>): void {
    this.#lastWords.add(task)
  }

  async #sayLastWords(): Promise<void> {
    await Promise.allSettled([...this.#lastWords].map((task) => task()))
  }

  async signOut(): Promise<void> {
    await this.#sayLastWords()
    // Under the lock: a renewal under way would bring a new cookie after this one is revoked.
    await underRefreshLock(() => this.#post('/auth/logout', undefined))
    this.#forget()
  }

  /** Ends every sign-in of the learner, on all their devices. */
  async signOutEverywhere(): Promise<void> {
    await this.#sayLastWords()
    const token = await this.accessToken()
    await underRefreshLock(() => this.#post('/api/v1/sign-out-everywhere', undefined, token))
    this.#forget()
  }

  /** Erases all that is kept of the learner, with the account. */
  async eraseEverything(currentPassword: string): Promise<void> {
    await this.#sayLastWords()
    const token = await this.accessToken()
    const body = { current_password: currentPassword }
    await underRefreshLock(() => this.#post('/api/v1/my-data/erase', body, token))
    this.#forget()
  }

  /** Takes up what the API says of the learner after a change. */
  userChanged(user: User): void {
    if (this.#state.status !== 'signed_in') return
    keepKnown(user)
    this.#become({ status: 'signed_in', user })
  }

  /** A token that is good for the next call, or null when nobody is signed in. */
  async accessToken(): Promise<string | null> {
    if (this.#access !== null && Date.now() < this.#access.renewAt) return this.#access.token
    return this.#state.status === 'signed_out' ? null : this.renew(this.#access?.token ?? null)
  }

  /** Replaces `stale`; callers who saw the same stale token share one renewal. */
  async renew(stale: string | null): Promise<string | null> {
    if (this.#access !== null && this.#access.token !== stale) return this.#access.token
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null))
    return this.#renewing
  }

  async #renew(): Promise<string | null> {
    try {
      const answer = await underRefreshLock(() => this.#post<SignedIn>('/auth/refresh', undefined))
      this.#accept(answer)
      return answer.access_token
    } catch (cause) {
      const { status } = asApiError(cause)
      if (status === 401) {
        this.#forget()
        return null
      }
      // The server is away, not the learner: keep who they are, and let the caller show the fault.
      if (!this.#openWithoutServer() && this.#state.status === 'unknown') {
        this.#become({ status: 'unreachable' })
      }
      throw cause
    }
  }

  /** Whether there is somebody known to open the rooms for. */
  #openWithoutServer(): boolean {
    const { status } = this.#state
    if (status !== 'unknown' && status !== 'unreachable') return status === 'away'
    const user = knownUser(localStorage.getItem(HINT))
    if (user === null) return false
    this.#become({ status: 'away', user })
    return true
  }

  #accept(answer: SignedIn): void {
    const lifetimeMs = answer.expires_in * 1000
    const renewInMs = Math.max(lifetimeMs - RENEW_BEFORE_END_MS, lifetimeMs / 2)
    this.#access = { token: answer.access_token, renewAt: Date.now() + renewInMs }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#renewQuietly, renewInMs)
    localStorage.setItem(HINT, answer.user.id)
    keepKnown(answer.user)
    this.#become({ status: 'signed_in', user: answer.user })
  }

  #forget(): void {
    clearTimeout(this.#timer)
    this.#access = null
    this.#registeredHere = false
    localStorage.removeItem(HINT)
    forgetKnown()
    this.#become({ status: 'signed_out' })
  }

  #become(state: AuthState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }

  #renewQuietly = (): void => {
    // A failure here is not the learner's concern: the next call renews, and shows what is wrong.
    this.renew(this.#access?.token ?? null).catch(() => undefined)
  }

  #onVisible = (): void => {
    // A laptop that slept has slept through the timer.
    if (document.visibilityState !== 'visible' || this.#access === null) return
    if (Date.now() >= this.#access.renewAt) this.#renewQuietly()
  }

  #onOtherTab = (event: StorageEvent): void => {
    if (event.key !== HINT) return
    const here = 'user' in this.#state ? this.#state.user.id : null
    // Somebody else signed in or out in another tab; this page's data is theirs no longer.
    if (event.newValue !== here) window.location.reload()
  }

  async #post<T>(path: string, body: unknown, token: string | null = null): Promise<T> {
    return this.#send<T>('POST', path, body, token)
  }

  async #send<T>(
    method: 'POST' | 'PATCH',
    path: string,
    body: unknown,
    token: string | null,
  ): Promise<T> {
    let response: Response
    try {
      response = await fetch(this.#apiUrl + path, {
        method,
        credentials: 'include',
        // A page that is left in the middle still receives its new cookie.
        keepalive: true,
        signal: AbortSignal.timeout(PATIENCE_MS),
        headers: {
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch {
      connection.suspect()
      throw new ApiError('network', 0)
    }
    const answer: unknown =
      response.status === 204 ? undefined : await response.json().catch(() => null)
    if (!response.ok) throw problemOf(response.status, answer)
    return answer as T
  }
}

/** Whether somebody was signed in here, before anybody was asked. */
export function remembersLearner(): boolean {
  return localStorage.getItem(HINT) !== null
}
