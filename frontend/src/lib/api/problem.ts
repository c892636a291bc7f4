export interface FieldProblem {
  field: string
  code: string
  detail: string
}

/** A call that did not succeed, by the `code` of the API's problem document. */
export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly fields: FieldProblem[]

  constructor(code: string, status: number, fields: FieldProblem[] = []) {
    super(code)
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.fields = fields
  }
}

interface WireProblem {
  code?: unknown
  errors?: unknown
}

/** Reads the problem document of an answer; an answer without one is the server's own trouble. */
export function problemOf(status: number, body: unknown): ApiError {
  const problem: WireProblem = typeof body === 'object' && body !== null ? body : {}
  const code = typeof problem.code === 'string' ? problem.code : 'internal'
  const fields = Array.isArray(problem.errors) ? (problem.errors as FieldProblem[]) : []
  return new ApiError(code, status, fields)
}

/** Whatever a call threw, as an `ApiError`: what is not the API's word is a lost network. */
export function asApiError(cause: unknown): ApiError {
  return cause instanceof ApiError ? cause : new ApiError('network', 0)
}
