import { watchBattery } from '@/lib/battery'
import { Frames } from '@/lib/frames'
import { inkOf, type RingColours } from './ring-colours'
import { drawRing, drawStillRing } from './ring-drawing'
import { RingMotion } from './ring-motion'
import type { RingShape } from './ring-poses'
import type { ReadLoudness } from './voice-ring'

/** Bars that show a level need no more, and what moves less troubles less. */
const STILL_PER_SECOND = 10
const SAVING_PER_SECOND = 30
/** Finer than this, nobody sees it, and every pixel costs. */
const FINEST = 2.5
const GLIDE_MS = 450

/** The canvas of the voice: its size, its colours, and when it is drawn. */
export class VoiceCanvas {
  readonly #canvas: HTMLCanvasElement
  readonly #pen: CanvasRenderingContext2D | null
  readonly #read: ReadLoudness
  readonly #motion: RingMotion
  readonly #frames: Frames
  readonly #closing = new AbortController()
  readonly #sizes: ResizeObserver
  readonly #theme: MutationObserver
  #shape: RingShape
  #still: boolean
  #saving = false
  #colours: RingColours | null = null
  #place: DOMRect | null = null

  constructor(
    canvas: HTMLCanvasElement,
    read: ReadLoudness,
    { shape, still }: { shape: RingShape; still: boolean },
  ) {
    this.#canvas = canvas
    this.#pen = canvas.getContext('2d')
    this.#read = read
    this.#shape = shape
    this.#still = still
    this.#motion = new RingMotion(shape)
    this.#frames = new Frames(canvas, this.#draw, {
      perSecond: () => (this.#still ? STILL_PER_SECOND : this.#saving ? SAVING_PER_SECOND : null),
    })
    this.#sizes = new ResizeObserver(() => {
      this.glide()
      this.#fit()
    })
    this.#sizes.observe(canvas)
    this.#theme = new MutationObserver(this.#recolour)
    this.#theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    const { signal } = this.#closing
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', this.#recolour, { signal })
    // Another screen may have finer dots without the page being any larger.
    window.addEventListener('resize', () => this.#fit(), { signal })
    signal.addEventListener(
      'abort',
      watchBattery((low) => (this.#saving = low)),
    )
  }

  show(shape: RingShape, still: boolean): void {
    this.#shape = shape
    this.#still = still
    this.#frames.wake()
  }

  close(): void {
    this.#closing.abort()
    this.#frames.close()
    this.#sizes.disconnect()
    this.#theme.disconnect()
  }

  readonly #draw = (elapsedS: number): boolean => {
    const pen = this.#pen
    if (pen === null) return false
    this.#colours ??= readColours()
    const { learner, tutor } = this.#read()
    if (this.#still) {
      drawStillRing(pen, this.#motion.hold(this.#shape, learner, tutor), this.#colours)
      return this.#motion.listens(this.#shape)
    }
    drawRing(pen, this.#motion.advance(elapsedS, this.#shape, learner, tutor), this.#colours)
    return !this.#motion.restsIn(this.#shape)
  }

  readonly #recolour = () => {
    this.#colours = null
    this.#frames.wake()
  }

  #fit(): void {
    const finest = Math.min(FINEST, window.devicePixelRatio)
    const width = Math.round(this.#canvas.clientWidth * finest)
    const height = Math.round(this.#canvas.clientHeight * finest)
    if (this.#canvas.width === width && this.#canvas.height === height) return
    this.#canvas.width = width
    this.#canvas.height = height
    // A canvas of a new size is empty; left so, it would blink.
    this.#draw(0)
    this.#frames.wake()
  }

  /** The page has given the voice another place: it goes there in one movement, without a layout per frame. */
  glide(): void {
    const before = this.#place
    const box = this.#canvas.parentElement?.getBoundingClientRect() ?? null
    this.#place = box
    if (this.#still || before === null || box === null) return
    if (before.width === 0 || box.width === 0) return
    const x = before.x + before.width / 2 - box.x - box.width / 2
    const y = before.y + before.height / 2 - box.y - box.height / 2
    if (Math.hypot(x, y) < 1 && Math.abs(before.width - box.width) < 1) return
    this.#canvas.animate(
      [
        { transform: `translate(${x}px, ${y}px) scale(${before.width / box.width})` },
        { transform: 'none' },
      ],
      { duration: GLIDE_MS, easing: 'cubic-bezier(0.3, 0, 0.1, 1)' },
    )
  }
}

/** What the tokens are in the theme of the moment, as the browser reckons them. */
function readColours(): RingColours {
  const probe = document.createElement('span')
  probe.hidden = true
  document.body.append(probe)
  const read = (token: string) => {
    probe.style.color = `var(--color-${token})`
    return inkOf(getComputedStyle(probe).color)
  }
  const colours = {
    quiet: read('edge'),
    learner: read('learner'),
    tutor: read('tutor'),
    danger: read('danger'),
  }
  probe.remove()
  return colours
}
