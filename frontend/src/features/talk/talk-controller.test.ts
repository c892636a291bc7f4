import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Api } from '@/lib/api/client'
import type { CallListener } from '@/lib/livekit/call'
import { isTalking } from '@/lib/talk-under-way'
import { TalkController } from './talk-controller'

const done = (task: () => unknown): Promise<void> => Promise.resolve().then(() => void task())

class Microphone {
  isOn = true
  isMuted = false
  readonly mediaStreamTrack = Object.assign(new EventTarget(), {
    label: 'Microphone',
    getSettings: () => ({ deviceId: 'm1' }),
  })
  mute = () => done(() => (this.isMuted = true))
  unmute = () => done(() => (this.isMuted = false))
  stop = () => void (this.isOn = false)
}

class Line {
  listener: CallListener
  /** What the tutor hears the learner by. */
  readonly sent = new Set<Microphone>()
  isOpen = true
  isHushed = false
  constructor(microphone: Microphone | null, listener: CallListener) {
    this.listener = listener
    if (microphone !== null) this.sent.add(microphone)
  }
  report = () => undefined
  addMicrophone = (microphone: Microphone) => done(() => this.sent.add(microphone))
  removeMicrophone = (microphone: Microphone) => done(() => this.sent.delete(microphone))
  hush = () => void (this.isHushed = true)
  leave = () => void (this.isOpen = false)
}

/** What others are asked for; each answers at once, or when the test says so. */
const asked = {
  line: () => Promise.resolve(),
  microphone: () => Promise.resolve(),
  otherMicrophone: () => Promise.resolve(),
  end: () => Promise.resolve(),
}
const usual = { ...asked }
const OK = { ok: true, status: 200 }
const MISSING = { ok: false, status: 404 }
/** What the API says of the conversation. */
let conversation: { data?: object; error?: object; response: { ok: boolean; status: number } }
let lines: Line[]
let microphones: Microphone[]

vi.mock('@/lib/livekit/load', () => ({
  livekit: () =>
    Promise.resolve({
      Call: {
        place: async (_: unknown, microphone: Microphone | null, listener: CallListener) => {
          await asked.line()
          lines.push(new Line(microphone, listener))
          return lines.at(-1)
        },
      },
      openMicrophone: async () => {
        await asked.microphone()
        microphones.push(new Microphone())
        return microphones.at(-1)
      },
      switchMicrophone: async (microphone: Microphone) => {
        await asked.otherMicrophone()
        microphone.isOn = true
      },
      followTrack: () => () => undefined,
    }),
}))

const api = {
  GET: () => Promise.resolve(conversation),
  POST: async (path: string) => {
    if (path === '/conversations/{id}/end') await asked.end()
    const ticket = { server_url: '', participant_token: '', conversation_id: 'c1' }
    return { data: ticket, response: OK }
  },
} as unknown as Api

let controller: TalkController
const state = () => controller.store.snapshot().state
const line = () => last(lines)
const microphone = () => last(microphones)
function last<T>(all: readonly T[]): T {
  const it = all.at(-1)
  if (it === undefined) throw new Error('there is none')
  return it
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 10))

/** Lets what is asked for wait until the answer is given. */
function held(what: keyof typeof asked): (refusal?: Error) => Promise<void> {
  let answer: (refusal?: Error) => void = () => undefined
  const answered = new Promise<void>((resolve, reject) => {
    answer = (refusal) => (refusal === undefined ? resolve() : reject(refusal))
  })
  asked[what] = () => answered
  return async (refusal) => {
    answer(refusal)
    await settle()
  }
}

beforeEach(() => {
  Object.assign(asked, usual)
  conversation = { error: { code: 'internal' }, response: { ok: false, status: 500 } }
  lines = []
  microphones = []
  const page = new EventTarget()
  const { locks } = navigator
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  vi.stubGlobal('document', { visibilityState: 'visible' })
  vi.stubGlobal('requestAnimationFrame', (tell: () => void) => setTimeout(tell))
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: vi.fn(), removeItem: vi.fn() })
  vi.stubGlobal('navigator', {
    locks,
    permissions: { query: () => Promise.reject(new TypeError('not a permission')) },
    mediaDevices: Object.assign(new EventTarget(), { enumerateDevices: () => Promise.resolve([]) }),
  })
  vi.stubGlobal('MediaStream', Object)
  vi.stubGlobal(
    'AudioContext',
    class {
      sampleRate = 48_000
      createAnalyser = () => ({ frequencyBinCount: 256 })
      createMediaStreamSource = () => ({ connect: vi.fn(), disconnect: vi.fn() })
      resume = () => Promise.resolve()
      suspend = () => Promise.resolve()
      close = () => Promise.resolve()
    },
  )
  controller = new TalkController(api)
})
afterEach(async () => {
  controller.dispose()
  await controller.open(null)
  vi.unstubAllGlobals()
})

describe('a microphone', () => {
  it('that is opened while the line is being made is heard on it', async () => {
    const placed = held('line')
    void controller.typeInstead()
    await settle()
    await controller.talk()
    expect(state()).toMatchObject({ at: 'calling', line: { microphone: 'live' } })
    await placed()
    expect([...line().sent]).toEqual([microphone()])
  })

  it('is asked for once, however often one presses', async () => {
    await controller.typeInstead()
    const allowed = held('microphone')
    for (let press = 0; press < 3; press += 1) void controller.toggleMute()
    const told: unknown[] = []
    controller.store.subscribe(() => told.push(state()))
    await allowed()
    expect(microphones).toHaveLength(1)
    expect(told).not.toContainEqual(expect.objectContaining({ line: { trouble: 'busy' } }))
    expect(state()).toMatchObject({ line: { microphone: 'live', trouble: null } })
  })

  it('is asked for once by two presses on the button that begins a talk', async () => {
    await Promise.all([controller.talk(), controller.talk()])
    expect(microphones).toHaveLength(1)
    expect(lines).toHaveLength(1)
    expect([...line().sent]).toEqual([microphone()])
    expect(state()).toMatchObject({ at: 'calling', line: { microphone: 'live' } })
  })

  it('is off, and the tutor silent, as soon as one hangs up, however long the answer takes', async () => {
    await controller.talk()
    expect([...line().sent]).toEqual([microphone()])
    const answered = held('end')
    void controller.end()
    await settle()
    expect(state().at).toBe('ending')
    expect(microphone().isOn).toBe(false)
    expect(line().isHushed).toBe(true)
    await answered()
    expect(state()).toMatchObject({ at: 'ended', conversationId: 'c1' })
    expect(line().isOpen).toBe(false)
  })

  it.each(['end', 'dispose'] as const)('that comes after the %s is let go', async (leave) => {
    await controller.typeInstead()
    const allowed = held('microphone')
    void controller.toggleMute()
    await settle()
    void controller[leave]()
    await allowed()
    expect(microphone().isOn).toBe(false)
    expect(isTalking()).toBe(false)
  })

  it('that is refused after the page was left does not make a talk of it again', async () => {
    await controller.typeInstead()
    const refused = held('microphone')
    void controller.toggleMute()
    await settle()
    controller.dispose()
    await refused(new DOMException('no', 'NotAllowedError'))
    expect(isTalking()).toBe(false)
  })

  it('of somebody who holds to speak is open only as long', async () => {
    controller.setPushToTalk(true)
    await controller.talk()
    expect(state()).toMatchObject({ line: { microphone: 'muted' } })
    await controller.toggleMute()
    expect(microphone().isMuted).toBe(true)
    controller.hold(true)
    await settle()
    expect(microphone().isMuted).toBe(false)
    expect(state()).toMatchObject({ line: { microphone: 'live' } })
    controller.hold(false)
    await settle()
    expect(microphone().isMuted).toBe(true)
  })

  it('that was chosen does not go on after the end', async () => {
    await controller.talk()
    const switched = held('otherMicrophone')
    void controller.chooseMicrophone('m2')
    await settle()
    await controller.end()
    await switched()
    expect(microphone().isOn).toBe(false)
  })

  it('that was chosen and cannot be had is told', async () => {
    await controller.talk()
    asked.otherMicrophone = () => Promise.reject(new DOMException('taken', 'NotReadableError'))
    await controller.chooseMicrophone('m2')
    expect(state()).toMatchObject({ line: { microphone: 'none', trouble: 'busy' } })
    expect(line().sent.size).toBe(0)
    expect(microphone().isOn).toBe(false)
  })

  it('that the system has taken does not come back to somebody who chose to type', async () => {
    vi.useFakeTimers()
    const talked = controller.talk()
    await vi.runOnlyPendingTimersAsync()
    await talked
    microphone().mediaStreamTrack.dispatchEvent(new Event('mute'))
    await vi.advanceTimersByTimeAsync(2_000)
    vi.useRealTimers()
    controller.setPushToTalk(true)
    expect(state()).toMatchObject({ line: { microphone: 'none', trouble: 'taken' } })
    await controller.typeInstead()
    microphone().mediaStreamTrack.dispatchEvent(new Event('unmute'))
    await settle()
    expect(state()).toMatchObject({ line: { microphone: 'none', trouble: null } })
    expect(line().sent.size).toBe(0)
  })
})

it('waits for the next tutor when one without a voice has left', async () => {
  await controller.typeInstead()
  line().listener.tutorIs({ doing: null, voice: 'unavailable', ended: null })
  expect(state()).toMatchObject({ at: 'calling', line: { voice: 'unavailable' } })
  line().listener.tutorIs(null)
  expect(state()).toMatchObject({ at: 'calling', line: { voice: 'ok' } })
})

describe('a line that is lost', () => {
  it('is made anew with the microphone that is open', async () => {
    await controller.talk()
    const open = { turns: [], started_at: '2026-11-22T10:00:00Z', ended_at: null }
    conversation = { data: open, response: OK }
    line().listener.closed('dropped')
    expect(state().at).toBe('reconnecting')
    await vi.waitFor(() => expect(state().at).toBe('calling'))
    expect(lines).toHaveLength(2)
    expect([...line().sent]).toEqual([microphone()])
  })

  it.each([
    ['that has ended', { data: { turns: [], started_at: '', ended_at: '2026-11-22T10:00:00Z' } }],
    ['that was deleted', { error: { code: 'not_found' } }],
  ])('is not made anew in a conversation %s', async (_, answer) => {
    await controller.talk()
    conversation = { ...answer, response: 'data' in answer ? OK : MISSING }
    line().listener.closed('dropped')
    await vi.waitFor(() => expect(state().at).toBe('ended'))
    expect(state()).toMatchObject({ conversationId: 'data' in answer ? 'c1' : null })
    expect(microphone().isOn).toBe(false)
    expect(lines).toHaveLength(1)
  })

  it('because it was taken elsewhere is not made anew', async () => {
    await controller.talk()
    line().listener.closed('moved')
    await settle()
    expect(state()).toEqual({ at: 'moved', conversationId: 'c1' })
    expect(microphone().isOn).toBe(false)
    expect(lines).toHaveLength(1)
  })
})

it('calls again once, however often one presses', async () => {
  await controller.talk()
  controller.store.tell({ type: 'wait_grew', wait: 'very_late' })
  const first = line()
  await Promise.all([controller.callAgain(), controller.callAgain()])
  expect(first.isOpen).toBe(false)
  expect(lines).toHaveLength(2)
  expect([...line().sent]).toEqual([microphone()])
  expect(state()).toMatchObject({ at: 'calling', wait: 'short' })
})
