import { useEffect, useRef } from 'react'
import type { Loudness } from '@/lib/audio-level'

/** Which band of the voice each bar shows: the low ones in the middle, the high ones at both ends. */
const BARS = [5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5]
const SMALLEST = 0.1
const TOLD_EVERY_MS = 250

interface LevelBarsProps {
  /** What the level is the level of. */
  name: string
  read: () => Loudness
}

/** The voice as it is heard now, drawn from its real sound. */
export function LevelBars({ name, read }: LevelBarsProps) {
  const box = useRef<HTMLDivElement>(null)

  useEffect(() => {
    let frame = 0
    let toldAt = 0
    const draw = (now: number) => {
      const { level, bands } = read()
      const bars = box.current?.children ?? []
      for (let at = 0; at < bars.length; at += 1) {
        const strength = 0.45 * level + 0.75 * (bands[BARS[at] ?? 0] ?? 0)
        const height = Math.min(1, SMALLEST + strength)
        ;(bars[at] as HTMLElement).style.clipPath = middle(height)
      }
      if (now - toldAt > TOLD_EVERY_MS) {
        toldAt = now
        box.current?.setAttribute('aria-valuenow', String(Math.round(level * 100)))
      }
      frame = requestAnimationFrame(draw)
    }
    frame = requestAnimationFrame(draw)
    return () => cancelAnimationFrame(frame)
  }, [read])

  return (
    <div
      ref={box}
      role="meter"
      aria-label={name}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
      className="flex h-20 items-center justify-center gap-2"
    >
      {BARS.map((_, at) => (
        <span
          key={at}
          className="h-full w-1.5 origin-center rounded-full bg-learner"
          style={REST}
        />
      ))}
    </div>
  )
}

/** Cut to its middle part, with round ends at any height. */
function middle(height: number): string {
  return `inset(${(50 - 50 * height).toFixed(1)}% 0 round 99px)`
}

const REST = { clipPath: middle(SMALLEST) }
