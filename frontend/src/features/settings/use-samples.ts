import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { ApiError, asApiError } from '@/lib/api/problem'
import { useServices } from '@/lib/services'
import { sampleQuery } from './voice-queries'

export interface Sample {
  voice: string
  status: 'loading' | 'playing' | 'failed'
  /** Why nothing was heard. */
  fault: ApiError | null
}

/** Plays one voice at a time; pressed again, it stops. */
export function useSamples(language: string): {
  sample: Sample | null
  toggle: (voice: string) => void
} {
  const { api } = useServices()
  const queries = useQueryClient()
  const [sample, setSample] = useState<Sample | null>(null)
  const player = useRef<HTMLAudioElement | null>(null)
  /** The last press: what an earlier one still brings is not played any more. */
  const turn = useRef(0)

  const stop = () => {
    turn.current += 1
    const audio = player.current
    player.current = null
    if (audio === null) return
    audio.pause()
    URL.revokeObjectURL(audio.src)
  }
  const latestStop = useRef(stop)
  useEffect(() => () => latestStop.current(), [])

  const play = async (voice: string) => {
    stop()
    const mine = turn.current
    const say = (now: Sample | null) => {
      if (turn.current === mine) setSample(now)
    }
    say({ voice, status: 'loading', fault: null })
    try {
      const sound = await queries.query(sampleQuery(api, voice, language))
      if (turn.current !== mine) return
      const audio = new Audio(URL.createObjectURL(sound))
      player.current = audio
      audio.onended = () => say(null)
      await audio.play().catch(() => {
        throw new ApiError('voice_unavailable', 0)
      })
      say({ voice, status: 'playing', fault: null })
    } catch (cause) {
      say({ voice, status: 'failed', fault: asApiError(cause) })
    }
  }

  const toggle = (voice: string) => {
    if (sample?.voice === voice && sample.status !== 'failed') {
      stop()
      setSample(null)
    } else void play(voice)
  }
  return { sample, toggle }
}
