/** What the simulated provider says and understands (docs/simulator.md), as far as these tests use it. */
export interface Script {
  default?: Person
  learners?: (Person & { when_instructions_contain: string })[]
  connections?: (Fault | null)[]
  every_connection?: Fault | null
}

interface Person {
  greeting?: string | Reply
  replies?: (string | Reply)[]
  matches?: { text_contains: string; reply: string | Reply }[]
  learner_says?: (string | null)[]
}

interface Reply {
  text: string
  first_audio_after_ms?: number
  fault?: { kind: 'close' | 'rubbish'; after_audio_ms: number }
}

type Fault = { kind: 'http_status'; status: number } | { kind: 'refuse'; code: string }

export const GREETING = 'Hello, it is good to hear you. What would you like to talk about?'
export const LEARNER_SAYS = [
  'I would like to talk about my garden.',
  'Stop, please. I have a question.',
]
export const REPLY = 'A garden is a fine thing to talk about. What grows in it?'
/** Long enough that one can cut in. */
export const LONG_REPLY =
  'Let me tell you a long story about an old gardener. Every morning she walked down to the river, ' +
  'filled two heavy cans with cold water, and carried them back up the hill, past the mill and the ' +
  'church, to a small field of beans which nobody else in the village believed would ever grow.'

/** Said without a breath: whoever hears a pause in it has held it. */
export const BREATHLESS =
  'A quay is a place beside the water where ships are loaded and where sailors wait for the tide.'

/** Who coughs; where the provider's own detection takes that for a turn, it understands nothing. */
export const COUGHS = 'Cora'

/** Said by a provider that sends rubbish in between. */
export const MUMBLED = 'Whatever else comes along with it, this is said to its very end.'

/** What is told in a first conversation, and how the next one begins when its instructions know of it. */
export const REMEMBERS = 'a trip to Lisbon'
export const REMEMBERED =
  'Welcome back! Last time you told me of your trip to Lisbon. Have you packed?'

/** The tutor of an ordinary day. */
export const everyday: Script = {
  default: {
    greeting: GREETING,
    replies: [REPLY],
    matches: [
      { text_contains: 'story', reply: LONG_REPLY },
      { text_contains: 'question', reply: 'Of course. What is your question?' },
      {
        text_contains: 'break off',
        reply: { text: LONG_REPLY, fault: { kind: 'close', after_audio_ms: 2000 } },
      },
      {
        text_contains: 'mumble',
        reply: { text: MUMBLED, fault: { kind: 'rubbish', after_audio_ms: 1000 } },
      },
      { text_contains: 'slowly', reply: { text: 'There you are.', first_audio_after_ms: 2500 } },
      { text_contains: 'weather', reply: 'It rains in the north and shines in the south.' },
    ],
    learner_says: LEARNER_SAYS,
  },
  learners: [
    { when_instructions_contain: REMEMBERS, greeting: REMEMBERED },
    {
      when_instructions_contain: COUGHS,
      greeting: GREETING,
      replies: [REPLY],
      matches: [{ text_contains: 'quay', reply: BREATHLESS }],
      learner_says: ['', ''],
    },
  ],
}

/** A provider that takes nobody for now. */
export const busy: Script = { every_connection: { kind: 'http_status', status: 503 } }

/** A provider that does not know our key. */
export const refusing: Script = { every_connection: { kind: 'refuse', code: 'invalid_api_key' } }
