import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LineQuality } from './line-quality'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a bad moment is no news, and a line that is bad for a while is told once', () => {
  const tell = vi.fn()
  const quality = new LineQuality(tell)
  quality.is('poor')
  vi.advanceTimersByTime(3_000)
  quality.is('good')
  vi.advanceTimersByTime(60_000)
  expect(tell).not.toHaveBeenCalled()
  quality.is('poor')
  vi.advanceTimersByTime(60_000)
  quality.is('poor')
  vi.advanceTimersByTime(60_000)
  expect(tell.mock.calls).toEqual([['poor']])
})

test('a good moment on a bad line is no news either, and a new line counts as good', () => {
  const tell = vi.fn()
  const quality = new LineQuality(tell)
  quality.is('poor')
  vi.advanceTimersByTime(10_000)
  quality.is('good')
  vi.advanceTimersByTime(1_000)
  quality.is('poor')
  vi.advanceTimersByTime(10_000)
  expect(tell.mock.calls).toEqual([['poor']])
  quality.beginAnew()
  expect(tell.mock.calls).toEqual([['poor'], ['good']])
})

test('what is said again before it has lasted is not delayed by that', () => {
  const tell = vi.fn()
  const quality = new LineQuality(tell)
  for (let times = 0; times < 4; times += 1) {
    quality.is('poor')
    vi.advanceTimersByTime(2_000)
  }
  expect(tell).toHaveBeenCalledWith('poor')
})
