import { afterEach, expect, it, vi } from 'vitest'
import type { Auth } from '../auth/auth'
import { download } from './download'

const auth = {
  accessToken: () => Promise.resolve('stale'),
  renew: () => Promise.resolve('good'),
} as unknown as Auth

/** A server that sends these pieces, and breaks off when told so. */
function serve(pieces: string[], { breaksOff = false } = {}) {
  vi.stubGlobal('fetch', (_: string, { headers }: { headers: Record<string, string> }) => {
    if (headers.Authorization !== 'Bearer good') {
      return Promise.resolve(Response.json({ code: 'token_expired' }, { status: 401 }))
    }
    const body = new ReadableStream({
      async start(stream) {
        for (const piece of pieces) {
          stream.enqueue(new TextEncoder().encode(piece))
          await new Promise((resolve) => setTimeout(resolve))
        }
        if (breaksOff) stream.error(new TypeError('network error'))
        else stream.close()
      },
    })
    return Promise.resolve(new Response(body, { headers: { 'Content-Type': 'application/zip' } }))
  })
}

const fetchAll = (onProgress: (bytes: number) => void) =>
  download({ url: 'http://api/x', auth, onProgress, signal: new AbortController().signal })

afterEach(() => vi.unstubAllGlobals())

it('a file comes whole, piece by piece, with a token that was renewed on the way', async () => {
  serve(['PK', 'and', 'more'])
  const seen: number[] = []
  const file = await fetchAll((bytes) => seen.push(bytes))
  expect(seen).toEqual([2, 5, 9])
  expect(await file.text()).toBe('PKandmore')
  expect(file.type).toBe('application/zip')
})

it('a file that breaks off is no file', async () => {
  serve(['PK', 'and'], { breaksOff: true })
  await expect(fetchAll(() => undefined)).rejects.toMatchObject({ code: 'network' })
})

it('a refusal is told by its code', async () => {
  vi.stubGlobal('fetch', () =>
    Promise.resolve(Response.json({ code: 'rate_limited' }, { status: 429 })),
  )
  await expect(fetchAll(() => undefined)).rejects.toMatchObject({ code: 'rate_limited' })
})
