import { afterEach, expect, it, vi } from 'vitest'
import { claimTab, forgetTab } from './tab-memory'
import { newVersion } from '@/lib/new-version'
import { setTalking } from '@/lib/talk-under-way'

afterEach(() => {
  setTalking(false)
  vi.unstubAllGlobals()
})

it('a new version waits for the end of the talks of all tabs, whichever of them has the conversation, and is offered again', async () => {
  vi.stubGlobal('sessionStorage', { removeItem: vi.fn() })
  const bring = vi.fn()
  setTalking(true)
  await claimTab(true, vi.fn())
  newVersion.found(bring)
  newVersion.accept()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(newVersion.snapshot()).toBe(false)
  expect(bring).not.toHaveBeenCalled()
  setTalking(false)
  // The tab may still have the conversation: that is no talk.
  await vi.waitFor(() => expect(newVersion.snapshot()).toBe(true))

  let end: () => void = () => undefined
  const elsewhere = { mode: 'shared' } as const
  await new Promise<void>((begun) => {
    void navigator.locks.request('avaaz.talks', elsewhere, () => {
      begun()
      return new Promise<void>((resolve) => (end = resolve))
    })
  })
  newVersion.accept()
  await vi.waitFor(() => expect(newVersion.snapshot()).toBe(false))
  expect(bring).not.toHaveBeenCalled()
  end()
  await vi.waitFor(() => expect(newVersion.snapshot()).toBe(true))
  newVersion.accept()
  await vi.waitFor(() => expect(bring).toHaveBeenCalledTimes(1))
  forgetTab()
})
