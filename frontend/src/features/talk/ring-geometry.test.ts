import { describe, expect, it } from 'vitest'
import { addWave, bendOutline, POINTS, traceOutline } from './ring-geometry'

/** Where the line of an outline ends each of its curves. */
function traced(radius: number, offsets: Float32Array): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = []
  let isClosed = false
  traceOutline(
    {
      moveTo: (x, y) => points.push({ x, y }),
      quadraticCurveTo: (_cx, _cy, x, y) => points.push({ x, y }),
      closePath: () => (isClosed = true),
    },
    radius,
    offsets,
  )
  expect(isClosed).toBe(true)
  return points
}

describe('the outline of the ring', () => {
  it('is a circle in silence', () => {
    const offsets = new Float32Array(POINTS).fill(9)
    bendOutline(offsets, [0, 0, 0], [1, 2, 3])
    for (const { x, y } of traced(70, offsets)) expect(Math.hypot(x, y)).toBeCloseTo(70, 0)
  })

  it('ends where it began, so that no seam shows', () => {
    const offsets = new Float32Array(POINTS)
    bendOutline(offsets, [5, 4, 3], [0.3, 1.2, 2.5])
    const line = traced(70, offsets)
    const [first, last] = [line[0], line.at(-1)]
    expect(last?.x).toBeCloseTo(first?.x ?? NaN, 4)
    expect(last?.y).toBeCloseTo(first?.y ?? NaN, 4)
  })

  it('has as many crests as its wave, as high as its reach, in the place of its phase', () => {
    const offsets = new Float32Array(POINTS)
    addWave(offsets, 4, 6, 0)
    const crests = [...offsets].filter((offset, n) => {
      const before = offsets[(n + POINTS - 1) % POINTS] ?? 0
      return offset > before && offset >= (offsets[(n + 1) % POINTS] ?? 0)
    })
    expect(crests).toHaveLength(4)
    expect(Math.max(...offsets)).toBeCloseTo(6, 1)
    const turned = new Float32Array(POINTS)
    addWave(turned, 4, 6, Math.PI)
    for (const [n, offset] of turned.entries()) expect(offset).toBeCloseTo(-(offsets[n] ?? 0), 4)
  })

  it('never turns inside out, however strong the voice', () => {
    const offsets = new Float32Array(POINTS)
    bendOutline(offsets, [90, 90, 90], [0, 0, 0])
    // No point is thrown to the other side of the middle.
    traced(20, offsets).forEach(({ x, y }, n) => {
      const angle = ((n - 0.5) / POINTS) * 2 * Math.PI
      expect(x * Math.cos(angle) + y * Math.sin(angle)).toBeGreaterThanOrEqual(-1e-3)
    })
  })
})
