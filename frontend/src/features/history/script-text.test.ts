import { describe, expect, it } from 'vitest'
import type { Conversation, Turn } from '@/lib/api/models'
import { clockFor } from '@/lib/time'
import { scriptFileName, scriptText } from './script-text'

const words = {
  you: 'You',
  tutor: 'Tutor',
  cut: 'You cut in here',
  pending: 'Still listening',
  unreadable: 'These words can no longer be read.',
  open: 'Still open',
  mode: 'Free talk',
  minutes: (count: number) => `${count} min`,
}
const lisbon = clockFor('en-GB', 'Europe/Lisbon')

const turn = (seq: number, speaker: Turn['speaker'], text: string, more: Partial<Turn> = {}) =>
  ({
    id: String(seq),
    seq,
    speaker,
    text,
    text_pending: false,
    text_error: null,
    started_at: `2026-11-21T18:0${seq}:30Z`,
    interrupted: false,
    ...more,
  }) as Turn

const conversation = (turns: Turn[], more: Partial<Conversation & { summary: string }> = {}) =>
  ({
    started_at: '2026-11-21T18:01:00Z',
    ended_at: '2026-11-21T18:13:00Z',
    duration_ms: 720_000,
    mode: 'free_talk',
    turns,
    summary: '',
    ...more,
  }) as Conversation & { summary: string }

describe('a conversation as text', () => {
  it('says when it was and who said what, by the learner’s clock', () => {
    const text = scriptText(
      conversation([turn(1, 'tutor', 'Olá!'), turn(2, 'learner', 'Bom dia.')]),
      words,
      lisbon,
    )
    expect(text.replace('Saturday, ', 'Saturday ')).toBe(
      'Saturday 21 November 2026\n18:01 · 12 min · Free talk\n\n[18:01] Tutor: Olá!\n\n[18:02] You: Bom dia.\n',
    )
    const inTokyo = scriptText(
      conversation([turn(1, 'tutor', 'Olá!')]),
      words,
      clockFor('en-GB', 'Asia/Tokyo'),
    )
    expect(inTokyo).toContain('22 November 2026')
    expect(inTokyo).toContain('[3:01] Tutor: Olá!')
  })

  it('marks where the learner cut in, and what is missing', () => {
    const text = scriptText(
      conversation([
        turn(1, 'tutor', 'Let me tell you', { interrupted: true }),
        turn(2, 'learner', '', { text_pending: true }),
        turn(3, 'learner', '', { text_error: 'damaged' }),
        turn(4, 'tutor', ''),
      ]),
      words,
      lisbon,
    )
    expect(text.split('\n\n').slice(1)).toEqual([
      '[18:01] Tutor: Let me tell you // [You cut in here]',
      '[18:02] You: [Still listening]',
      '[18:03] You: [These words can no longer be read.]\n',
    ])
  })

  it('has the summary where there is one, and says that it is not over', () => {
    const text = scriptText(
      conversation([turn(1, 'tutor', 'Hello.')], {
        summary: 'They greeted each other.',
        ended_at: null,
      }),
      words,
      lisbon,
    )
    expect(text).toContain('18:01 · Still open · Free talk\n\nThey greeted each other.\n\n[18:01]')
  })

  it('is named by its day and time where the learner is', () => {
    expect(scriptFileName('2026-11-21T18:05:00Z', lisbon)).toBe('avaaz-2026-11-21-1805.txt')
    const kiritimati = clockFor('fr', 'Pacific/Kiritimati')
    expect(scriptFileName('2026-11-21T18:05:00Z', kiritimati)).toBe('avaaz-2026-11-22-0805.txt')
  })
})
