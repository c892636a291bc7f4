import { css, mixed, type RingColours } from './ring-colours'
import { addWave, bendOutline, POINTS, traceOutline } from './ring-geometry'
import type { RingMoment } from './ring-motion'

/** Half of the box that everything is drawn in: the ring and its furthest ripple. */
const HALF_BOX = 110

const DOTS = 36
const TOP = -Math.PI / 2
const BARS = [0.5, 0.8, 1, 0.8, 0.5]

const ring = new Float32Array(POINTS)
const disc = new Float32Array(POINTS)

/** Draws one moment of the voice over the whole canvas. */
export function drawRing(
  pen: CanvasRenderingContext2D,
  moment: RingMoment,
  colours: RingColours,
): void {
  prepare(pen)
  const colour = mixed(colours, moment.pose)
  bend(moment)
  drawWash(pen, moment, colour)
  drawDisc(pen, moment, css(colours.learner))
  drawRipples(pen, moment, colour)
  drawSolid(pen, moment, colour)
  drawDotted(pen, moment, colour)
  drawCross(pen, moment, css(colours.danger))
}

/** The same without movement: a ring at rest, and two groups of bars that say who is heard. */
export function drawStillRing(
  pen: CanvasRenderingContext2D,
  moment: RingMoment,
  colours: RingColours,
): void {
  prepare(pen)
  const { pose } = moment
  const colour = mixed(colours, pose)
  const onTheLine = pose.hears > 0
  ring.fill(0)
  disc.fill(0)
  drawWash(pen, moment, colour)
  if (!onTheLine) drawDisc(pen, moment, css(colours.learner))
  drawSolid(pen, moment, colour)
  drawDotted(pen, moment, colour)
  drawCross(pen, moment, css(colours.danger))
  if (onTheLine) {
    const reach = moment.radius * 0.9
    drawBars(pen, -reach * 0.42, reach, moment.learner, css(colours.learner))
    drawBars(pen, reach * 0.42, reach, moment.tutor, css(colours.tutor))
  }
}

function prepare(pen: CanvasRenderingContext2D): void {
  const { width, height } = pen.canvas
  const scale = Math.min(width, height) / (2 * HALF_BOX)
  pen.setTransform(1, 0, 0, 1, 0, 0)
  pen.clearRect(0, 0, width, height)
  pen.setTransform(scale, 0, 0, scale, width / 2, height / 2)
  pen.lineCap = 'round'
  pen.lineJoin = 'round'
}

function bend({ pose, tutorWaves, learnerWaves, phases, thoughtTurn }: RingMoment): void {
  bendOutline(ring, tutorWaves, phases)
  bendOutline(disc, learnerWaves, phases)
  // Thought is a slow turning of something that is not quite round.
  addWave(ring, 3, 1.9 * pose.thought, 3 * thoughtTurn)
  addWave(ring, 2, 2.1 * pose.thought, -2 * thoughtTurn * 1.6)
}

function drawWash(pen: CanvasRenderingContext2D, { pose, radius }: RingMoment, colour: string) {
  if (pose.wash < 0.005) return
  pen.globalAlpha = pose.wash
  pen.fillStyle = colour
  pen.beginPath()
  traceOutline(pen, radius, ring)
  pen.fill()
}

function drawDisc(pen: CanvasRenderingContext2D, moment: RingMoment, colour: string): void {
  if (moment.discStrength < 0.005) return
  pen.globalAlpha = moment.discStrength
  pen.fillStyle = colour
  pen.beginPath()
  traceOutline(pen, moment.disc, disc, Math.min(1, moment.disc / 40))
  pen.fill()
}

function drawRipples(pen: CanvasRenderingContext2D, moment: RingMoment, colour: string): void {
  pen.strokeStyle = colour
  for (const { distance, strength } of moment.ripples.ripples) {
    const seen = strength * moment.pose.ripples
    if (seen < 0.02) continue
    pen.globalAlpha = 0.75 * seen
    pen.lineWidth = 1 + 2.5 * seen
    pen.beginPath()
    traceOutline(pen, moment.radius + distance, ring, 0.8 - distance / 90)
    pen.stroke()
  }
}

function drawSolid(pen: CanvasRenderingContext2D, moment: RingMoment, colour: string): void {
  const { pose, radius, weight } = moment
  const strength = pose.solid * moment.strength
  if (strength < 0.005) return
  const around = 2 * Math.PI * radius
  pen.save()
  if (pose.gap > 0.004) {
    // With nothing turned, the gap is at the top.
    const start = TOP + moment.turn + pose.gap * Math.PI
    pen.setLineDash([(1 - pose.gap) * around, pose.gap * around])
    pen.lineDashOffset = -start * radius
  }
  pen.globalAlpha = strength
  pen.strokeStyle = colour
  pen.lineWidth = weight
  pen.beginPath()
  traceOutline(pen, radius, ring)
  pen.stroke()
  pen.restore()
}

function drawDotted(pen: CanvasRenderingContext2D, moment: RingMoment, colour: string): void {
  const strength = moment.pose.dotted * moment.strength
  if (strength < 0.005) return
  const around = 2 * Math.PI * moment.radius
  pen.save()
  // A line of no length has two round ends: a dot.
  pen.setLineDash([0, around / DOTS])
  pen.globalAlpha = strength
  pen.strokeStyle = colour
  pen.lineWidth = moment.weight
  pen.beginPath()
  pen.arc(0, 0, moment.radius, TOP, TOP + 2 * Math.PI)
  pen.stroke()
  pen.restore()
}

function drawCross(pen: CanvasRenderingContext2D, moment: RingMoment, colour: string): void {
  const { pose, radius, weight } = moment
  if (pose.cross < 0.01) return
  // Drawn from one side to the other, as a hand would cross something out.
  const reach = radius * Math.SQRT1_2
  const to = -reach + 2 * reach * Math.min(1, pose.cross)
  pen.globalAlpha = 1
  pen.strokeStyle = colour
  pen.lineWidth = weight
  line(pen, -reach, reach, to, -to)
}

function drawBars(
  pen: CanvasRenderingContext2D,
  middle: number,
  reach: number,
  level: number,
  colour: string,
): void {
  pen.globalAlpha = 1
  pen.strokeStyle = colour
  pen.lineWidth = reach * 0.07
  BARS.forEach((share, index) => {
    const x = middle + (index - 2) * reach * 0.14
    const half = reach * (0.02 + 0.5 * share * level)
    line(pen, x, -half, x, half)
  })
}

function line(pen: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  pen.beginPath()
  pen.moveTo(x1, y1)
  pen.lineTo(x2, y2)
  pen.stroke()
}
