/** How many points an outline has; enough for the shortest wave to look round. */
export const POINTS = 96

const COS = Float32Array.from({ length: POINTS }, (_, n) => Math.cos((n / POINTS) * 2 * Math.PI))
const SIN = Float32Array.from({ length: POINTS }, (_, n) => Math.sin((n / POINTS) * 2 * Math.PI))

/** How many crests the wave of the lowest band has: fewer would make an egg of the ring. */
const FIRST_CRESTS = 3

/**
 * Writes how far each point of an outline lies from its circle: each band of a voice is a wave around
 * it. Without any sine per point: the waves are looked up, only their phases are reckoned.
 */
export function bendOutline(
  offsets: Float32Array,
  reaches: readonly number[],
  phases: readonly number[],
): void {
  offsets.fill(0)
  for (let band = 0; band < reaches.length; band += 1) {
    addWave(offsets, FIRST_CRESTS + band, reaches[band] ?? 0, phases[band] ?? 0)
  }
}

/** Adds one wave of so many crests. */
export function addWave(offsets: Float32Array, crests: number, reach: number, phase: number): void {
  if (reach < 0.01) return
  const along = reach * Math.cos(phase)
  const across = reach * Math.sin(phase)
  for (let point = 0; point < POINTS; point += 1) {
    const at = (crests * point) % POINTS
    offsets[point] = (offsets[point] ?? 0) + along * (SIN[at] ?? 0) + across * (COS[at] ?? 0)
  }
}

/** What a path is drawn with: a canvas, or in tests a list. */
export interface Pen {
  moveTo: (x: number, y: number) => void
  quadraticCurveTo: (cx: number, cy: number, x: number, y: number) => void
  closePath: () => void
}

/** Draws a closed, smooth line through the bent circle. */
export function traceOutline(pen: Pen, radius: number, offsets: Float32Array, share = 1): void {
  // Curves go from the middle between two points to the next, with the point between as their handle.
  let fromX = 0
  let fromY = 0
  for (let point = -1; point <= POINTS; point += 1) {
    const at = (point + POINTS) % POINTS
    const reach = Math.max(0, radius + share * (offsets[at] ?? 0))
    const x = reach * (COS[at] ?? 0)
    const y = reach * (SIN[at] ?? 0)
    if (point === 0) pen.moveTo((fromX + x) / 2, (fromY + y) / 2)
    if (point > 0) pen.quadraticCurveTo(fromX, fromY, (fromX + x) / 2, (fromY + y) / 2)
    fromX = x
    fromY = y
  }
  pen.closePath()
}
