import { describe, expect, it } from 'vitest'
import { neighbourOf } from './neighbour'

describe('what takes the place of an entry that leaves a list', () => {
  it.each([
    ['the next one', 'b', 'c'],
    ['the one before where it was the last', 'c', 'b'],
    ['none where it was not there', 'x', null],
  ])('is %s', (_, entry, expected) => {
    expect(neighbourOf(['a', 'b', 'c'], entry)).toBe(expected)
  })

  it('is none where it was the only one', () => {
    expect(neighbourOf(['a'], 'a')).toBeNull()
  })
})
