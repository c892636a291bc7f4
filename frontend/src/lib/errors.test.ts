import i18n from 'i18next'
import { beforeAll, describe, expect, it } from 'vitest'
import { ApiError, problemOf } from './api/problem'
import { wordsFor } from './errors'
import { startI18n } from './i18n'
import en from '@/locales/en'

beforeAll(async () => startI18n(['common'], 'en'))

/** The codes that the API promises a page may meet. */
const CODES = [
  'validation_failed',
  'invalid_credentials',
  'unauthorized',
  'token_expired',
  'refresh_reused',
  'email_taken',
  'not_found',
  'rate_limited',
  'livekit_unavailable',
  'database_unavailable',
  'voice_unavailable',
  'spending_cap_reached',
  'internal',
]

describe('a fault', () => {
  it.each(CODES)('with the code %s has words of its own', (code) => {
    expect(Object.keys(en.common.errors)).toContain(code)
  })

  it('with a code that nobody knows is our trouble, not a riddle', () => {
    expect(wordsFor(new ApiError('teapot', 418))).toBe(i18n.t('errors.internal'))
  })

  it('that is no answer of the API at all is a lost network', () => {
    expect(wordsFor(new TypeError('Failed to fetch'))).toBe(en.common.errors.network)
  })

  it('keeps which field it is about', () => {
    const errors = [{ field: 'password', code: 'too_short', detail: 'at least 8' }]
    expect(problemOf(422, { code: 'validation_failed', errors }).fields).toEqual(errors)
  })

  it('without a problem document is our trouble', () => {
    expect(problemOf(502, '<html>Bad gateway</html>').code).toBe('internal')
  })
})
