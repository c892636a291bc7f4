import { afterEach, beforeEach, expect, test, vi } from 'vitest'

class FakeWorker {
  static all: FakeWorker[] = []
  onmessage: ((event: { data: number }) => void) | null = null
  onerror: (() => void) | null = null
  readonly told: { id: number; ms: number | null }[] = []
  constructor() {
    FakeWorker.all.push(this)
  }
  postMessage(message: { id: number; ms: number | null }) {
    this.told.push(message)
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.resetModules()
  FakeWorker.all = []
  vi.stubGlobal('Worker', FakeWorker)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('one worker keeps the time of everybody, each until it has heard enough', async () => {
  const { everySoOften } = await import('./steady-clock')
  const [first, second] = [vi.fn(), vi.fn()]
  const stop = everySoOften(1_000, first)
  everySoOften(300, second)
  expect(FakeWorker.all).toHaveLength(1)
  const [worker] = FakeWorker.all
  const [one, two] = worker?.told ?? []
  worker?.onmessage?.({ data: one?.id ?? 0 })
  worker?.onmessage?.({ data: two?.id ?? 0 })
  stop()
  worker?.onmessage?.({ data: one?.id ?? 0 })
  expect(worker?.told.at(-1)).toEqual({ id: one?.id, ms: null })
  expect(first).toHaveBeenCalledTimes(1)
  expect(second).toHaveBeenCalledTimes(1)
})

test('where no worker may run, the page keeps the time itself', async () => {
  const { everySoOften } = await import('./steady-clock')
  const tick = vi.fn()
  const stop = everySoOften(1_000, tick)
  FakeWorker.all[0]?.onerror?.()
  vi.advanceTimersByTime(2_500)
  expect(tick).toHaveBeenCalledTimes(2)
  stop()
  vi.advanceTimersByTime(2_500)
  expect(tick).toHaveBeenCalledTimes(2)
})
