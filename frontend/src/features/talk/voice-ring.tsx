import { useEffect, useLayoutEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Loudness } from '@/lib/audio-level'
import { useMediaQuery } from '@/lib/media-query'
import type { RingShape } from './ring-poses'
import { VoiceCanvas } from './voice-canvas'

export type ReadLoudness = () => { learner: Loudness; tutor: Loudness }

const STILLNESS = '(prefers-reduced-motion: reduce)'

/** The voice: one living shape, drawn from what is really heard, without a render for it. */
export function VoiceRing({ shape, read }: { shape: RingShape; read: ReadLoudness }) {
  const { t } = useTranslation('talk')
  const still = useMediaQuery(STILLNESS)
  const canvas = useRef<HTMLCanvasElement>(null)
  const voice = useRef<VoiceCanvas | null>(null)
  const first = useRef({ shape, still })

  useEffect(() => {
    if (canvas.current === null) return
    const drawn = new VoiceCanvas(canvas.current, read, first.current)
    voice.current = drawn
    return () => drawn.close()
  }, [read])

  useEffect(() => {
    first.current = { shape, still }
    voice.current?.show(shape, still)
  }, [shape, still])

  // Whatever made the page draw anew may have moved the voice with it.
  useLayoutEffect(() => voice.current?.glide())

  return (
    <div className="absolute inset-0" role="img" aria-label={t('voiceOf')} data-shape={shape}>
      <canvas ref={canvas} className="block size-full" aria-hidden="true" />
    </div>
  )
}
