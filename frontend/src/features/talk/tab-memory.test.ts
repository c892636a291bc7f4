import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const kept = new Map<string, string>()

beforeEach(() => {
  vi.resetModules()
  kept.clear()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  })
})
afterEach(() => vi.unstubAllGlobals())

/** The memory of one tab; all tabs of a browser share its locks. */
const tab = () => {
  vi.resetModules()
  return import('./tab-memory')
}

it('the same tab may ask twice at once, and has the conversation', async () => {
  const { claimTab, forgetTab } = await tab()
  const asked = [claimTab(false, vi.fn()), claimTab(false, vi.fn())]
  expect(await Promise.all(asked)).toEqual([true, true])
  forgetTab()
})

it('a tab that comes back leaves the conversation to the one that has it; a press takes it, which is told', async () => {
  const [first, second] = [await tab(), await tab()]
  const taken = vi.fn()
  expect(await first.claimTab(true, taken)).toBe(true)
  first.rememberTab('c1', { part: 'typing', takenAs: 'p1' })
  expect(first.partOfThisTab('c1')).toEqual({ part: 'typing', takenAs: 'p1' })
  expect(await second.claimTab(false, vi.fn())).toBe(false)
  expect(taken).not.toHaveBeenCalled()
  expect(await second.claimTab(true, vi.fn())).toBe(true)
  await vi.waitFor(() => expect(taken).toHaveBeenCalledTimes(1))
  expect(first.partOfThisTab('c1')).toBeNull()
  second.forgetTab()
  await vi.waitFor(async () => expect(await first.claimTab(false, taken)).toBe(true))
  first.forgetTab()
})
