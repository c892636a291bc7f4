import { describe, expect, it } from 'vitest'
import type { Line, MicrophoneLoss, TalkState } from './talk-machine'
import { viewOf, type Shape, type Status, type TalkView } from './talk-view'

const well: Line = {
  conversationId: 'c1',
  microphone: 'live',
  trouble: null,
  pushToTalk: false,
  voice: 'ok',
  sound: 'free',
  loudspeaker: 'chosen',
  quality: 'good',
}
const talking = (
  tutor: 'listening' | 'thinking' | 'pondering' | 'speaking',
  change: Partial<Line> = {},
): TalkState => ({ at: 'talking', line: { ...well, ...change }, tutor })
const calling = (wait: 'short' | 'late' | 'very_late', change: Partial<Line> = {}): TalkState => ({
  at: 'calling',
  line: { ...well, ...change },
  wait,
})

/** Without a line, there is nothing to mute, and nothing to say of it. */
const off = { note: null, connection: 'off', controls: false } as const
const on = { note: null, offer: null, connection: 'up', controls: true } as const

const rows: [string, TalkState, TalkView][] = [
  [
    'before the first talk',
    { at: 'door', open: null },
    { ...off, shape: 'still', status: 'start', offer: 'talk' },
  ],
  [
    'a conversation that waits here',
    { at: 'door', open: { conversationId: 'c1', elsewhere: false } },
    { ...off, shape: 'still', status: 'resume', offer: 'resume' },
  ],
  [
    'a conversation that is open elsewhere',
    { at: 'door', open: { conversationId: 'c1', elsewhere: true } },
    { ...off, shape: 'still', status: 'elsewhere', offer: 'move' },
  ],
  [
    'asking for the microphone',
    { at: 'asking' },
    { ...off, shape: 'waiting', status: 'asking', offer: null },
  ],
  [
    'a microphone that is refused',
    { at: 'refused', cause: 'denied' },
    { ...off, shape: 'crossed', status: 'denied', offer: 'microphone_again' },
  ],
  [
    'a microphone that is absent',
    { at: 'refused', cause: 'absent' },
    { ...off, shape: 'crossed', status: 'absent', offer: 'microphone_again' },
  ],
  [
    'a microphone that another program has',
    { at: 'refused', cause: 'busy' },
    { ...off, shape: 'crossed', status: 'busy', offer: 'microphone_again' },
  ],
  [
    'calling',
    calling('short'),
    { ...on, shape: 'turning', status: 'calling', connection: 'waiting' },
  ],
  [
    'a late tutor',
    calling('late'),
    { ...on, shape: 'turning', status: 'late', connection: 'waiting' },
  ],
  [
    'a very late tutor',
    calling('very_late'),
    { ...on, shape: 'turning', status: 'very_late', connection: 'waiting', offer: 'call_again' },
  ],
  [
    'calling without a voice',
    calling('short', { voice: 'unavailable' }),
    { ...on, shape: 'grey', status: 'unavailable' },
  ],
  ['listening', talking('listening'), { ...on, shape: 'breathing', status: 'listening' }],
  [
    'listening to somebody muted',
    talking('listening', { microphone: 'muted' }),
    { ...on, shape: 'breathing', status: 'muted' },
  ],
  [
    'listening to somebody who types',
    talking('listening', { microphone: 'none' }),
    { ...on, shape: 'breathing', status: 'typed_only' },
  ],
  [
    'the first moment of thinking',
    talking('thinking'),
    { ...on, shape: 'narrow', status: 'quiet' },
  ],
  ['thinking', talking('pondering'), { ...on, shape: 'narrow', status: 'thinking' }],
  ['speaking', talking('speaking'), { ...on, shape: 'rippling', status: 'speaking' }],
  [
    'a voice that is unavailable',
    talking('speaking', { voice: 'unavailable' }),
    { ...on, shape: 'grey', status: 'unavailable' },
  ],
  [
    'push-to-talk, not held',
    talking('listening', { pushToTalk: true, microphone: 'muted' }),
    { ...on, shape: 'breathing', status: 'hold_to_speak' },
  ],
  [
    'push-to-talk, not held while the tutor speaks',
    talking('speaking', { pushToTalk: true, microphone: 'muted' }),
    { ...on, shape: 'rippling', status: 'speaking' },
  ],
  [
    'push-to-talk, held, before the tutor has noticed',
    talking('speaking', { pushToTalk: true }),
    { ...on, shape: 'breathing', status: 'holding' },
  ],
  [
    'push-to-talk by somebody who types',
    talking('listening', { pushToTalk: true, microphone: 'none' }),
    { ...on, shape: 'breathing', status: 'typed_only' },
  ],
  [
    'a connection that is lost',
    { at: 'reconnecting', line: { ...well, quality: 'poor' } },
    { ...on, shape: 'faded', status: 'reconnecting', connection: 'lost' },
  ],
  [
    'moved away',
    { at: 'moved', conversationId: 'c1' },
    { ...off, shape: 'still', status: 'moved', offer: 'move' },
  ],
  [
    'ending',
    { at: 'ending', line: well },
    { ...off, shape: 'closed', status: 'ending', offer: null, connection: 'up' },
  ],
  [
    'ended',
    { at: 'ended', conversationId: 'c1', reason: 'learner_ended' },
    { ...off, shape: 'closed', status: 'ended', offer: 'talk_again' },
  ],
  [
    'a call that failed',
    { at: 'failed', code: 'network' },
    { ...off, shape: 'crossed', status: 'failed', offer: 'call_again' },
  ],
]

describe('what is shown', () => {
  it.each(rows)('%s', (_, state, view) => expect(viewOf(state)).toEqual(view))
})

describe('every row', () => {
  const views = rows.map(([, , view]) => view)
  // Whoever adds one to the type is asked for it here, and then for its row.
  const shapes: Record<Shape, true> = {
    still: true,
    waiting: true,
    crossed: true,
    turning: true,
    breathing: true,
    narrow: true,
    rippling: true,
    faded: true,
    grey: true,
    closed: true,
  }
  const statuses: Record<Exclude<Status, MicrophoneLoss>, true> = {
    start: true,
    resume: true,
    elsewhere: true,
    moved: true,
    asking: true,
    denied: true,
    absent: true,
    busy: true,
    calling: true,
    late: true,
    very_late: true,
    listening: true,
    typed_only: true,
    muted: true,
    hold_to_speak: true,
    holding: true,
    thinking: true,
    speaking: true,
    reconnecting: true,
    unavailable: true,
    ending: true,
    ended: true,
    failed: true,
    quiet: true,
  }
  it('is there: of each shape and of each word, but for those of a microphone lost, below', () => {
    expect(new Set(views.map(({ shape }) => shape))).toEqual(new Set(Object.keys(shapes)))
    expect(new Set(views.map(({ status }) => status))).toEqual(new Set(Object.keys(statuses)))
  })
})

const TROUBLES = ['denied', 'absent', 'busy', 'unplugged', 'withdrawn', 'stopped', 'taken'] as const

describe.each(TROUBLES)('a microphone that is %s in mid-talk', (trouble) => {
  const lost = { microphone: 'none', trouble } as const

  it('crosses the shape once the tutor listens, with a way to be heard again', () => {
    expect(viewOf(talking('listening', lost))).toEqual({
      ...on,
      shape: 'crossed',
      status: trouble,
      offer: 'microphone_again',
    })
  })

  it('is a note while the tutor is late, thinks or speaks', () => {
    const busy: [TalkState, string][] = [
      [calling('late', lost), 'late'],
      [talking('pondering', lost), 'thinking'],
      [talking('speaking', lost), 'speaking'],
      [talking('speaking', { ...lost, voice: 'unavailable' }), 'unavailable'],
    ]
    for (const [state, status] of busy)
      expect(viewOf(state)).toMatchObject({ status, note: trouble })
  })
})

describe('beside the talk', () => {
  it('a press for the microphone is answered at once', () => {
    const opening = { microphone: 'none', trouble: 'opening' } as const
    expect(viewOf(talking('speaking', opening))).toMatchObject({
      shape: 'waiting',
      status: 'asking',
      note: null,
    })
  })

  it('a loudspeaker that is gone is told, and a poor line; the graver of two is told first', () => {
    expect(viewOf(talking('speaking', { loudspeaker: 'system' })).note).toBe('system_loudspeaker')
    expect(viewOf(talking('speaking', { quality: 'poor' })).note).toBe('poor_line')
    const both = { loudspeaker: 'system', quality: 'poor' } as const
    expect(viewOf(talking('listening', both)).note).toBe('system_loudspeaker')
    const all = { ...both, microphone: 'none', trouble: 'unplugged' } as const
    expect(viewOf(talking('speaking', all)).note).toBe('unplugged')
  })
})
