import type { Loudness } from '@/lib/audio-level'
import type { Shape } from './talk-view'

/** How large the ring rests in each shape, in a box that reaches from -100 to 100. */
const REST: Record<Shape, number> = {
  still: 82,
  waiting: 78,
  crossed: 74,
  turning: 70,
  breathing: 72,
  narrow: 52,
  rippling: 66,
  faded: 66,
  grey: 66,
  closed: 26,
}

const POINTS = 96

export interface RingFrame {
  radius: number
  /** The ring itself, bent by the tutor's voice. */
  outline: string
  /** Two echoes of it, further out. */
  echoes: [string, string]
  /** How far the learner's voice has opened the middle. */
  opening: number
}

/** One frame of the voice: where the ring is `seconds` into its life, given what is heard. */
export function ringFrame(
  shape: Shape,
  previousRadius: number,
  seconds: number,
  learner: Loudness,
  tutor: Loudness,
): RingFrame {
  const breath = shape === 'breathing' ? 1.8 * Math.sin(seconds * 1.7) : 0
  const thought = shape === 'narrow' ? 1.2 * Math.sin(seconds * 4.2) : 0
  const goal = REST[shape] + breath + thought + 5 * tutor.level
  const radius = previousRadius + (goal - previousRadius) * 0.12
  const wave = shape === 'rippling' ? 1 : 0.25
  return {
    radius,
    outline: closedPath(radius, (angle) => wave * bend(angle, seconds, tutor)),
    echoes: [
      closedPath(radius + 4 + 14 * tutor.level, (a) => 1.3 * wave * bend(a, seconds - 0.12, tutor)),
      closedPath(radius + 8 + 26 * tutor.level, (a) => 1.6 * wave * bend(a, seconds - 0.24, tutor)),
    ],
    opening: radius * (0.16 + 0.72 * learner.level),
  }
}

/** Each band of the voice is a wave around the ring: low ones long and slow, high ones short. */
function bend(angle: number, seconds: number, voice: Loudness): number {
  return voice.bands.reduce((sum, strength, band) => {
    const direction = band % 2 === 0 ? 1 : -1
    return (
      sum +
      (strength * 6.5 * Math.sin((band + 2) * angle + direction * seconds * (1.6 + band * 0.5))) /
        (1 + band * 0.35)
    )
  }, 0)
}

function closedPath(radius: number, offset: (angle: number) => number): string {
  let path = ''
  for (let point = 0; point < POINTS; point += 1) {
    const angle = (point / POINTS) * 2 * Math.PI
    const reach = radius + offset(angle)
    path += `${point === 0 ? 'M' : 'L'}${(reach * Math.cos(angle)).toFixed(2)} ${(reach * Math.sin(angle)).toFixed(2)}`
  }
  return `${path}Z`
}
