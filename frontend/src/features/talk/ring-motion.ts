import type { Loudness } from '@/lib/audio-level'
import { RippleTrail } from './ripple-trail'
import { POSE_KEYS, POSES, type Pose, type RingShape } from './ring-poses'
import { Spring } from './spring'

/** How many bands of a voice bend the ring. */
const BANDS = 6

/** One moment of the voice: all that the drawing needs, in a box that reaches from -110 to 110. */
export interface RingMoment {
  pose: Pose
  radius: number
  weight: number
  strength: number
  /** Where the ring has turned to, in radians. */
  turn: number
  disc: number
  discStrength: number
  /** How far each band of the tutor's voice bends the ring, and where its wave stands. */
  tutorWaves: number[]
  learnerWaves: number[]
  phases: number[]
  thoughtTurn: number
  ripples: RippleTrail
  learner: number
  tutor: number
}

const PACE: Partial<Record<keyof Pose, number>> = { spin: 7, cross: 12 }
const USUAL_PACE = 9
/** After a page was hidden, what it missed is not made up for. */
const LONGEST_STEP_S = 0.1

const BREATH_S = 5.2
const PULSE_S = 2.6
const THOUGHT_TURNS_PER_S = 0.16

/** How the voice moves: shapes and levels go in with the time that has passed, moments come out. */
export class RingMotion {
  readonly #springs: Record<keyof Pose, Spring>
  readonly #pose: Pose
  #breathPhase = 0
  #pulsePhase = 0
  readonly moment: RingMoment

  constructor(shape: RingShape) {
    this.#pose = { ...POSES[shape] }
    this.#springs = Object.fromEntries(
      POSE_KEYS.map((key) => [key, new Spring(POSES[shape][key], PACE[key] ?? USUAL_PACE)]),
    ) as Record<keyof Pose, Spring>
    this.moment = {
      pose: this.#pose,
      radius: this.#pose.radius,
      weight: this.#pose.weight,
      strength: 1,
      turn: 0,
      disc: this.#pose.disc,
      discStrength: this.#pose.discStrength,
      tutorWaves: new Array<number>(BANDS).fill(0),
      learnerWaves: new Array<number>(BANDS).fill(0),
      // Apart from the first, so that the waves do not heap up on one side.
      phases: Array.from({ length: BANDS }, (_, band) => band * 2.4),
      thoughtTurn: 0,
      ripples: new RippleTrail(),
      learner: 0,
      tutor: 0,
    }
  }

  advance(elapsedS: number, shape: RingShape, learner: Loudness, tutor: Loudness): RingMoment {
    const seconds = Math.min(LONGEST_STEP_S, Math.max(0, elapsedS))
    for (const key of POSE_KEYS) {
      this.#pose[key] = this.#springs[key].towards(POSES[shape][key], seconds)
    }
    this.#breathPhase += (seconds / BREATH_S) * 2 * Math.PI
    this.#pulsePhase += (seconds / PULSE_S) * 2 * Math.PI
    this.moment.turn += this.#pose.spin * seconds * 2 * Math.PI
    this.moment.thoughtTurn += THOUGHT_TURNS_PER_S * seconds * 2 * Math.PI
    this.#moveWaves(seconds, learner, tutor)
    this.moment.ripples.advance(seconds, tutor.level)
    this.#settle(learner, tutor)
    return this.moment
  }

  /** The shape without any movement, for those whom it troubles; the levels stay true. */
  hold(shape: RingShape, learner: Loudness, tutor: Loudness): RingMoment {
    for (const key of POSE_KEYS) {
      this.#springs[key].jump(POSES[shape][key])
      this.#pose[key] = POSES[shape][key]
    }
    const { moment } = this
    moment.tutorWaves.fill(0)
    moment.learnerWaves.fill(0)
    moment.radius = this.#pose.radius
    moment.weight = this.#pose.weight
    moment.strength = 1
    moment.turn = 0
    moment.disc = this.#pose.disc
    moment.discStrength = this.#pose.discStrength
    moment.learner = this.#pose.hears > 0 ? learner.level : 0
    moment.tutor = this.#pose.hears > 0 ? tutor.level : 0
    return moment
  }

  /** Whether nothing would change if it were drawn again. */
  restsIn(shape: RingShape): boolean {
    const goal = POSES[shape]
    if (isAlive(goal)) return false
    return POSE_KEYS.every((key) => this.#springs[key].restsAt(goal[key], 0.002))
  }

  /** Whether it answers to voices, and so has to look for them. */
  listens(shape: RingShape): boolean {
    return POSES[shape].hears > 0
  }

  #moveWaves(seconds: number, learner: Loudness, tutor: Loudness): void {
    const { tutorWaves, learnerWaves, phases } = this.moment
    for (let band = 0; band < BANDS; band += 1) {
      // Low ones are long and slow, high ones short and quick; neighbours run against each other.
      const direction = band % 2 === 0 ? 1 : -1
      phases[band] = (phases[band] ?? 0) + direction * seconds * (1.1 + band * 0.45)
      const reach = 5.2 / (1 + band * 0.22)
      tutorWaves[band] = this.#pose.ripples * reach * (tutor.bands[band] ?? 0)
      learnerWaves[band] = this.#pose.hears * reach * 0.8 * (learner.bands[band] ?? 0)
    }
  }

  #settle(learner: Loudness, tutor: Loudness): void {
    const { moment } = this
    const pose = this.#pose
    const heard = pose.hears * learner.level
    const told = pose.ripples * tutor.level
    // A breath is drawn in more quickly than it is let out.
    const phase = this.#breathPhase
    const breath = pose.breath * Math.sin(phase + 0.35 * Math.sin(phase))
    moment.learner = heard
    moment.tutor = told
    moment.radius = pose.radius + breath + 9 * heard + 5 * told
    moment.weight = pose.weight + 1.5 * heard + 2.5 * told
    moment.strength = 1 - pose.pulse * (0.5 - 0.5 * Math.cos(this.#pulsePhase))
    // The voice opens the middle almost to the ring, and never through it.
    const room = Math.max(0, moment.radius - moment.weight - 6 - pose.disc)
    moment.disc = pose.disc + 0.25 * breath + room * Math.min(1, 1.05 * heard)
    moment.discStrength = Math.min(1, pose.discStrength + heard * 0.5)
  }
}

function isAlive(pose: Pose): boolean {
  const { spin, breath, pulse, thought, ripples, hears } = pose
  return [spin, breath, pulse, thought, ripples, hears].some((amount) => amount !== 0)
}
