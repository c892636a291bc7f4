import { describe, expect, it } from 'vitest'
import { overflowing } from './bounds'

const entry = (keptAt: number, size = 1_000) => ({ key: `k${keptAt}`, owner: 'ada', size, keptAt })

describe('what a device keeps', () => {
  it('is all of it while that is little', () => {
    expect(overflowing([entry(1), entry(2), entry(3)])).toEqual([])
  })

  it('loses what was kept first when there are too many', () => {
    const many = Array.from({ length: 44 }, (_, index) => entry(index))
    expect(overflowing(many).toSorted()).toEqual(['k0', 'k1', 'k2'])
  })

  it('loses what was kept first when there are too many words', () => {
    const long = [entry(1, 900_000), entry(2, 900_000), entry(3, 900_000)]
    expect(overflowing(long)).toEqual(['k1'])
  })

  it('has no room for a conversation that is larger than everything', () => {
    expect(overflowing([entry(1, 3_000_000)])).toEqual(['k1'])
  })
})
