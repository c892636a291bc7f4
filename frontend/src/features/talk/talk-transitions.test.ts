import { describe, expect, it } from 'vitest'
import { talkReducer, type Line, type TalkEvent, type TalkState } from './talk-machine'

const line: Line = {
  conversationId: 'c1',
  microphone: 'muted',
  trouble: null,
  pushToTalk: false,
  voice: 'unavailable',
  sound: 'blocked',
  loudspeaker: 'system',
  quality: 'poor',
}

/** One of each place where a talk can stand; the line is an uncommon one, so that one made anew is noticed. */
const states = {
  door: { at: 'door', open: null },
  openDoor: { at: 'door', open: { conversationId: 'c1', elsewhere: true } },
  asking: { at: 'asking' },
  refused: { at: 'refused', cause: 'busy' },
  calling: { at: 'calling', line, wait: 'short' },
  late: { at: 'calling', line, wait: 'late' },
  veryLate: { at: 'calling', line, wait: 'very_late' },
  listening: { at: 'talking', line, tutor: 'listening' },
  thinking: { at: 'talking', line, tutor: 'thinking' },
  pondering: { at: 'talking', line, tutor: 'pondering' },
  speaking: { at: 'talking', line, tutor: 'speaking' },
  reconnecting: { at: 'reconnecting', line },
  moved: { at: 'moved', conversationId: 'c1' },
  ending: { at: 'ending', line },
  ended: { at: 'ended', conversationId: 'c1', reason: 'tutor_ended' },
  failed: { at: 'failed', code: 'media' },
} satisfies Record<string, TalkState>
type Name = keyof typeof states

const everywhere = Object.keys(states) as Name[]
const onTheLine = everywhere.filter((name) => 'line' in states[name])
const awaited: Name[] = ['calling', 'late', 'veryLate']
const inTalk: Name[] = ['listening', 'thinking', 'pondering', 'speaking']

const to = (names: readonly Name[], next: TalkState) =>
  Object.fromEntries(names.map((name) => [name, next])) as Partial<Record<Name, TalkState>>
const changing = (change: Partial<Line>) =>
  Object.fromEntries(
    onTheLine.map((name) => [name, { ...states[name], line: { ...line, ...change } }]),
  ) as Partial<Record<Name, TalkState>>

const fresh: Line = {
  conversationId: null,
  microphone: 'live',
  trouble: null,
  pushToTalk: true,
  voice: 'ok',
  sound: 'free',
  loudspeaker: 'chosen',
  quality: 'good',
}

interface Rule {
  event: TalkEvent
  /** Where each state leads; one that is not named stays what it is. */
  leads: Partial<Record<Name, TalkState>>
}

const rules: Record<TalkEvent['type'], Rule[]> = {
  found: [
    {
      event: { type: 'found', open: { conversationId: 'c2', elsewhere: false } },
      leads: to(['door', 'openDoor'], {
        at: 'door',
        open: { conversationId: 'c2', elsewhere: false },
      }),
    },
    { event: { type: 'found', open: null }, leads: to(['door', 'openDoor'], states.door) },
  ],
  pressed_talk: [
    {
      event: { type: 'pressed_talk' },
      leads: to(
        everywhere.filter((name) => !onTheLine.includes(name)),
        states.asking,
      ),
    },
  ],
  microphone_refused: [
    {
      event: { type: 'microphone_refused', cause: 'denied' },
      leads: to(['asking'], { at: 'refused', cause: 'denied' }),
    },
  ],
  calling: [
    {
      event: { type: 'calling', microphone: 'live', pushToTalk: true },
      leads: to(everywhere, { at: 'calling', line: fresh, wait: 'short' }),
    },
  ],
  placed: [
    {
      event: { type: 'placed', conversationId: 'c2' },
      leads: changing({ conversationId: 'c2' }),
    },
  ],
  wait_grew: (['late', 'very_late'] as const).map((wait) => ({
    event: { type: 'wait_grew', wait },
    leads: to(awaited, { at: 'calling', line, wait }),
  })),
  tutor_is: [
    {
      event: { type: 'tutor_is', tutor: 'listening' },
      leads: to([...awaited, ...inTalk], states.listening),
    },
    {
      event: { type: 'tutor_is', tutor: 'speaking' },
      leads: to([...awaited, ...inTalk], states.speaking),
    },
    {
      event: { type: 'tutor_is', tutor: 'thinking' },
      // Told twice that it thinks, it has not begun anew.
      leads: {
        ...to([...awaited, ...inTalk], states.thinking),
        pondering: states.pondering,
      },
    },
  ],
  tutor_pondered: [
    { event: { type: 'tutor_pondered' }, leads: to(['thinking'], states.pondering) },
  ],
  tutor_left: [{ event: { type: 'tutor_left' }, leads: to(inTalk, states.calling) }],
  voice_is: [{ event: { type: 'voice_is', voice: 'ok' }, leads: changing({ voice: 'ok' }) }],
  sound_is: [{ event: { type: 'sound_is', sound: 'free' }, leads: changing({ sound: 'free' }) }],
  loudspeaker_is: [
    {
      event: { type: 'loudspeaker_is', loudspeaker: 'chosen' },
      leads: changing({ loudspeaker: 'chosen' }),
    },
  ],
  quality_is: [
    { event: { type: 'quality_is', quality: 'good' }, leads: changing({ quality: 'good' }) },
  ],
  push_to_talk_is: [
    { event: { type: 'push_to_talk_is', on: true }, leads: changing({ pushToTalk: true }) },
  ],
  microphone_is: (['live', 'muted', 'none'] as const).map((microphone) => ({
    event: { type: 'microphone_is', microphone },
    leads: changing({ microphone, trouble: null }),
  })),
  microphone_failed: (
    ['opening', 'denied', 'absent', 'busy', 'unplugged', 'withdrawn', 'stopped', 'taken'] as const
  ).map((trouble) => ({
    event: { type: 'microphone_failed', trouble },
    leads: changing({ microphone: 'none', trouble }),
  })),
  chose_typing: [{ event: { type: 'chose_typing' }, leads: changing({ trouble: null }) }],
  line_lost: [
    { event: { type: 'line_lost' }, leads: to([...awaited, ...inTalk], states.reconnecting) },
  ],
  line_back: [{ event: { type: 'line_back' }, leads: to(['reconnecting'], states.calling) }],
  moved_away: [
    {
      event: { type: 'moved_away' },
      leads: {
        ...to([...awaited, ...inTalk, 'reconnecting'], states.moved),
        asking: { at: 'moved', conversationId: null },
      },
    },
  ],
  pressed_end: [{ event: { type: 'pressed_end' }, leads: to(onTheLine, states.ending) }],
  ended: [
    {
      event: { type: 'ended', conversationId: 'c1', reason: 'time_limit' },
      leads: to(everywhere, { at: 'ended', conversationId: 'c1', reason: 'time_limit' }),
    },
  ],
  failed: [
    {
      event: { type: 'failed', code: 'network' },
      leads: to(everywhere, { at: 'failed', code: 'network' }),
    },
  ],
}

describe.each(Object.entries(rules))('%s', (_, ruled) => {
  const cases = ruled.flatMap(({ event, leads }) =>
    everywhere.map((name) => ({ event, name, next: leads[name] })),
  )
  it.each(cases)('$event in $name', ({ event, name, next }) => {
    const after = talkReducer(states[name], event)
    if (next === undefined) expect(after).toBe(states[name])
    else expect(after).toEqual(next)
  })
})

it('a trouble with the microphone is over once it is heard, muted on purpose, or not wanted', () => {
  const troubled = talkReducer(states.listening, { type: 'microphone_failed', trouble: 'taken' })
  const over: TalkEvent[] = [
    { type: 'microphone_is', microphone: 'live' },
    { type: 'microphone_is', microphone: 'muted' },
    { type: 'chose_typing' },
  ]
  for (const event of over) {
    expect(talkReducer(troubled, event)).toMatchObject({ line: { trouble: null } })
  }
})
