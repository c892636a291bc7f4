import { MutationObserver, QueryClient } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { changeKey, changeOptions, shownOver } from './changes'

interface Room {
  light: string
  door: string
}

/** A server that answers when the test says so, and a learner who changes things. */
function world() {
  const queries = new QueryClient()
  let stored: Room = { light: 'on', door: 'shut' }
  const sent: Partial<Room>[] = []
  const answers: ((refusal?: Error) => void)[] = []
  const options = changeOptions<Room>(queries, {
    name: 'room',
    send: (change) =>
      new Promise((resolve, reject) => {
        sent.push(change)
        answers.push((refusal) => {
          if (refusal === undefined) resolve({ ...stored, ...change })
          else reject(refusal)
        })
      }),
    accept: (answer) => (stored = answer),
  })
  const change = (wanted: Partial<Room>) => {
    const saving = new MutationObserver(queries, options).mutate(wanted)
    // Whoever looks at the outcome does so below; the others must not end the test.
    saving.catch(() => undefined)
    return saving
  }
  const pending = () =>
    queries
      .getMutationCache()
      .findAll({ mutationKey: changeKey('room'), status: 'pending' })
      .map(({ state }) => state.variables as Partial<Room>)
  const shown = () => shownOver(stored, pending())
  const answer = async (refusal?: Error) => {
    await settle()
    answers.shift()?.(refusal)
    await settle()
  }
  return { change, shown, sent, answer, stored: () => stored }
}

const settle = () => new Promise((resolve) => setTimeout(resolve))

describe('a change', () => {
  it('is seen at once and kept when the server agrees', async () => {
    const { change, shown, sent, answer, stored } = world()
    const saving = change({ light: 'off' })
    await settle()
    expect(shown().light).toBe('off')
    expect(stored().light).toBe('on')
    await answer()
    await saving
    expect(sent).toEqual([{ light: 'off' }])
    expect(stored()).toEqual({ light: 'off', door: 'shut' })
    expect(shown()).toEqual(stored())
  })

  it('is taken back when the server refuses', async () => {
    const { change, shown, answer } = world()
    const saving = change({ light: 'purple' })
    await answer(new Error('no such light'))
    await expect(saving).rejects.toThrow('no such light')
    expect(shown().light).toBe('on')
  })

  it('waits for the one before it, and the last choice wins', async () => {
    const { change, shown, sent, answer, stored } = world()
    const first = change({ light: 'dim' })
    await settle()
    const savings = ['warm', 'off', 'cold'].map((light) => change({ light }))
    await settle()
    expect(sent).toEqual([{ light: 'dim' }])
    expect(shown().light).toBe('cold')
    await answer()
    expect(shown().light).toBe('cold')
    await answer()
    await Promise.all([first, ...savings])
    expect(sent).toEqual([{ light: 'dim' }, { light: 'cold' }])
    expect(stored().light).toBe('cold')
  })

  it('of another field is not lost among them', async () => {
    const { change, sent, answer, stored } = world()
    const first = change({ light: 'dim' })
    await settle()
    const others = [{ door: 'open' }, { light: 'off' }].map(change)
    await answer()
    await answer()
    await answer()
    await Promise.all([first, ...others])
    expect(sent).toEqual([{ light: 'dim' }, { door: 'open' }, { light: 'off' }])
    expect(stored()).toEqual({ light: 'off', door: 'open' })
  })

  it('goes through although the one before it was refused', async () => {
    const { change, shown, answer, stored } = world()
    change({ light: 'purple' }).catch(() => undefined)
    await settle()
    const second = change({ light: 'off' })
    await answer(new Error('no such light'))
    expect(shown().light).toBe('off')
    await answer()
    await second
    expect(stored().light).toBe('off')
  })
})
