import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Deletions, UNDO_MS } from './deletions'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A server that answers when it is told to. */
function world() {
  const sent: string[] = []
  const answers = new Map<string, { gone: () => void; failed: (cause: unknown) => void }>()
  let remembered: readonly string[] = []
  const deletions = new Deletions({
    send: (id) => {
      sent.push(id)
      return new Promise((resolve, reject) => answers.set(id, { gone: resolve, failed: reject }))
    },
    remember: (ids) => (remembered = ids),
  })
  return {
    deletions,
    sent,
    answers: (id: string) => {
      const answer = answers.get(id)
      if (answer === undefined) throw new Error(`${id} was not sent`)
      return answer
    },
    hidden: () => [...deletions.hidden()],
    remembered: () => remembered,
  }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('a deletion', () => {
  it('hides at once, and is sent when the time to undo it is over', async () => {
    const { deletions, sent, hidden } = world()
    deletions.delete('a')
    expect(hidden()).toEqual(['a'])
    await pass(UNDO_MS - 1)
    expect(sent).toEqual([])
    await pass(1)
    expect(sent).toEqual(['a'])
    expect(hidden()).toEqual(['a'])
  })

  it('is never sent when it was undone', async () => {
    const { deletions, sent, hidden } = world()
    deletions.delete('a')
    await pass(UNDO_MS - 1)
    deletions.undo('a')
    expect(hidden()).toEqual([])
    await pass(UNDO_MS * 10)
    expect(sent).toEqual([])
  })

  it('cannot be undone once it was sent', async () => {
    const { deletions, hidden } = world()
    deletions.delete('a')
    await pass(UNDO_MS)
    deletions.undo('a')
    expect(hidden()).toEqual(['a'])
  })

  it('is sent by the next one, which alone can be undone then', async () => {
    const { deletions, sent, hidden } = world()
    deletions.delete('a')
    await pass(1_000)
    deletions.delete('b')
    expect(sent).toEqual(['a'])
    deletions.undo('a')
    expect(hidden()).toEqual(['a', 'b'])
    deletions.undo('b')
    expect(hidden()).toEqual(['a'])
    await pass(UNDO_MS * 2)
    expect(sent).toEqual(['a'])
  })

  it('is sent once, however often it is asked for', async () => {
    const { deletions, sent } = world()
    deletions.delete('a')
    deletions.delete('a')
    await pass(UNDO_MS)
    deletions.delete('a')
    await pass(UNDO_MS)
    expect(sent).toEqual(['a'])
  })

  it('waits while somebody points at the way back, and goes on from there', async () => {
    const { deletions, sent } = world()
    deletions.delete('a')
    await pass(UNDO_MS - 1_000)
    deletions.hold()
    deletions.hold()
    await pass(60_000)
    expect(sent).toEqual([])
    deletions.release()
    deletions.release()
    await pass(999)
    expect(sent).toEqual([])
    await pass(1)
    expect(sent).toEqual(['a'])
  })

  it('is sent in the same moment in which the page is left', () => {
    const { deletions, sent } = world()
    deletions.delete('a')
    void deletions.settle()
    expect(sent).toEqual(['a'])
  })

  it('comes back when it failed, and says so', async () => {
    const { deletions, answers, hidden } = world()
    const failed = vi.fn()
    deletions.delete('a', { failed })
    await pass(UNDO_MS)
    answers('a').failed('no network')
    await pass(0)
    expect(hidden()).toEqual([])
    expect(failed).toHaveBeenCalledExactlyOnceWith('no network')
  })

  it('stays hidden when it succeeded: an older list may still have it', async () => {
    const { deletions, answers, hidden } = world()
    const gone = vi.fn()
    deletions.delete('a', { gone })
    await pass(UNDO_MS)
    answers('a').gone()
    await pass(0)
    expect(hidden()).toEqual(['a'])
    expect(gone).toHaveBeenCalledOnce()
  })

  it('tells when the way back is closed', async () => {
    const { deletions } = world()
    const sent = vi.fn()
    deletions.delete('a', { sent })
    await pass(UNDO_MS - 1)
    expect(sent).not.toHaveBeenCalled()
    await pass(1)
    expect(sent).toHaveBeenCalledOnce()
  })

  it('can be waited for by those who must not sign out before it is answered', async () => {
    const { deletions, answers } = world()
    const settled = vi.fn()
    deletions.delete('a')
    void deletions.settle().then(settled)
    await pass(0)
    expect(settled).not.toHaveBeenCalled()
    answers('a').gone()
    await pass(0)
    expect(settled).toHaveBeenCalledOnce()
  })
})

describe('a deletion and a reload', () => {
  it('is remembered from when it is sent until it is answered', async () => {
    const { deletions, answers, remembered } = world()
    deletions.delete('a')
    expect(remembered()).toEqual([])
    void deletions.settle()
    expect(remembered()).toEqual(['a'])
    answers('a').gone()
    await pass(0)
    expect(remembered()).toEqual([])
  })

  it('is taken up by the next page: hidden from its first moment, and sent again', async () => {
    const { deletions, answers, sent, hidden } = world()
    const failed = vi.fn()
    deletions.resume(['a'], { failed })
    deletions.resume(['a'], { failed })
    expect(hidden()).toEqual(['a'])
    expect(sent).toEqual(['a'])
    answers('a').failed('no network')
    await pass(0)
    expect(hidden()).toEqual([])
    expect(failed).toHaveBeenCalledOnce()
  })
})
