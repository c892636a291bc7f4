import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { recoverMissingFiles } from './missing-files'
import { setTalking } from './talk-under-way'

const page = new EventTarget()
const reload = vi.fn()
const kept = new Map<string, string>()
let onServer: string | null

const withEntry = (src: string) => ({ querySelector: () => ({ getAttribute: () => src }) })

beforeEach(() => {
  onServer = '/assets/index-new.js'
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('window', { location: { reload } })
  vi.stubGlobal('document', withEntry('/assets/index-old.js'))
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  })
  vi.stubGlobal('fetch', () =>
    onServer === null
      ? Promise.reject(new TypeError('Failed to fetch'))
      : Promise.resolve(new Response(onServer)),
  )
  vi.stubGlobal(
    'DOMParser',
    class {
      parseFromString = withEntry
    },
  )
})
afterEach(() => {
  setTalking(false)
  reload.mockClear()
  kept.clear()
  vi.unstubAllGlobals()
})

recoverOnce()

/** The page listens from its start to its end, so these tests share one. */
function recoverOnce() {
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  recoverMissingFiles()
}

async function miss(): Promise<void> {
  page.dispatchEvent(new Event('vite:preloadError'))
  await new Promise((soon) => setTimeout(soon, 5))
}

it('a part that another version on the server lacks has the page loaded anew, once', async () => {
  await miss()
  expect(reload).toHaveBeenCalledTimes(1)
  await miss()
  expect(reload).toHaveBeenCalledTimes(1)
})

it('a part that is missing in a talk disturbs no talk', async () => {
  setTalking(true)
  await miss()
  expect(reload).not.toHaveBeenCalled()
})

it('a part that only the network kept back does not cost the page', async () => {
  onServer = null
  await miss()
  onServer = '/assets/index-old.js'
  await miss()
  expect(reload).not.toHaveBeenCalled()
})
