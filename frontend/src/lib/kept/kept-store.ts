import { clear, createStore, del, delMany, entries, get, set } from 'idb-keyval'
import { overflowing, type KeptEntry } from './bounds'

/**
 * What this device keeps of the learner's conversations, so that they can be read without a network.
 * Words lie here as plain text: for one learner at a time, while they are signed in, and only if they like it.
 */
const store = createStore('avaaz-kept', 'conversations')

interface Kept extends KeptEntry {
  text: string
}

/** For whom things are kept. Until it is known, and for nobody, nothing is read or written. */
let owner: string | null = null
/** Changes are made one after the other: what is erased must not be written again by what came before. */
let line: Promise<unknown> = Promise.resolve()

/** Keeps things for this learner from now on; those of anybody else are erased. */
export function keepFor(learner: string | null): Promise<void> {
  owner = learner
  return inLine(async () => {
    if (learner === null) await clear(store)
    else await eraseAll(({ owner }) => owner !== learner)
  })
}

export const keptStorage = {
  async getItem(key: string): Promise<string | undefined> {
    const asked = owner
    if (asked === null) return undefined
    const kept = await get<Kept>(key, store)
    return kept?.owner === asked ? kept.text : undefined
  },
  async setItem(key: string, text: string): Promise<void> {
    const asked = owner
    await inLine(async () => {
      if (asked === null || asked !== owner) return
      await set(key, { key, owner: asked, text, size: text.length, keptAt: Date.now() }, store)
      const all = await entries<string, Kept>(store)
      await delMany(overflowing(all.map(([, kept]) => kept)), store)
    })
  },
  removeItem: (key: string): Promise<void> => inLine(() => del(key, store)),
}

async function eraseAll(isUnwanted: (kept: Kept) => boolean): Promise<void> {
  const all = await entries<string, Kept>(store)
  const unwanted = all.filter(([, kept]) => isUnwanted(kept))
  await delMany(
    unwanted.map(([key]) => key),
    store,
  )
}

function inLine(task: () => Promise<void>): Promise<void> {
  // A browser without a store, or with a full one, keeps nothing: that is all.
  const done = line.then(task).catch(() => undefined)
  line = done
  return done
}
