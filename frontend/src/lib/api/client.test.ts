import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Auth } from '../auth/auth'
import { createApi, orThrow } from './client'

const session = { id: 's1', mode: 'free_talk', live: null }

/** A server that knows one good token, and somebody signed in who can get it. */
function world({ renewal }: { renewal: string | null }) {
  const seen: (string | null)[] = []
  vi.stubGlobal('fetch', (request: Request) => {
    const header = request.headers.get('Authorization')
    seen.push(header)
    return Promise.resolve(
      header === 'Bearer good'
        ? Response.json(session)
        : Response.json({ code: 'token_expired' }, { status: 401 }),
    )
  })
  const renew = vi.fn(() => Promise.resolve(renewal))
  const auth = { accessToken: () => Promise.resolve('stale'), renew } as unknown as Auth
  return { api: createApi('http://localhost:8000', auth), seen, renew }
}

afterEach(() => vi.unstubAllGlobals())

describe('a call to the API', () => {
  it('whose token was refused is made once more with a new one', async () => {
    const { api, seen, renew } = world({ renewal: 'good' })
    await expect(orThrow(api.GET('/sessions/default'))).resolves.toEqual(session)
    expect(seen).toEqual(['Bearer stale', 'Bearer good'])
    expect(renew).toHaveBeenCalledExactlyOnceWith('stale')
  })

  it('is not tried for ever', async () => {
    const { api, seen } = world({ renewal: 'still bad' })
    await expect(orThrow(api.GET('/sessions/default'))).rejects.toMatchObject({
      code: 'token_expired',
      status: 401,
    })
    expect(seen).toHaveLength(2)
  })

  it('tells the refusal when there is nobody to renew for', async () => {
    const { api, seen } = world({ renewal: null })
    await expect(orThrow(api.GET('/sessions/default'))).rejects.toMatchObject({ status: 401 })
    expect(seen).toHaveLength(1)
  })

  it('with a wrong password is not made twice', async () => {
    const { api, renew } = world({ renewal: 'good' })
    const fetched = vi.fn(() =>
      Promise.resolve(Response.json({ code: 'invalid_credentials' }, { status: 401 })),
    )
    vi.stubGlobal('fetch', fetched)
    const body = { current_password: 'wrong' }
    await expect(orThrow(api.POST('/api/v1/my-data/erase', { body }))).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    expect(fetched).toHaveBeenCalledTimes(1)
    expect(renew).not.toHaveBeenCalled()
  })

  it('that never arrives is a lost network', async () => {
    const { api } = world({ renewal: null })
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    await expect(orThrow(api.GET('/sessions/default'))).rejects.toMatchObject({ code: 'network' })
  })
})
