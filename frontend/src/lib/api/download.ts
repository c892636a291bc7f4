import type { Auth } from '../auth/auth'
import { ApiError, asApiError, problemOf } from './problem'

/** A server that sends nothing for so long is gone; how long the whole takes depends on how much there is. */
const SILENCE_MS = 30_000

interface Download {
  url: string
  auth: Auth
  /** How many bytes are here. */
  onProgress: (bytes: number) => void
  signal: AbortSignal
}

/** A file of the API, read piece by piece. One that breaks off in the middle is an error, not half a file. */
export async function download({ url, auth, onProgress, signal }: Download): Promise<Blob> {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), SILENCE_MS)
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => silence.abort(), SILENCE_MS)
  }
  const ask = async (token: string | null) => {
    const headers: HeadersInit = token === null ? {} : { Authorization: `Bearer ${token}` }
    return fetch(url, { headers, signal: AbortSignal.any([signal, silence.signal]) })
  }
  try {
    const token = await auth.accessToken()
    let answer = await ask(token)
    if (answer.status === 401) answer = await ask(await auth.renew(token))
    if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null))
    if (answer.body === null) throw new ApiError('internal', answer.status)
    const pieces: Uint8Array<ArrayBuffer>[] = []
    let bytes = 0
    for (const reader = answer.body.getReader(); ;) {
      const { done, value } = await reader.read()
      if (done) break
      heard()
      pieces.push(value)
      bytes += value.byteLength
      onProgress(bytes)
    }
    return new Blob(pieces, { type: answer.headers.get('Content-Type') ?? '' })
  } catch (cause) {
    throw asApiError(cause)
  } finally {
    clearTimeout(timer)
  }
}
