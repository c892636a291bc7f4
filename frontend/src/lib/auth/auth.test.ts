import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Auth } from './auth'

const ada = {
  id: 'ada',
  email: 'ada@example.org',
  display_name: 'Ada',
  time_zone: 'Europe/Lisbon',
  ui_language: 'en',
  created_at: '2026-11-21T00:00:00Z',
}
const kept = new Map<string, string>()
/** What the server says to a renewal; null while it is away. */
let renewal: Response | null

beforeEach(() => {
  vi.useFakeTimers()
  kept.clear()
  kept.set('avaaz.signed-in', 'ada')
  vi.stubGlobal('window', new EventTarget())
  vi.stubGlobal('document', new EventTarget())
  vi.stubGlobal('navigator', {
    onLine: true,
    locks: { request: (_name: string, task: () => unknown) => Promise.resolve(task()) },
  })
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  })
  vi.stubGlobal('fetch', () =>
    renewal === null ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(renewal),
  )
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const answer = () => Response.json({ access_token: 'good', expires_in: 900, user: ada })

/** Somebody who was signed in here before. */
async function knownHere(): Promise<void> {
  renewal = answer()
  await new Auth('http://localhost:8000').start()
}

describe('a browser in which somebody was signed in', () => {
  it('opens their rooms while the server is away, and signs them in once it is back', async () => {
    await knownHere()
    renewal = null
    const auth = new Auth('http://localhost:8000')
    await auth.start()
    expect(auth.snapshot()).toMatchObject({
      status: 'away',
      user: { id: 'ada', display_name: 'Ada', time_zone: 'Europe/Lisbon' },
    })
    renewal = answer()
    await auth.renew(null)
    expect(auth.snapshot()).toMatchObject({ status: 'signed_in', user: ada })
  })

  it('opens their rooms when the server takes too long, without giving the sign-in up', async () => {
    await knownHere()
    let late: (response: Response) => void = () => undefined
    vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => (late = resolve)))
    const auth = new Auth('http://localhost:8000')
    const started = auth.start()
    await vi.advanceTimersByTimeAsync(4_000)
    await started
    expect(auth.snapshot().status).toBe('away')
    late(answer())
    await vi.advanceTimersByTimeAsync(0)
    expect(auth.snapshot().status).toBe('signed_in')
  })

  it('keeps nothing to sign in with, and nothing at all once they are signed out', async () => {
    await knownHere()
    const written = JSON.stringify([...kept])
    expect(written).not.toContain('good')
    expect(written).not.toContain(ada.email)
    renewal = Response.json({ code: 'unauthorized' }, { status: 401 })
    const auth = new Auth('http://localhost:8000')
    await auth.start()
    expect(auth.snapshot()).toEqual({ status: 'signed_out' })
    expect([...kept.values()].join()).not.toContain('Ada')
  })

  it('shows nobody else’s name when it knows only the id', async () => {
    await knownHere()
    kept.set('avaaz.signed-in', 'bo')
    renewal = null
    const auth = new Auth('http://localhost:8000')
    await auth.start().catch(() => undefined)
    expect(auth.snapshot()).toEqual({ status: 'unreachable' })
  })
})

describe('whoever leaves', () => {
  const ways: [string, (auth: Auth) => Promise<void>][] = [
    ['signs out', (auth) => auth.signOut()],
    ['signs out everywhere', (auth) => auth.signOutEverywhere()],
    ['erases everything', (auth) => auth.eraseEverything('secret')],
  ]

  it.each(ways)('and %s has what was still to be sent sent in their name', async (_, leave) => {
    await knownHere()
    renewal = answer()
    const auth = new Auth('http://localhost:8000')
    await auth.start()
    const asked: string[] = []
    vi.stubGlobal('fetch', (url: string) => {
      asked.push(url)
      return Promise.resolve(new Response(null, { status: 204 }))
    })
    let sent: () => void = () => undefined
    auth.beforeSignOut(() => new Promise((resolve) => (sent = resolve)))
    const leaving = leave(auth)
    await vi.advanceTimersByTimeAsync(0)
    expect(asked).toEqual([])
    expect(auth.snapshot().status).toBe('signed_in')
    sent()
    await leaving
    expect(asked).toHaveLength(1)
    expect(auth.snapshot().status).toBe('signed_out')
  })
})
