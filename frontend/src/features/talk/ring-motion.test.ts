import { describe, expect, it } from 'vitest'
import type { Loudness } from '@/lib/audio-level'
import { RingMotion, type RingMoment } from './ring-motion'
import { POSES, type RingShape } from './ring-poses'

const SILENCE: Loudness = { level: 0, bands: [0, 0, 0, 0, 0, 0] }
const VOICE: Loudness = { level: 0.7, bands: [0.8, 0.9, 0.6, 0.5, 0.3, 0.2] }
const SHAPES = Object.keys(POSES) as RingShape[]

interface Heard {
  learner?: Loudness
  tutor?: Loudness
}

/** Lets time pass in frames of one length. */
function live(
  motion: RingMotion,
  seconds: number,
  shape: RingShape,
  { learner = SILENCE, tutor = SILENCE }: Heard = {},
  perSecond = 60,
): RingMoment {
  for (let n = 0; n < Math.round(seconds * perSecond); n += 1) {
    motion.advance(1 / perSecond, shape, learner, tutor)
  }
  return motion.moment
}

/** Everything that is drawn, as numbers. */
function figures(moment: RingMoment): number[] {
  const { pose, radius, weight, strength, turn, disc, discStrength } = moment
  const ripples = moment.ripples.ripples.flatMap(({ distance, strength: seen }) => [
    distance,
    seen * 10,
  ])
  return [
    ...Object.values(pose).map((value: number) => value),
    ...[radius, weight, strength, turn, disc, discStrength],
    ...[...moment.tutorWaves, ...moment.learnerWaves, ...moment.phases],
    ...ripples,
  ]
}

describe('the voice', () => {
  it.each(SHAPES)('is in the pose of %s a second after it was told to', (shape) => {
    const from = shape === 'rippling' ? 'closed' : 'rippling'
    const { pose } = live(new RingMotion(from), 1, shape)
    for (const [key, goal] of Object.entries(POSES[shape]) as [keyof typeof pose, number][]) {
      const way = Math.abs(goal - POSES[from][key])
      expect(Math.abs(pose[key] - goal), key).toBeLessThanOrEqual(0.01 * way)
    }
  })

  it('never jumps, whatever follows on what', () => {
    for (const from of SHAPES) {
      for (const to of SHAPES) {
        const motion = new RingMotion(from)
        live(motion, 0.4, from, { tutor: VOICE, learner: VOICE })
        let before = { ...live(motion, 1 / 60, from, { tutor: VOICE, learner: VOICE }) }
        for (let frame = 0; frame < 90; frame += 1) {
          const after = live(motion, 1 / 60, to, { tutor: VOICE, learner: VOICE })
          // Of a ring that is about seventy wide.
          expect(Math.abs(after.radius - before.radius), `${from} to ${to}`).toBeLessThan(4)
          expect(Math.abs(after.disc - before.disc), `${from} to ${to}`).toBeLessThan(6)
          expect(Math.abs(after.strength - before.strength)).toBeLessThan(0.06)
          expect(Math.abs(after.discStrength - before.discStrength)).toBeLessThan(0.1)
          before = { ...after }
        }
      }
    }
  })

  it('draws the same movement at 30, 60 and 120 frames a second', () => {
    const at = (perSecond: number) => {
      const motion = new RingMotion('still')
      live(motion, 0.5, 'turning', {}, perSecond)
      live(motion, 0.5, 'breathing', { learner: VOICE }, perSecond)
      live(motion, 1, 'rippling', { tutor: VOICE }, perSecond)
      return figures(live(motion, 0.3, 'narrow', {}, perSecond))
    }
    const usual = at(60)
    for (const [index, figure] of usual.entries()) {
      expect(Math.abs((at(30)[index] ?? NaN) - figure)).toBeLessThan(0.6)
      expect(Math.abs((at(120)[index] ?? NaN) - figure)).toBeLessThan(0.3)
    }
  })

  it('breathes while it listens, slowly and for ever', () => {
    const motion = new RingMotion('breathing')
    const widths = Array.from({ length: 600 }, () => live(motion, 1 / 60, 'breathing').radius)
    const range = Math.max(...widths) - Math.min(...widths)
    expect(range).toBeGreaterThan(3)
    expect(range).toBeLessThan(8)
    expect(motion.restsIn('breathing')).toBe(false)
    const turns = widths.filter((width, n) => {
      const [before = width, after = width] = [widths[n - 1], widths[n + 1]]
      return width > before && width >= after
    })
    // Ten seconds hold about two breaths.
    expect(turns.length).toBeGreaterThanOrEqual(1)
    expect(turns.length).toBeLessThanOrEqual(3)
  })

  it('is opened by the learner’s voice, never beyond the ring, and closes after it', () => {
    const motion = new RingMotion('breathing')
    const closed = live(motion, 1, 'breathing').disc
    const opened = { ...live(motion, 0.2, 'breathing', { learner: VOICE }) }
    expect(opened.disc).toBeGreaterThan(closed * 2.5)
    expect(opened.discStrength).toBeGreaterThan(0.6)
    const loudest = { level: 1, bands: [1, 1, 1, 1, 1, 1] }
    const widest = live(motion, 0.2, 'breathing', { learner: loudest })
    expect(widest.disc).toBeLessThan(widest.radius - widest.weight)
    expect(live(motion, 0.2, 'breathing').disc).toBeLessThan(closed * 1.2)
  })

  it('is bent and sent out as ripples by the tutor’s voice alone', () => {
    const bent = (moment: RingMoment) => Math.max(...moment.tutorWaves)
    const seen = (moment: RingMoment) =>
      Math.max(...moment.ripples.ripples.map(({ strength }) => strength))
    const told = live(new RingMotion('rippling'), 0.7, 'rippling', { tutor: VOICE })
    expect(bent(told)).toBeGreaterThan(3)
    expect(seen(told)).toBeGreaterThan(0.2)
    const heard = live(new RingMotion('rippling'), 0.5, 'rippling', { learner: VOICE })
    expect(bent(heard)).toBe(0)
    expect(seen(heard)).toBe(0)
  })

  it('shows a learner who speaks while the tutor does', () => {
    const motion = new RingMotion('rippling')
    const before = live(motion, 0.5, 'rippling', { tutor: VOICE }).discStrength
    const both = live(motion, 0.1, 'rippling', { tutor: VOICE, learner: VOICE })
    expect(before).toBeLessThan(0.05)
    expect(both.discStrength).toBeGreaterThan(0.2)
  })

  it('hears nobody while it is muted', () => {
    const motion = new RingMotion('muted')
    const { disc, discStrength } = live(motion, 0.5, 'muted', { learner: VOICE })
    expect(discStrength).toBe(0)
    expect(disc).toBeLessThan(POSES.muted.disc + 1)
  })

  it.each(['still', 'crossed', 'grey', 'closed'] as const)(
    'comes to rest when it is %s',
    (shape) => {
      const motion = new RingMotion('rippling')
      live(motion, 0.5, 'rippling', { tutor: VOICE })
      expect(motion.restsIn(shape)).toBe(false)
      live(motion, 3, shape)
      expect(motion.restsIn(shape)).toBe(true)
      const before = figures(motion.moment)
      expect(figures(live(motion, 1 / 60, shape))[0]).toBeCloseTo(before[0] ?? NaN, 2)
    },
  )

  it('goes on where it was after a page that was hidden for ten minutes', () => {
    const motion = new RingMotion('turning')
    const before = live(motion, 1, 'turning').turn
    const after = motion.advance(600, 'turning', SILENCE, SILENCE)
    expect(after.turn - before).toBeLessThan(0.2)
    expect(figures(after).every(Number.isFinite)).toBe(true)
  })

  it('does not move at all for those whom movement troubles, and still says who is heard', () => {
    const motion = new RingMotion('rippling')
    live(motion, 0.5, 'rippling', { tutor: VOICE })
    const still = figures(motion.hold('breathing', VOICE, SILENCE))
    expect(motion.moment).toMatchObject({ learner: 0.7, tutor: 0, turn: 0 })
    expect(motion.moment.radius).toBe(POSES.breathing.radius)
    expect(figures(motion.hold('breathing', VOICE, SILENCE))).toEqual(still)
  })
})

describe('the shapes', () => {
  it('are told apart at rest, without their colours and without a voice', () => {
    const look = (shape: RingShape) => {
      const { radius, weight, solid, dotted, gap, disc, discStrength, cross, ripples, thought } =
        POSES[shape]
      // Each is something that one sees: a tenth of the ring, a line twice as thick, a gap, a mark.
      return [
        radius / 7,
        weight,
        solid * 2,
        dotted * 2,
        gap * 10,
        (disc * discStrength) / 5,
        cross * 2,
        ripples * 2,
        thought * 2,
      ]
    }
    for (const one of SHAPES) {
      for (const other of SHAPES.filter((shape) => shape !== one)) {
        const [here, there] = [look(one), look(other)]
        const difference = here.reduce(
          (sum, part, at) => sum + Math.abs(part - (there[at] ?? 0)),
          0,
        )
        expect(difference, `${one} and ${other}`).toBeGreaterThan(1)
      }
    }
  })
})
