import { afterEach, expect, it, vi } from 'vitest'
import { refreshShellPolicy } from './shell-policy'

const OLD = "connect-src 'self' https://api.example.org"
const NEW = "connect-src 'self' https://voice.example.org"
const KEY = 'https://app.example.org/index.html?__WB_REVISION__=1'

/** A browser that keeps one page, and a server whose pages come with `policy`. */
function world(policy: string, ok = true) {
  const kept = new Map([
    [KEY, new Response('<title>Avaaz</title>', { headers: { 'Content-Security-Policy': OLD } })],
  ])
  vi.stubGlobal('fetch', () =>
    Promise.resolve(
      new Response(null, {
        status: ok ? 200 : 503,
        headers: { 'Content-Security-Policy': policy },
      }),
    ),
  )
  vi.stubGlobal('caches', {
    keys: () => Promise.resolve(['workbox-precache-v2-https://app.example.org/', 'fonts']),
    open: () =>
      Promise.resolve({
        keys: () => Promise.resolve([...kept.keys()].map((url) => new Request(url))),
        match: ({ url }: Request) => Promise.resolve(kept.get(url)?.clone()),
        put: ({ url }: Request, page: Response) => Promise.resolve(void kept.set(url, page)),
      }),
  })
  return () => kept.get(KEY) ?? new Response()
}

afterEach(() => vi.unstubAllGlobals())

it('gives the kept page the policy of a server whose API has moved', async () => {
  const kept = world(NEW)
  await expect(refreshShellPolicy()).resolves.toBe(true)
  expect(kept().headers.get('content-security-policy')).toBe(NEW)
  await expect(kept().text()).resolves.toBe('<title>Avaaz</title>')
})

it('says nothing while the policy stays, and believes no server in trouble', async () => {
  world(OLD)
  await expect(refreshShellPolicy()).resolves.toBe(false)
  const kept = world(NEW, false)
  await expect(refreshShellPolicy()).resolves.toBe(false)
  expect(kept().headers.get('content-security-policy')).toBe(OLD)
})
