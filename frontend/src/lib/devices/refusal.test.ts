import { describe, expect, it } from 'vitest'
import { refusalOf, remedyOf } from './refusal'

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'
const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

describe('a microphone that is not given', () => {
  it.each([
    ['NotAllowedError', 'denied'],
    ['SecurityError', 'denied'],
    ['NotReadableError', 'busy'],
    ['AbortError', 'busy'],
    ['NotFoundError', 'absent'],
    ['OverconstrainedError', 'absent'],
  ])('by the browser’s %s is %s', (name, refusal) =>
    expect(refusalOf(new DOMException('no', name))).toBe(refusal),
  )

  it('has its remedy in the browser where one allows it, and elsewhere otherwise', () => {
    expect(remedyOf('denied', CHROME)).toBe('chromium')
    expect(remedyOf('denied', SAFARI)).toBe('safari')
    expect(remedyOf('denied', FIREFOX)).toBe('firefox')
    expect(remedyOf('busy', FIREFOX)).toBe('busy')
    expect(remedyOf('absent', SAFARI)).toBe('absent')
  })
})
