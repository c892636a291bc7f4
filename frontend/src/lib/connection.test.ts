import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Connection } from './connection'

const page = new EventTarget()
let online = true
let reachable = true
let connection: Connection
let stop: () => void
const probe = vi.fn(() => (reachable ? Promise.resolve() : Promise.reject(new Error('away'))))

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  online = true
  reachable = true
  probe.mockClear()
  connection = new Connection(() => online)
  stop = connection.watch(probe)
})
afterEach(() => {
  stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the connection', () => {
  it('is not called lost for one call that came to nothing', async () => {
    const told = vi.fn()
    connection.subscribe(told)
    connection.suspect()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(probe).toHaveBeenCalledTimes(1)
    expect(told).not.toHaveBeenCalled()
  })

  it('is lost when the server does not answer, and asked for until it does', async () => {
    reachable = false
    connection.suspect()
    await vi.advanceTimersByTimeAsync(0)
    expect(connection.snapshot()).toBe('away')
    await vi.advanceTimersByTimeAsync(5 * 60_000)
    const asked = probe.mock.calls.length
    expect(asked).toBeGreaterThan(10)
    expect(asked).toBeLessThan(40)
    reachable = true
    await vi.advanceTimersByTimeAsync(20_000)
    expect(connection.snapshot()).toBe('up')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(probe).toHaveBeenCalledTimes(asked + 1)
  })

  it('tells a device without a network from a server that is away', async () => {
    online = false
    reachable = false
    page.dispatchEvent(new Event('offline'))
    expect(connection.snapshot()).toBe('offline')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(connection.snapshot()).toBe('offline')
    online = true
    await vi.advanceTimersByTimeAsync(20_000)
    expect(connection.snapshot()).toBe('away')
  })

  it('is back at the moment at which there is a network again', async () => {
    online = false
    reachable = false
    page.dispatchEvent(new Event('offline'))
    await vi.advanceTimersByTimeAsync(60_000)
    online = true
    reachable = true
    page.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(0)
    expect(connection.snapshot()).toBe('up')
  })
})
