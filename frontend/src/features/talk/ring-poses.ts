import type { Shape } from './talk-view'

/** The shapes of the states, and one of our own: the same breath while nobody is let in. */
export type RingShape = Shape | 'muted'

/**
 * How the voice holds itself in one state, in a box that reaches from -110 to 110. Every number can
 * move without a jump towards that of another pose.
 */
export interface Pose {
  /** Of the ring, at rest. */
  radius: number
  /** Of the ring's line. */
  weight: number
  /** How much of the ring is drawn: all of it, or a dotted line in its place. */
  solid: number
  dotted: number
  /** The part of the ring that is left out, from 0 to 1. */
  gap: number
  /** Turns per second. */
  spin: number
  /** How far the radius rises and falls of itself. */
  breath: number
  /** How far the ring fades and returns of itself. */
  pulse: number
  /** How far thought bends the ring. */
  thought: number
  /** How much the tutor's voice bends it and sends ripples out. */
  ripples: number
  /** The learner's disc within: its radius at rest, its strength, how much their voice opens it. */
  disc: number
  discStrength: number
  hears: number
  /** The ring's own colour spread over its middle. */
  wash: number
  /** How far the stroke across the ring has been drawn. */
  cross: number
  /** Whose colour the ring has. */
  quiet: number
  learner: number
  tutor: number
}

export const POSE_KEYS = [
  'radius',
  'weight',
  'solid',
  'dotted',
  'gap',
  'spin',
  'breath',
  'pulse',
  'thought',
  'ripples',
  'disc',
  'discStrength',
  'hears',
  'wash',
  'cross',
  'quiet',
  'learner',
  'tutor',
] as const satisfies readonly (keyof Pose)[]

const AT_REST: Pose = {
  radius: 70,
  weight: 4.5,
  solid: 1,
  dotted: 0,
  gap: 0,
  spin: 0,
  breath: 0,
  pulse: 0,
  thought: 0,
  ripples: 0,
  disc: 10,
  discStrength: 0,
  hears: 0,
  wash: 0,
  cross: 0,
  quiet: 0,
  learner: 0,
  tutor: 0,
}

/** The rows of the table of states, as a body would show them. */
export const POSES: Record<RingShape, Pose> = {
  // The tutor's ring around the learner's disc: the mark of the app, waiting for a press.
  still: { ...AT_REST, radius: 92, weight: 4, disc: 66, discStrength: 0.12, tutor: 1 },
  // A dotted line stands for a voice that may not be heard yet.
  waiting: { ...AT_REST, radius: 78, solid: 0, dotted: 1, pulse: 0.35, learner: 1 },
  crossed: { ...AT_REST, radius: 74, weight: 4, cross: 1, quiet: 1 },
  // Part of a ring that goes round: somebody is being called.
  turning: { ...AT_REST, radius: 70, gap: 0.3, spin: 0.2, wash: 0.05, tutor: 1 },
  breathing: {
    ...AT_REST,
    breath: 2.4,
    disc: 14,
    discStrength: 0.35,
    hears: 1,
    wash: 0.07,
    learner: 1,
  },
  muted: { ...AT_REST, weight: 4, breath: 2.4, wash: 0.05, quiet: 1 },
  narrow: { ...AT_REST, radius: 46, thought: 1, wash: 0.12, hears: 0.7, tutor: 1 },
  rippling: { ...AT_REST, radius: 58, ripples: 1, hears: 0.7, wash: 0.12, tutor: 1 },
  // Pale, coming and going, open where the line is cut.
  faded: { ...AT_REST, radius: 66, weight: 3, solid: 0.7, gap: 0.14, pulse: 0.5, quiet: 1 },
  // All there, and without a voice to move it.
  grey: { ...AT_REST, radius: 66, weight: 6, wash: 0.1, quiet: 1 },
  // The ring has closed around the disc.
  closed: { ...AT_REST, radius: 56, weight: 7, disc: 27, discStrength: 1, tutor: 1 },
}
