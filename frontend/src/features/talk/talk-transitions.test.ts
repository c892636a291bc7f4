import { describe, expect, it } from 'vitest'
import { talkReducer, type Line, type TalkEvent, type TalkState } from './talk-machine'

/** Two lines that have nothing in common, so that whatever an event changes, or makes anew, is noticed on one of them. */
const lines: Record<'well' | 'troubled', Line> = {
  well: {
    conversationId: 'c1',
    microphone: 'live',
    trouble: null,
    pushToTalk: true,
    voice: 'ok',
    sound: 'free',
    loudspeaker: 'chosen',
    quality: 'good',
  },
  troubled: {
    conversationId: null,
    microphone: 'none',
    trouble: 'taken',
    pushToTalk: false,
    voice: 'unavailable',
    sound: 'blocked',
    loudspeaker: 'system',
    quality: 'poor',
  },
}

/** One of each place where a talk can stand. */
const statesOn = (line: Line) =>
  ({
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
  }) satisfies Record<string, TalkState>
type States = ReturnType<typeof statesOn>
type Name = keyof States

const everywhere = Object.keys(statesOn(lines.well)) as Name[]
const awaited: Name[] = ['calling', 'late', 'veryLate']
const inTalk: Name[] = ['listening', 'thinking', 'pondering', 'speaking']
const onTheLine: Name[] = [...awaited, ...inTalk, 'reconnecting', 'ending']
const offTheLine = everywhere.filter((name) => !onTheLine.includes(name))

interface Rule {
  event: TalkEvent
  /** Where each state leads; one that is not named stays what it is. */
  leads: Partial<Record<Name, TalkState>>
}

const to = (names: readonly Name[], next: TalkState): Rule['leads'] =>
  Object.fromEntries(names.map((name) => [name, next]))

function rulesOn(line: Line, states: States): Record<TalkEvent['type'], Rule[]> {
  const changing = (change: Partial<Line>): Rule['leads'] =>
    Object.fromEntries(
      onTheLine.map((name) => [name, { ...states[name], line: { ...line, ...change } }]),
    )
  /** An event that brings one value of the line, in each of its values. */
  const brings = <F extends keyof Line>(
    field: F,
    values: readonly Line[F][],
    eventOf: (value: Line[F]) => TalkEvent,
  ): Rule[] =>
    values.map((value) => ({ event: eventOf(value), leads: changing({ [field]: value }) }))

  return {
    found: [
      null,
      { conversationId: 'c2', elsewhere: false },
      { conversationId: 'c2', elsewhere: true },
    ].map((open) => ({
      event: { type: 'found', open },
      leads: to(['door', 'openDoor'], { at: 'door', open }),
    })),
    pressed_talk: [{ event: { type: 'pressed_talk' }, leads: to(offTheLine, states.asking) }],
    microphone_refused: (['denied', 'absent', 'busy'] as const).map((cause) => ({
      event: { type: 'microphone_refused', cause },
      leads: to(['asking'], { at: 'refused', cause }),
    })),
    calling: (
      [
        ['live', true],
        ['muted', true],
        ['none', false],
      ] as const
    ).map(([microphone, pushToTalk]) => ({
      event: { type: 'calling', microphone, pushToTalk },
      leads: to(everywhere, {
        at: 'calling',
        // Nothing of a line before it is left.
        line: { ...lines.well, conversationId: null, microphone, pushToTalk },
        wait: 'short',
      }),
    })),
    placed: brings('conversationId', ['c2'], () => ({ type: 'placed', conversationId: 'c2' })),
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
    tutor_left: [
      {
        event: { type: 'tutor_left' },
        // One without a voice is there before it listens; who comes next may have one.
        leads: to(line.voice === 'ok' ? inTalk : [...awaited, ...inTalk], {
          at: 'calling',
          line: { ...line, voice: 'ok' },
          wait: 'short',
        }),
      },
    ],
    voice_is: brings('voice', ['ok', 'unavailable'], (voice) => ({ type: 'voice_is', voice })),
    sound_is: brings('sound', ['free', 'blocked'], (sound) => ({ type: 'sound_is', sound })),
    loudspeaker_is: brings('loudspeaker', ['chosen', 'system'], (loudspeaker) => ({
      type: 'loudspeaker_is',
      loudspeaker,
    })),
    quality_is: brings('quality', ['good', 'poor'], (quality) => ({ type: 'quality_is', quality })),
    push_to_talk_is: brings('pushToTalk', [true, false], (on) => ({ type: 'push_to_talk_is', on })),
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
          ...to([...awaited, ...inTalk, 'reconnecting'], {
            at: 'moved',
            conversationId: line.conversationId,
          }),
          asking: { at: 'moved', conversationId: null },
        },
      },
    ],
    pressed_end: [{ event: { type: 'pressed_end' }, leads: to(onTheLine, states.ending) }],
    ended: (
      [
        ['c1', 'time_limit'],
        [null, null],
      ] as const
    ).map(([conversationId, reason]) => ({
      event: { type: 'ended', conversationId, reason },
      leads: to(everywhere, { at: 'ended', conversationId, reason }),
    })),
    failed: [
      {
        event: { type: 'failed', code: 'network' },
        leads: to(everywhere, { at: 'failed', code: 'network' }),
      },
    ],
  }
}

describe.each(Object.entries(lines))('on a line that is %s', (_, line) => {
  const states = statesOn(line)
  describe.each(Object.entries(rulesOn(line, states)))('%s', (_, ruled) => {
    const cases = ruled.flatMap(({ event, leads }) =>
      everywhere.map((name) => ({ event, name, next: leads[name] })),
    )
    it.each(cases)('$event in $name', ({ event, name, next }) => {
      const after = talkReducer(states[name], event)
      if (next === undefined) expect(after).toBe(states[name])
      else expect(after).toEqual(next)
    })
  })
})
