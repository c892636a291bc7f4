import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { Loudness } from '@/lib/audio-level'
import { useTranslation } from 'react-i18next'
import { ringFrame } from './ring-geometry'
import type { Shape } from './talk-view'

export type ReadLoudness = () => { learner: Loudness; tutor: Loudness }

/** Whose the ring is at the moment. */
const COLOUR: Record<Shape, string> = {
  still: 'text-edge',
  waiting: 'text-edge',
  crossed: 'text-danger',
  turning: 'text-edge',
  breathing: 'text-learner',
  narrow: 'text-tutor',
  rippling: 'text-tutor',
  faded: 'text-edge opacity-40',
  grey: 'text-edge',
  closed: 'text-edge',
}

const calm = window.matchMedia('(prefers-reduced-motion: reduce)')

function usePrefersStillness(): boolean {
  return useSyncExternalStore(
    (changed) => {
      calm.addEventListener('change', changed)
      return () => calm.removeEventListener('change', changed)
    },
    () => calm.matches,
  )
}

/** The voice: one living shape, drawn from what is really heard. */
export function VoiceRing({ shape, read }: { shape: Shape; read: ReadLoudness }) {
  const { t } = useTranslation('talk')
  const still = usePrefersStillness()
  return (
    <div className="absolute inset-0" role="img" aria-label={t('voiceOf')} data-shape={shape}>
      {still ? <StillRing shape={shape} read={read} /> : <LivingRing shape={shape} read={read} />}
    </div>
  )
}

function LivingRing({ shape, read }: { shape: Shape; read: ReadLoudness }) {
  const ring = useRef<SVGPathElement>(null)
  const near = useRef<SVGPathElement>(null)
  const far = useRef<SVGPathElement>(null)
  const opening = useRef<SVGCircleElement>(null)
  const radius = useRef(82)

  useEffect(() => {
    let frame = 0
    const draw = (milliseconds: number) => {
      const { learner, tutor } = read()
      const next = ringFrame(shape, radius.current, milliseconds / 1000, learner, tutor)
      radius.current = next.radius
      ring.current?.setAttribute('d', next.outline)
      near.current?.setAttribute('d', next.echoes[0])
      far.current?.setAttribute('d', next.echoes[1])
      const echo = shape === 'rippling' ? 0.12 + tutor.level * 0.6 : 0
      near.current?.setAttribute('opacity', echo.toFixed(3))
      far.current?.setAttribute('opacity', (echo * 0.5).toFixed(3))
      opening.current?.setAttribute('r', next.opening.toFixed(2))
      const onTheLine = shape === 'breathing' || shape === 'narrow' || shape === 'rippling'
      const listens = onTheLine && (shape === 'breathing' || learner.level > 0.05)
      opening.current?.setAttribute(
        'opacity',
        (listens ? 0.14 + learner.level * 0.6 : 0).toFixed(3),
      )
      frame = requestAnimationFrame(draw)
    }
    frame = requestAnimationFrame(draw)
    return () => cancelAnimationFrame(frame)
  }, [shape, read])

  return (
    <svg viewBox="-110 -110 220 220" className="size-full overflow-visible" aria-hidden="true">
      <circle ref={opening} className="fill-learner" r="0" />
      <g
        className={`transition-[color,opacity] duration-500 ${COLOUR[shape]} ${shape === 'turning' ? 'voice-turning' : ''}`}
        fill="none"
        stroke="currentColor"
        strokeLinejoin="round"
        strokeLinecap="round"
      >
        <path ref={far} strokeWidth="1.25" />
        <path ref={near} strokeWidth="1.75" />
        <path
          ref={ring}
          strokeWidth="3"
          strokeDasharray={shape === 'turning' ? '70 40' : undefined}
        />
        {shape === 'crossed' && <path d="M-52 52L52 -52" strokeWidth="3" />}
      </g>
    </svg>
  )
}

const BARS = [0.55, 0.8, 1, 0.8, 0.55]

/** For those whom motion troubles: the ring rests, and bars tell who is heard. */
function StillRing({ shape, read }: { shape: Shape; read: ReadLoudness }) {
  const learner = useRef<SVGGElement>(null)
  const tutor = useRef<SVGGElement>(null)

  useEffect(() => {
    const show = (bars: SVGGElement | null, level: number) => {
      bars?.querySelectorAll('rect').forEach((bar, index) => {
        const height = 4 + 46 * level * (BARS[index] ?? 1)
        bar.setAttribute('height', height.toFixed(1))
        bar.setAttribute('y', (-height / 2).toFixed(1))
      })
    }
    const timer = setInterval(() => {
      const heard = read()
      show(learner.current, heard.learner.level)
      show(tutor.current, heard.tutor.level)
    }, 100)
    return () => clearInterval(timer)
  }, [read])

  const audible = ['breathing', 'narrow', 'rippling'].includes(shape)
  return (
    <svg viewBox="-110 -110 220 220" className="size-full" aria-hidden="true">
      <g className={COLOUR[shape]} fill="none" stroke="currentColor" strokeLinecap="round">
        <circle r={shape === 'closed' ? 26 : 72} strokeWidth="3" />
        {shape === 'crossed' && <path d="M-52 52L52 -52" strokeWidth="3" />}
      </g>
      {audible && (
        <>
          <Bars bars={learner} x={-44} className="fill-learner" />
          <Bars bars={tutor} x={8} className="fill-tutor" />
        </>
      )}
    </svg>
  )
}

interface BarsProps {
  bars: React.RefObject<SVGGElement | null>
  x: number
  className: string
}

function Bars({ bars, x, className }: BarsProps) {
  return (
    <g ref={bars} className={className}>
      {BARS.map((_, index) => (
        <rect key={index} x={x + index * 8} y={-2} width="4" height="4" rx="2" />
      ))}
    </g>
  )
}
