import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { onWake } from './asleep'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('a page that slept is told so once, and a page that was only busy is not', () => {
  const wakes = vi.fn()
  const stop = onWake(wakes)
  vi.advanceTimersByTime(60_000)
  expect(wakes).not.toHaveBeenCalled()
  // The clock goes on while timers stand still.
  vi.setSystemTime(Date.now() + 3_000)
  vi.advanceTimersByTime(1_000)
  expect(wakes).not.toHaveBeenCalled()
  vi.setSystemTime(Date.now() + 20_000)
  vi.advanceTimersByTime(10_000)
  expect(wakes).toHaveBeenCalledTimes(1)
  stop()
  vi.setSystemTime(Date.now() + 20_000)
  vi.advanceTimersByTime(10_000)
  expect(wakes).toHaveBeenCalledTimes(1)
})
