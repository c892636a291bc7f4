import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { networkOr, onReturn } from './away'

const page = new EventTarget()

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a page that slept is told so once, and a page that was only busy is not', () => {
  const returns = vi.fn()
  const stop = onReturn(returns)
  vi.advanceTimersByTime(60_000)
  expect(returns).not.toHaveBeenCalled()
  // The clock goes on while timers stand still.
  vi.setSystemTime(Date.now() + 3_000)
  vi.advanceTimersByTime(1_000)
  expect(returns).not.toHaveBeenCalled()
  vi.setSystemTime(Date.now() + 20_000)
  vi.advanceTimersByTime(10_000)
  expect(returns).toHaveBeenCalledTimes(1)
  stop()
  vi.setSystemTime(Date.now() + 20_000)
  vi.advanceTimersByTime(10_000)
  expect(returns).toHaveBeenCalledTimes(1)
})

test('a page that has a network again is told so, until it does not ask any more', () => {
  const returns = vi.fn()
  const stop = onReturn(returns)
  page.dispatchEvent(new Event('online'))
  expect(returns).toHaveBeenCalledTimes(1)
  stop()
  page.dispatchEvent(new Event('online'))
  expect(returns).toHaveBeenCalledTimes(1)
})

test('a pause is over in its time, or once there is a network again', async () => {
  const over = vi.fn()
  void networkOr(1_000).then(over)
  await vi.advanceTimersByTimeAsync(900)
  expect(over).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(200)
  expect(over).toHaveBeenCalledTimes(1)

  void networkOr(1_000).then(over)
  page.dispatchEvent(new Event('online'))
  await vi.advanceTimersByTimeAsync(0)
  expect(over).toHaveBeenCalledTimes(2)
})
