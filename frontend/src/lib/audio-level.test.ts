import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LoudnessMeter } from './audio-level'

let contexts: FakeContext[]

class FakeContext {
  state = 'running'
  sampleRate = 48_000
  readonly heard = new Set<object>()
  constructor() {
    contexts.push(this)
  }
  become(state: string): Promise<void> {
    this.state = state
    return Promise.resolve()
  }
  resume = () => this.become('running')
  suspend = () => this.become('suspended')
  close = () => this.become('closed')
  createAnalyser = () => ({ frequencyBinCount: 256 })
  createMediaStreamSource = () => {
    const source = {
      connect: () => void this.heard.add(source),
      disconnect: () => void this.heard.delete(source),
    }
    return source
  }
}

beforeEach(() => {
  contexts = []
  vi.stubGlobal('AudioContext', FakeContext)
  vi.stubGlobal('MediaStream', Object)
})
afterEach(() => vi.unstubAllGlobals())

it('a meter listens to one track at a time, rests while there is none, and leaves nothing behind', () => {
  const meter = new LoudnessMeter()
  meter.listenTo(null)
  expect(contexts).toHaveLength(0)
  const track = {} as MediaStreamTrack
  meter.listenTo(track)
  meter.listenTo(track)
  const [context] = contexts
  expect(context).toMatchObject({ state: 'running' })
  expect(context?.heard.size).toBe(1)
  meter.listenTo(null)
  expect(context).toMatchObject({ state: 'suspended' })
  expect(context?.heard.size).toBe(0)
  meter.listenTo(track)
  expect(context).toMatchObject({ state: 'running' })
  expect(contexts).toHaveLength(1)
  meter.close()
  expect(context).toMatchObject({ state: 'closed' })
  expect(context?.heard.size).toBe(0)
})
