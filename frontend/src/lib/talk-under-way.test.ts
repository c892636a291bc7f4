import { afterEach, expect, test, vi } from 'vitest'
import { isTalking, onTalking, setTalking } from './talk-under-way'

afterEach(() => setTalking(false))

test('whoever waits for a talk to be over is told once, and not after it has stopped listening', () => {
  const changes = vi.fn()
  const stop = onTalking(changes)
  expect(isTalking()).toBe(false)
  setTalking(true)
  setTalking(true)
  expect(isTalking()).toBe(true)
  expect(changes).toHaveBeenCalledTimes(1)
  setTalking(false)
  expect(isTalking()).toBe(false)
  expect(changes).toHaveBeenCalledTimes(2)
  stop()
  setTalking(true)
  expect(changes).toHaveBeenCalledTimes(2)
})
