import createClient from 'openapi-fetch'
import type { Auth } from '../auth/auth'
import { connection } from '../connection'
import { ApiError, asApiError, problemOf } from './problem'
import type { paths } from './schema'

const PATIENCE_MS = 15_000

export type Api = ReturnType<typeof createApi>

/** The API with the learner's access token on every call; a stale one is renewed and tried once more. */
export function createApi(apiUrl: string, auth: Auth) {
  return createClient<paths>({
    baseUrl: apiUrl,
    fetch: async (request: Request) => {
      const token = await auth.accessToken()
      const answer = await send(request.clone(), token)
      if (answer.status !== 401 || (await isAboutAPassword(answer))) return answer
      const renewed = await auth.renew(token)
      return renewed === null ? answer : send(request, renewed)
    },
  })
}

/** Also 401, but no new token makes a wrong password right; asking again would count as a second try. */
async function isAboutAPassword(answer: Response): Promise<boolean> {
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => null)
  return problemOf(answer.status, body).code === 'invalid_credentials'
}

async function send(request: Request, token: string | null): Promise<Response> {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`)
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE_MS)])
  try {
    return await fetch(request, { signal })
  } catch (cause) {
    if (!request.signal.aborted) connection.suspect()
    throw cause
  }
}

interface Outcome<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The body of a successful answer, or an `ApiError`. */
export async function orThrow<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>
  try {
    outcome = await call
  } catch (cause) {
    throw asApiError(cause)
  }
  if (!outcome.response.ok) throw problemOf(outcome.response.status, outcome.error)
  if (outcome.data === undefined && outcome.response.status !== 204) {
    throw new ApiError('internal', outcome.response.status)
  }
  return outcome.data as T
}
