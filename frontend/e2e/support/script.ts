/** What the simulated provider says and understands (docs/simulator.md), as far as these tests use it. */
export interface Script {
  default?: Person
  learners?: (Person & { when_instructions_contain: string })[]
  connections?: (Fault | null)[]
  every_connection?: Fault | null
  writing?: { answers: { prompt_contains: string; answer: string }[] }
}

interface Person {
  greeting?: string | Reply
  replies?: (string | Reply)[]
  matches?: { text_contains: string; reply: string | Reply }[]
  learner_says?: (string | null)[]
}

interface Reply {
  text: string
  quote?: { after: string; before: string }
  first_audio_after_ms?: number
  beeps?: boolean
  fault?: { kind: 'close' | 'rubbish'; after_audio_ms: number }
}

type Fault = { kind: 'http_status'; status: number } | { kind: 'refuse'; code: string }

// Short where nobody cuts in: these tests wait until all of it is spoken, in real time.
export const GREETING = 'Hello, my friend.'
export const LEARNER_SAYS = ['I like my garden.', 'Stop, please. I have a question.']
export const REPLY = 'A garden is a fine thing.'
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

/** Broken off in the middle, and said again from its beginning. */
export const BROKEN_OFF =
  'Let me tell you of the old boat that lay beside the river all winter, until somebody painted it red.'

/** Said by a provider that sends rubbish in between. */
export const MUMBLED = 'Whatever else comes along with it, this is said to its very end.'

/** Who comes back; the tutor knows of her journey only what it is told before it speaks. */
export const RETURNS = 'Rosa'
const TRIP = { after: 'a trip to ', before: ' in May' }
const REMEMBERED = 'Welcome! Last time you told me of your trip to {quote}.'
export const tripTo = (place: string) => `I am planning ${TRIP.after}${place}${TRIP.before}.`
export const remembered = (place: string) => REMEMBERED.replace('{quote}', place)

const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
/** Said in beeps, one for each word. */
export const BEEPED = Array.from(
  { length: 48 },
  (_, n) => `${NUMBERS[Math.floor(n / 10)]}-${NUMBERS[n % 10]}`,
)

/** Who said what they learn, speak and want, and how far they are; the tutor says what it was told of it. */
export const GOAL = 'To read poems in a garden.'
const TOLD = { after: 'The learner learns ', before: ': everyday language' }
export const told = (of: string) => `You learn ${of}.`

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
        reply: { text: BROKEN_OFF, fault: { kind: 'close', after_audio_ms: 2000 } },
      },
      {
        text_contains: 'mumble',
        reply: { text: MUMBLED, fault: { kind: 'rubbish', after_audio_ms: 1000 } },
      },
      { text_contains: 'slowly', reply: { text: 'There you are.', first_audio_after_ms: 2500 } },
      { text_contains: 'count', reply: { text: BEEPED.join(' '), beeps: true } },
      { text_contains: 'weather', reply: 'It rains in the north.' },
    ],
    learner_says: LEARNER_SAYS,
  },
  learners: [
    {
      when_instructions_contain: `Goal: <learner>${GOAL}</learner>`,
      greeting: { text: told('{quote}'), quote: TOLD },
    },
    {
      when_instructions_contain: RETURNS,
      greeting: { text: REMEMBERED, quote: TRIP },
      replies: [REPLY],
    },
    {
      when_instructions_contain: COUGHS,
      greeting: GREETING,
      replies: [REPLY],
      matches: [{ text_contains: 'quay', reply: BREATHLESS }],
      learner_says: ['', ''],
    },
  ],
}

export const TYPED = 'I will write, then.'
export const WRITTEN = 'And I answer in writing.'

/** A provider that takes nobody for now; its text model works. */
export const busy: Script = {
  every_connection: { kind: 'http_status', status: 503 },
  writing: { answers: [{ prompt_contains: TYPED, answer: WRITTEN }] },
}

/** A provider that does not know our key. */
export const refusing: Script = { every_connection: { kind: 'refuse', code: 'invalid_api_key' } }
